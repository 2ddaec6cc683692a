//! `COPY` and `ADD`.

use super::inputs::Inputs;
use super::layer_of;
use super::memory::{Fresh, remembered};
use super::schedule::{Schedule, failure};
use super::sources::{Files, Prepared, Taking, open, prepare};
use super::worker::{Failure, Outcome};
use crate::error::Error;
use crate::files::{self, Listing, Owner, Placing};
use crate::plan::Origin;
use crate::steps::{Copy, Source};
use engine::Engine;
use engine::build::{Draft, Mounted};
use oci::Digest;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

pub(super) fn copy(schedule: &Schedule<'_>, below: &[Digest], copy: &Copy) -> Result<Outcome, Failure> {
    work(schedule, below, copy).map_err(|error| failure(&error))
}

fn work(schedule: &Schedule<'_>, below: &[Digest], copy: &Copy) -> Result<Outcome, Error> {
    // Names of users are those of the image below, so they need it.
    let names = copy.owner.as_deref().is_some_and(|owner| owner.contains(|c: char| !c.is_ascii_digit() && c != ':'));
    let below = if copy.link && !names { &[] } else { below };
    let engine = schedule.engine;
    let draft = Draft::begin(engine, below)?;
    let view = match schedule.layers_of(&copy.from) {
        Some(layers) => Some(Mounted::layers(engine, &draft, &layers, "from")?),
        None => None,
    };
    let root = match (&view, &copy.from) {
        (Some(view), _) => open(view.path().to_owned())?,
        (None, Origin::Named(name)) => schedule.request.contexts.open(Some(name))?,
        // Heredocs and what is fetched need none.
        (None, _) if copy.sources.iter().any(|source| matches!(source, Source::Path(_))) => {
            schedule.request.contexts.open(None)?
        }
        (None, _) => open(PathBuf::from("/proc/self/fdinfo"))?,
    };
    let prepared = prepare(taking(schedule, &draft), copy, &root)?;
    let mut listing = Listing::default();
    let content = content(copy, &prepared, &mut listing)?;
    let inputs = Inputs::new(if copy.is_add { "add" } else { "copy" })
        .over(below)
        .with("files", content.to_string())
        .of_files(listing)
        .with("destination", &copy.destination)
        .with("owner", copy.owner.clone().unwrap_or_default())
        .with("mode", format!("{:?}", copy.mode))
        .with("parents", copy.parents.to_string());
    let times = schedule.request.settings.times;
    let work = Work { prepared, view, draft };
    remembered(schedule, inputs, Some(content), || {
        // As one, also if this never runs.
        let work = work;
        let Work { prepared, view, draft } = work;
        let prepared: Vec<Files<'_>> = prepared.into_iter().map(|one| one.files(engine)).collect::<Result<_, _>>()?;
        let merged = draft.mount()?;
        let placed = open(merged).and_then(|target| put(engine, copy, &target, &prepared));
        draft.unmount()?;
        placed?;
        // A context may be worked on while it is copied; what came of that must not pass for what was hashed.
        let is_of_inputs = prepared.iter().all(|one| files::are_unchanged(&one.root, &one.chosen));
        drop(prepared);
        drop(view);
        Ok(Fresh { layer: layer_of(draft.finish(times)?), is_of_inputs })
    })
}

/// What a step has begun. What is mounted in the draft's folder goes before the draft: fields are dropped in this order.
struct Work<'e> {
    prepared: Vec<Prepared<'e>>,
    view: Option<Mounted>,
    draft: Draft<'e>,
}

/// With what a build has.
fn taking<'e, 't>(schedule: &'t Schedule<'e>, draft: &'t Draft<'e>) -> Taking<'e, 't> {
    let settings = &schedule.request.settings;
    Taking {
        engine: schedule.engine,
        draft,
        ignore: &schedule.request.contexts.ignore,
        secrets: &settings.secrets,
        agents: &settings.agents,
    }
}

/// What is copied, as one digest.
pub(crate) fn content(copy: &Copy, prepared: &[Prepared<'_>], listing: &mut Listing) -> Result<Digest, Error> {
    let mut all = Vec::new();
    for one in prepared {
        all.push(match one {
            Prepared::Files(one) => files::content(&one.root, &one.chosen, !one.disowned, listing)?.to_string(),
            Prepared::Commit(commit) => commit.content(),
        });
    }
    for source in &copy.sources {
        if let Source::Text { name, content } = source {
            let digest = Digest::sha256(content.as_bytes());
            all.push(format!("{name} {digest}"));
            listing.add(name, &digest);
        }
    }
    match &all[..] {
        [only] if only.starts_with("sha256:") => Ok(only.parse().unwrap_or_else(|_| Digest::sha256(only.as_bytes()))),
        all => Ok(Digest::sha256(all.join("\n").as_bytes())),
    }
}

pub(crate) fn put(engine: &Engine, copy: &Copy, target: &OwnedFd, prepared: &[Files<'_>]) -> Result<(), Error> {
    let owner = copy.owner.as_deref().map(|text| files::owner(target, text)).transpose()?;
    let several = prepared.iter().map(|one| one.chosen.len()).sum::<usize>() > 1;
    if several && !copy.destination.ends_with('/') && !copy.parents {
        return Err(files::Error::NoFolder { destination: copy.destination.clone() }.into());
    }
    let placing = |disowned: bool, is_archive: bool| Placing {
        root: target,
        destination: &copy.destination,
        owner: owner.or(disowned.then_some(Owner { uid: 0, gid: 0 })),
        // An archive says the modes itself.
        mode: copy.mode.as_ref().filter(|_| !is_archive),
        is_archive,
        keeps_names: copy.parents,
        disowns_parents: copy.link,
        single_id: engine::build::has_single_id(engine),
    };
    for one in prepared {
        files::place(&placing(one.disowned, one.is_archive()), &one.root, &one.chosen)?;
    }
    for source in &copy.sources {
        if let Source::Text { name, content } = source {
            files::write(&placing(true, false), Path::new(name), &mut content.as_bytes())?;
        }
    }
    Ok(())
}
