//! `exec` into a running container.

use anyhow::Result;
use testkit::Who;

use super::{ROUNDS, alternate, load_base};
use crate::side::Side;
use crate::table::{Bar, Row, Unit};

/// `exec box true`.
pub fn exec() -> Result<Vec<Row>> {
    let (mut ours, mut theirs) = (Side::ours(Who::Root)?, Side::theirs(Who::Root)?);
    for side in [Some(&mut ours), theirs.as_mut()].into_iter().flatten() {
        load_base(side)?;
        side.measure("run -d --name box --network none base sleep 100000")?;
    }
    let measure = |side: &mut Side| side.time("exec box true", 0);
    let (mine, other) = alternate(ROUNDS, &mut ours, &mut theirs, measure, measure)?;
    for side in [Some(&mut ours), theirs.as_mut()].into_iter().flatten() {
        side.measure("rm -f -t 0 box")?;
    }
    Ok(vec![Row { name: "`exec`".to_owned(), unit: Unit::Time, ours: mine, theirs: other, bar: Bar::Ratio(0.1) }])
}
