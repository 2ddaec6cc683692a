//! `ps -a` with many containers.

use anyhow::Result;
use testkit::Who;

use super::{ROUNDS, alternate, load_base};
use crate::side::Side;
use crate::table::{Bar, Row, Unit};

const CONTAINERS: usize = 300;

/// `ps -a` with 300 containers.
pub fn many() -> Result<Vec<Row>> {
    let (mut ours, mut theirs) = (Side::ours(Who::Root)?, Side::theirs(Who::Root)?);
    let lines = vec!["create --network none base true".to_owned(); CONTAINERS];
    for side in [Some(&mut ours), theirs.as_mut()].into_iter().flatten() {
        load_base(side)?;
        side.time_together(&lines, 4)?;
    }
    let measure = |side: &mut Side| side.time("ps -a", 0);
    let (mine, other) = alternate(ROUNDS, &mut ours, &mut theirs, measure, measure)?;
    if let Some(side) = &mut theirs {
        side.measure("rm -a")?;
    }
    let name = format!("`ps -a` with {CONTAINERS} containers");
    Ok(vec![Row { name, unit: Unit::Time, ours: mine, theirs: other, bar: Bar::Ratio(0.1) }])
}
