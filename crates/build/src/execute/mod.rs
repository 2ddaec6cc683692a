//! Doing what a plan says: stages side by side, each step in a process of its own, and nothing twice that is remembered.
//!
//! The coordinator has one thread, since it forks, and waits for its steps; a step makes a layer and tells its name. When the
//! coordinator dies its steps do, and their containers with them.

mod bases;
mod commit;
mod context;
mod copy;
mod event;
mod inputs;
mod request;
mod run;
mod schedule;
mod workdir;
mod worker;

pub use context::Contexts;
pub use event::{Event, Position};
pub use request::{Images, Request, Secret, Settings, Wanted};

use crate::error::Error;
use crate::language::{self, Fault};
use crate::plan::Plan;
use engine::Engine;
use engine::build::AppliedLayer;
use oci::Digest;
use oci::image::History;
use std::collections::HashMap;

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

/// Builds; the image's id.
pub fn build(engine: &Engine, request: &Request<'_>, tell: &mut dyn FnMut(Event<'_>)) -> Result<Digest, Error> {
    let fault = |fault: Fault| Error::fault(&fault, request.file, request.text);
    engine::build::hold(engine)?;
    let file = language::parse(request.text).map_err(fault)?;
    let mut plan = Plan::new(file, &request.wishes).map_err(fault)?;
    let mut images = HashMap::new();
    let stages = bases::understand(engine, request, &mut plan, &mut images)?;
    if let unused @ [_, ..] = &plan.arguments.unused()[..] {
        tell(Event::Warning(&format!("one or more build args were not consumed: [{}]", unused.join(" "))));
    }
    let keeper = engine::build::keep_layers(engine)?;
    let mut run = schedule::Schedule::new((engine, &keeper), request, &plan, &stages, &images);
    let made = run.run(tell)?;
    tell(Event::Commit);
    commit::commit(engine, request, &stages[&plan.target], made)
}

fn layer_of(applied: Option<AppliedLayer>) -> Option<(Digest, u64)> {
    applied.map(|applied| (applied.diff_id, applied.size))
}
