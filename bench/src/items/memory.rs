//! What an idle container costs: the private memory of the process that watches it.

use std::time::Duration;

use anyhow::Result;
use testkit::Who;

use super::load_base;
use crate::side::Side;
use crate::statistics::Series;
use crate::table::{Bar, Row, Unit};

/// Private memory of the monitor after some seconds of idling.
pub fn idle() -> Result<Vec<Row>> {
    let (mut ours, mut theirs) = (Side::ours(Who::Root)?, Side::theirs(Who::Root)?);
    let (mut mine, mut other) = (Series::default(), Series::default());
    for (side, series) in [(Some(&mut ours), &mut mine), (theirs.as_mut(), &mut other)] {
        let Some(side) = side else { continue };
        load_base(side)?;
        for n in 0..5 {
            side.measure(&format!("run -d --name idle{n} --network none base sleep 100000"))?;
        }
        std::thread::sleep(Duration::from_secs(4));
        for n in 0..5 {
            series.push(private_kib(side, &format!("idle{n}"))?);
        }
        side.measure("rm -f -t 0 -a")?;
    }
    let name = "monitor of an idle container, private memory".to_owned();
    Ok(vec![Row { name, unit: Unit::Memory, ours: mine, theirs: other, bar: Bar::Value(1024) }])
}

/// The parent of the container's first process.
fn private_kib(side: &mut Side, name: &str) -> Result<u64> {
    let engine = side.engine.clone();
    let text = side.script(&format!(
        "pid=$({engine} inspect {name} --format '{{{{.State.Pid}}}}')
         parent=$(sed -n 's/^PPid:[[:space:]]*//p' /proc/$pid/status)
         awk '/^Private_/ {{sum += $2}} END {{print sum}}' /proc/$parent/smaps_rollup"
    ))?;
    Ok(text.trim().parse()?)
}
