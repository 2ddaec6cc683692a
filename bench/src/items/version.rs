//! `--version`: what starting the program costs.

use anyhow::Result;
use testkit::Who;

use super::{ROUNDS, alternate};
use crate::side::Side;
use crate::table::{Bar, Row, Unit};

/// `--version`.
pub fn version() -> Result<Vec<Row>> {
    let (mut ours, mut theirs) = (Side::ours(Who::Root)?, Side::theirs(Who::Root)?);
    let measure = |side: &mut Side| side.time("--version", 0);
    let (ours, theirs) = alternate(ROUNDS, &mut ours, &mut theirs, measure, measure)?;
    Ok(vec![Row { name: "`--version`".to_owned(), unit: Unit::Time, ours, theirs, bar: Bar::Value(2000) }])
}
