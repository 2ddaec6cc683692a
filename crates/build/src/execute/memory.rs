//! What a step made before with the same inputs is its answer, and what it makes now is remembered.

use super::inputs::Inputs;
use super::schedule::Schedule;
use super::why::{self, Former};
use super::worker::{News, Outcome};
use crate::error::Error;
use engine::build::{CacheRecord, Cached, Times};
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
    let outcome = |layer: Option<(Digest, u64)>, cached, made: Option<u64>| {
        let record = made.map(|made| CacheRecord { key: key.clone(), layer: layer.clone(), made });
        Outcome { layer, cached, content, warnings: Vec::new(), record }
    };
    let is_young = |made: u64| settings.oldest.is_none_or(|oldest| made >= seconds(oldest));
    let found = if schedule.uses_cache() { engine::build::cached(schedule.engine, &key)? } else { None };
    if let Some(found) = found.as_ref().filter(|found| is_young(found.made)) {
        return Ok(outcome(found.layer.clone(), true, Some(found.made)));
    }
    if schedule.uses_cache()
        && let Some(found) = shared(schedule, &key, is_young)
    {
        let cached = Cached { layer: found.layer.clone(), made: found.made, ..inputs.record(schedule.step_text()) };
        engine::build::remember(schedule.engine, &key, &cached)?;
        return Ok(outcome(found.layer, true, Some(found.made)));
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
    let made = seconds(SystemTime::now());
    if settings.remember && is_of_inputs {
        let cached = Cached { layer: layer.clone(), made, ..inputs.record(schedule.step_text()) };
        engine::build::remember(schedule.engine, &key, &cached)?;
    }
    Ok(outcome(layer, false, is_of_inputs.then_some(made)))
}

/// What others have made of the same inputs, with its layer in the store. Whatever is wrong with it, the step can be done here.
fn shared(schedule: &Schedule<'_>, key: &Digest, is_young: impl Fn(u64) -> bool) -> Option<CacheRecord> {
    for cache in schedule.shared {
        let Some(record) = cache.find(key).filter(|record| is_young(record.made)) else { continue };
        match cache.fetch(schedule.engine, record) {
            Ok(record) => return Some(record),
            Err(error) => log::warn!("a layer of a cache can't be used: {}", crate::error::chain(&error)),
        }
    }
    None
}

/// Since 1970.
fn seconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}
