//! `WORKDIR`: the folder is there.

use super::inputs::Inputs;
use super::schedule::{Schedule, failure};
use super::worker::{Failure, Outcome};
use super::{layer_of, worker};
use crate::error::Error;
use engine::build::{Cached, Draft};
use oci::Digest;
use std::path::Path;

pub(super) fn make(schedule: &Schedule<'_>, below: &[Digest], path: &str) -> Result<Outcome, Failure> {
    let inputs = Inputs::new("workdir").over(below).with("path", path);
    remembered(schedule, inputs, None, || folder(schedule, below, path)).map_err(|error| failure(&error))
}

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
) -> Result<worker::Outcome, Error> {
    let settings = &schedule.request.settings;
    let inputs = match settings.latest {
        Some(latest) => inputs.with("latest", latest.to_string()),
        None => inputs,
    };
    let key = inputs.key();
    let outcome = |layer, cached| Outcome { layer, cached, content, warnings: Vec::new() };
    if settings.cache
        && let Some(found) = engine::build::cached(schedule.engine, &key)?
    {
        return Ok(outcome(found.layer, true));
    }
    let Fresh { layer, is_of_inputs } = work()?;
    if settings.remember && is_of_inputs {
        let cached = Cached { layer: layer.clone(), inputs: inputs.into_map() };
        engine::build::remember(schedule.engine, &key, &cached)?;
    }
    Ok(outcome(layer, false))
}

fn folder(schedule: &Schedule<'_>, below: &[Digest], path: &str) -> Result<Fresh, Error> {
    let draft = Draft::begin(schedule.engine, below)?;
    let root = draft.mount()?;
    let made = std::fs::File::open(&root)
        .and_then(|root| sys::path::make_folder(&root, Path::new(path), 0o755).map(drop))
        .map_err(Error::io(format!("make the folder {path}")));
    draft.unmount()?;
    made?;
    Ok(Fresh { layer: layer_of(draft.finish(schedule.request.settings.latest)?), is_of_inputs: true })
}
