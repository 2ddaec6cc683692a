//! What a command that moves an image costs: time, time of the processor, memory.

use std::cell::RefCell;

use anyhow::{Context, Result};

use super::alternate;
use super::stage::Stage;
use crate::side::{Measured, Side};
use crate::statistics::Series;
use crate::table::{Bar, Row, Unit};

/// What is demanded of it.
#[derive(Clone, Copy)]
pub struct Bars {
    /// At most this part of the reference's time.
    pub time: f64,
    /// KiB.
    pub memory: u64,
}

impl Bars {
    /// With the usual memory.
    pub fn time(time: f64) -> Bars {
        Bars { time, memory: 150 << 10 }
    }
}

#[derive(Default)]
struct Costs {
    processor: Series,
    memory: Series,
}

impl Costs {
    fn note(&mut self, measured: &Measured) -> Result<u64> {
        self.processor.push(measured.cpu_micros);
        self.memory.push(measured.peak_kib);
        measured.micros.first().copied().context("no time")
    }
}

/// Measures both in turn, `rounds` times.
pub fn rows(
    (name, bars, rounds): (&str, Bars, usize),
    stage: &mut Stage,
    measure_ours: impl Fn(&mut Side) -> Result<Measured>,
    measure_theirs: impl Fn(&mut Side) -> Result<Measured>,
) -> Result<Vec<Row>> {
    let (mine, other) = (RefCell::new(Costs::default()), RefCell::new(Costs::default()));
    let (ours, theirs) = alternate(
        rounds,
        &mut stage.ours,
        &mut stage.theirs,
        |side| mine.borrow_mut().note(&measure_ours(side)?),
        |side| other.borrow_mut().note(&measure_theirs(side)?),
    )?;
    let (mine, other) = (mine.into_inner(), other.into_inner());
    let row = |what: &str, unit, ours, theirs, bar| Row { name: format!("{name}{what}"), unit, ours, theirs, bar };
    Ok(vec![
        row("", Unit::Time, ours, theirs, Bar::Ratio(bars.time)),
        row(", processor", Unit::Time, mine.processor, other.processor, Bar::Ratio(1.0)),
        row(", peak memory", Unit::Memory, mine.memory, other.memory, Bar::Value(bars.memory)),
    ])
}
