//! Doing what a plan says: stages side by side, each step in a process of its own, and nothing twice that is remembered.
//!
//! The coordinator has one thread, since it forks, and waits for its steps; a step makes a layer and tells its name. When the
//! coordinator dies its steps do, and their containers with them.

mod bases;
mod commit;
mod context;
pub(crate) mod copy;
mod emulation;
mod event;
mod inputs;
mod interrupt;
mod memory;
pub(crate) mod mounts;
mod output;
mod request;
mod run;
mod schedule;
mod secret;
mod sharing;
pub(crate) mod sources;
mod squash;
mod target;
mod why;
mod workdir;
mod worker;

pub use context::Contexts;
pub use event::{Event, Position};
pub use output::{ImageOutput, Output, Place, To};
pub use request::{Caches, Images, Platforms, Request, Secret, Settings, Squash, Wanted};
pub use secret::secret;

use crate::error::Error;
use engine::Engine;
use engine::build::AppliedLayer;
use oci::image::{Descriptor, History};
use oci::{Digest, Platform};
use schedule::Schedule;

/// What a stage has become.
#[derive(Debug, Clone, Default)]
struct Made {
    /// Lowest first, the base's among them.
    layers: Vec<(Digest, u64)>,
    /// Likewise.
    history: Vec<History>,
}

impl Made {
    fn diff_ids(&self) -> Vec<Digest> {
        self.layers.iter().map(|(layer, _)| layer.clone()).collect()
    }
}

/// What a build has made.
#[derive(Debug, Clone)]
pub struct Built {
    /// One for each platform.
    pub images: Vec<BuiltImage>,
    /// The list of several, by its id in the store.
    pub list: Option<Digest>,
}

/// An image that was made.
#[derive(Debug, Clone)]
pub struct BuiltImage {
    /// What it is for.
    pub platform: Platform,
    /// Lowest first.
    pub layers: Vec<Digest>,
    /// What the store has of it; `None` if only the steps count.
    pub stored: Option<StoredImage>,
}

/// An image in the store.
#[derive(Debug, Clone)]
pub struct StoredImage {
    /// The digest of its configuration.
    pub id: Digest,
    /// What an index says of it.
    pub manifest: Descriptor,
}

impl Built {
    /// By which the result is known in the store: nothing, if only the steps count.
    pub fn id(&self) -> Option<&Digest> {
        self.list.as_ref().or_else(|| Some(&self.images.last()?.stored.as_ref()?.id))
    }
}

/// Builds for each platform that is wanted.
pub fn build(engine: &Engine, request: &Request<'_>, tell: &mut dyn FnMut(Event<'_>)) -> Result<Built, Error> {
    engine::build::hold(engine)?;
    if let Some(list) = &request.result.list {
        engine::build::check_list(engine, list)?;
    }
    let targets = target::understand(engine, request)?;
    let stages = &targets[0].plan.stages;
    let labels: Vec<String> = stages.iter().enumerate().map(|(index, stage)| stage.label(index)).collect();
    if let Some(unknown) = request.settings.uncached_stages.iter().find(|name| !labels.contains(name)) {
        return Err(Error::Missing(format!("stage {unknown} is to be built without the cache, but there is none")));
    }
    if let unused @ [_, ..] = &targets[0].plan.arguments.unused()[..] {
        tell(Event::Warning(&format!("one or more build args were not consumed: [{}]", unused.join(" "))));
    }
    let shared = sharing::open(engine, request, tell);
    let begin = |target| Schedule::new(engine, request, &shared, target);
    let mut schedules = targets.iter().map(begin).collect::<Result<Vec<_>, _>>()?;
    let done = schedule::run(&mut schedules, tell);
    engine::build::clear_up(engine);
    done?;
    let mut images = Vec::new();
    for schedule in &schedules {
        images.push(image((engine, request), schedule, tell)?);
    }
    let list = list((engine, request), &images)?;
    // While all layers are kept, whoever removes the images.
    let built = Built { images, list };
    output::write((engine, request), &built, &mut |warning| tell(Event::Warning(warning)))?;
    sharing::export(engine, request, &schedules, tell)?;
    Ok(built)
}

fn image(
    (engine, request): (&Engine, &Request<'_>),
    schedule: &Schedule<'_>,
    tell: &mut dyn FnMut(Event<'_>),
) -> Result<BuiltImage, Error> {
    let target = schedule.target;
    let made = schedule.result();
    let layers = made.diff_ids();
    let stored = match request.result.is_stored {
        true => {
            let platform = target.label.as_deref();
            tell(Event::Commit { platform });
            // Of several the list has the names.
            let names = if platform.is_some() { &[][..] } else { &request.result.names };
            Some(commit::commit((engine, request), target, made, names)?)
        }
        false => None,
    };
    Ok(BuiltImage { platform: target.platform.clone(), layers, stored })
}

/// Puts several images into one list that has the names, and all into the list that was asked for.
fn list((engine, request): (&Engine, &Request<'_>), images: &[BuiltImage]) -> Result<Option<Digest>, Error> {
    let ids: Vec<Digest> =
        images.iter().filter_map(|image| image.stored.as_ref()).map(|stored| stored.id.clone()).collect();
    let Wanted { names, list, created, .. } = &request.result;
    let added = list.as_ref().map(|list| engine::build::add_to_list(engine, list, &ids, created)).transpose()?;
    match (ids.len(), added) {
        (0 | 1, _) => Ok(None),
        (_, Some(list)) if names.is_empty() => Ok(Some(list)),
        _ => Ok(Some(engine::build::list(engine, names, &ids, created)?)),
    }
}

fn layer_of(applied: Option<AppliedLayer>) -> Option<(Digest, u64)> {
    applied.map(|applied| (applied.diff_id, applied.size))
}
