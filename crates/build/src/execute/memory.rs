//! What a step made before with the same inputs is its answer, and what it makes now is remembered.

use super::inputs::Inputs;
use super::schedule::Schedule;
use super::why::{self, Former};
use super::worker::{News, Outcome};
use crate::error::Error;
use engine::build::{Cached, Times};
use oci::Digest;
use std::time::{SystemTime, UNIX_EPOCH};

/// What a step has just made.
pub(super) struct Fresh {
    pub(super) layer: Option<(Digest, u64)>,
    /// Nobody changed the inputs meanwhile.
    pub(super) is_of_inputs: bool,
}

/// What is remembered, else what `work` makes, which is remembered from now on.
pub(super) fn remembered(
    schedule: &Schedule<'_>,
    inputs: Inputs,
    content: Option<Digest>,
    work: impl FnOnce() -> Result<Fresh, Error>,
) -> Result<Outcome, Error> {
    let settings = &schedule.request.settings;
    let inputs = match settings.times {
        Times::Own => inputs,
        times => inputs.with("times", format!("{times:?}")),
    };
    let key = inputs.key();
    let outcome = |layer, cached| Outcome { layer, cached, content, warnings: Vec::new() };
    let found = if schedule.uses_cache() { engine::build::cached(schedule.engine, &key)? } else { None };
    let is_young = |found: &Cached| settings.oldest.is_none_or(|oldest| found.made >= seconds(oldest));
    if let Some(found) = found.as_ref().filter(|found| is_young(found)) {
        return Ok(outcome(found.layer.clone(), true));
    }
    if settings.explain
        && let Some(here) = schedule.here()
    {
        let former = match (&found, schedule.uses_cache()) {
            (_, false) => Former::Unwanted,
            (Some(_), true) => Former::TooOld,
            (None, true) => Former::Records(engine::build::records(schedule.engine)?),
        };
        here.voice.tell(&News::Missed(why::reasons(
            &former,
            &key,
            &inputs.record(schedule.step_text()),
            schedule.first_layers(),
        )));
    }
    let Fresh { layer, is_of_inputs } = work()?;
    if settings.remember && is_of_inputs {
        let made = seconds(SystemTime::now());
        let cached = Cached { layer: layer.clone(), made, ..inputs.record(schedule.step_text()) };
        engine::build::remember(schedule.engine, &key, &cached)?;
    }
    Ok(outcome(layer, false))
}

/// Since 1970.
fn seconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}
