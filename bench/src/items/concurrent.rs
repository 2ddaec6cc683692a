//! A hundred `run -d` by eight processes.

use anyhow::Result;
use testkit::Who;

use super::{alternate, load_base};
use crate::side::Side;
use crate::table::{Bar, Row, Unit};

const CONTAINERS: usize = 100;

/// All of them, until the last has returned.
pub fn hundred() -> Result<Vec<Row>> {
    let (mut ours, mut theirs) = (Side::ours(Who::Root)?, Side::theirs(Who::Root)?);
    load_base(&mut ours)?;
    theirs.as_mut().map(load_base).transpose()?;
    let measure = |side: &mut Side| {
        let lines: Vec<String> = (0..CONTAINERS).map(|n| format!("run -d --name c{n} base sleep 100000")).collect();
        let time = side.time_together(&lines, 8)?;
        side.measure("rm -f -t 0 -a")?;
        Ok(time)
    };
    let (mine, other) = alternate(3, &mut ours, &mut theirs, measure, measure)?;
    let name = format!("{CONTAINERS} `run -d` by 8 processes");
    Ok(vec![Row { name, unit: Unit::Time, ours: mine, theirs: other, bar: Bar::Ratio(0.125) }])
}
