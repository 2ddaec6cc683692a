//! `RUN`: a command in the layer that it makes.

use super::inputs::Inputs;
use super::memory::{Fresh, remembered};
use super::schedule::{Schedule, failure};
use super::worker::{Failure, Outcome};
use super::{layer_of, mounts};
use crate::error::Error;
use crate::files::ignore::Ignore;
use crate::files::{self, Choice, Chosen, Listing, Pattern};
use crate::plan::Origin;
use crate::steps::Run;
use crate::steps::mount::Kind;
use engine::build::Draft;
use oci::Digest;
use oci::image::{ContainerConfig, ImageConfig};
use std::os::fd::OwnedFd;

pub(super) fn run(schedule: &Schedule<'_>, below: &[Digest], run: &Run) -> Result<Outcome, Failure> {
    let mut code = 0;
    let mut warnings = Vec::new();
    let mut seen = Vec::new();
    let outcome = inputs(schedule, below, run, &mut seen).and_then(|inputs| {
        remembered(schedule, inputs, None, || {
            let layer = execute((schedule, &seen), below, run, (&mut code, &mut warnings))?;
            let is_of_inputs = seen.iter().all(|seen| files::are_unchanged(&seen.root, &seen.chosen));
            Ok(Fresh { layer, is_of_inputs })
        })
    });
    match outcome {
        Err(_) if code != 0 => Err(Failure { code: Some(code), why: String::new() }),
        Err(error) => Err(failure(&error)),
        Ok(outcome) => Ok(Outcome { warnings, ..outcome }),
    }
}

/// Files of a context as they were looked at.
pub(super) struct Seen {
    /// For which mount.
    pub(super) mount: usize,
    root: OwnedFd,
    pub(super) chosen: Vec<Chosen>,
}

fn inputs(schedule: &Schedule<'_>, below: &[Digest], run: &Run, seen: &mut Vec<Seen>) -> Result<Inputs, Error> {
    let mut inputs = Inputs::new("run")
        .over(below)
        .json("command", &run.argv)
        .json("environment", &run.env)
        .json("arguments", &run.arguments)
        .with("script", run.script.as_ref().map(|script| script.content.clone()).unwrap_or_default())
        .with("user", &run.user)
        .with("workdir", &run.workdir)
        .with("network", format!("{:?}", run.network))
        .with("insecure", run.insecure.to_string())
        .json("devices", &run.devices)
        .json("container", &schedule.request.settings.container);
    for (number, (mount, origin)) in run.mounts.iter().enumerate() {
        let name = format!("mount {number}");
        inputs = inputs.with(&name, format!("{mount:?}"));
        if let Kind::Bind { source, .. } = &mount.kind {
            inputs = inputs.with(&format!("{name} files"), mounted_content(schedule, (number, origin), source, seen)?);
        }
    }
    Ok(inputs)
}

/// What a bind mount shows: layers by name, a context's files by content.
fn mounted_content(
    schedule: &Schedule<'_>,
    (number, origin): (usize, &Origin),
    source: &str,
    seen: &mut Vec<Seen>,
) -> Result<String, Error> {
    if let Some(layers) = schedule.layers_of(origin) {
        return Ok(serde_json::to_string(&layers).unwrap_or_default());
    }
    let root = context(schedule, origin)?;
    let nothing = Ignore::default();
    let ignore = if *origin == Origin::Context { &schedule.request.contexts.ignore } else { &nothing };
    let pattern = Pattern { text: source, parents: false, exact: true };
    let chosen = files::select(&root, pattern, Choice { ignore, exclude: &nothing })?;
    let content = files::content(&root, &chosen, true, &mut Listing::default())?;
    seen.push(Seen { mount: number, root, chosen });
    Ok(content.to_string())
}

pub(super) fn context(schedule: &Schedule<'_>, origin: &Origin) -> Result<OwnedFd, Error> {
    let contexts = &schedule.request.contexts;
    match origin {
        Origin::Named(name) => contexts.open(Some(name)),
        _ => contexts.open(None),
    }
}

fn execute(
    (schedule, seen): (&Schedule<'_>, &[Seen]),
    below: &[Digest],
    run: &Run,
    (code, warnings): (&mut i32, &mut Vec<String>),
) -> Result<Option<(Digest, u64)>, Error> {
    let draft = Draft::begin(schedule.engine, below)?;
    let (spec, kept) = mounts::prepare(schedule, &draft, run, seen)?;
    let config = ImageConfig {
        config: Some(ContainerConfig {
            env: run.env.clone(),
            user: run.user.clone(),
            working_dir: run.workdir.clone(),
            cmd: run.argv.clone(),
            ..ContainerConfig::default()
        }),
        ..ImageConfig::default()
    };
    *code = draft.run(spec.clone(), &config, &mut |warning| warnings.push(warning.to_owned()))?;
    if *code != 0 {
        let failure = Failure { code: Some(*code), why: String::new() };
        if let Some(here) = schedule.here().filter(|_| schedule.request.settings.shell_on_error)
            && here.voice.ask(&failure)
        {
            show(&draft, spec, config)?;
        }
    }
    drop(kept);
    if *code != 0 {
        return Err(Error::Missing(String::new()));
    }
    Ok(layer_of(draft.finish(schedule.request.settings.times)?))
}

/// A shell in the failed command's container, on the terminal.
fn show(draft: &Draft<'_>, mut spec: spec::ContainerSpec, mut config: ImageConfig) -> Result<(), Error> {
    spec.log.set_driver("none").map_err(|invalid| Error::Missing(invalid.message))?;
    (spec.process.terminal, spec.process.stdin) = (true, true);
    if let Some(config) = &mut config.config {
        config.cmd = vec!["/bin/sh".to_owned()];
    }
    Ok(draft.run(spec, &config, &mut |_| {}).map(drop)?)
}
