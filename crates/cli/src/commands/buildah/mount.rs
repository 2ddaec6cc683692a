//! `buildah mount`: a working container's files, on the host.

use super::unshare;
use crate::context::Context;
use crate::error::Failure;
use crate::output::{json, stream};
use crate::syntax::command::{Arguments, Command, Needs};
use crate::syntax::flag::Flag;
use crate::syntax::matches::Matches;
use engine::Engine;
use engine::working::{self, Working};
use serde_json::{Value, json};
use std::path::Path;

/// `buildah mount`
pub static COMMAND: Command = Command {
    usage: "[options] [CONTAINER...]",
    summary: "Mount working containers for you to change their files",
    details: "Mounts working containers, and prints where; without a container it lists what is mounted. They stay mounted until \
              `umount`. An ordinary user has to be in a session of `unshare`, whose mounts go with it.",
    examples: &["buildah mount web", "buildah unshare sh -c 'cp -r site $(buildah mount web)/srv'"],
    flags: &[FLAGS],
    stops: false,
    arguments: Arguments::Any,
    needs: Needs::Store,
    run,
};

static FLAGS: &[Flag] = &[Flag::bool("json", "Show as JSON")];

fn run(context: &Context, matches: &Matches) -> Result<i32, Failure> {
    if context.privilege().is_rootless() && !unshare::is_session() {
        let why =
            "cannot mount using driver overlay in rootless mode. You need to run it in a `buildah unshare` session";
        return Err(Failure::new(why));
    }
    let engine = context.engine()?;
    if matches.arguments.is_empty() {
        return list(engine, matches.bool("json"));
    }
    let mut failed = None;
    let mut shown = Vec::new();
    for name in &matches.arguments {
        match mount(engine, name) {
            Ok((found, place)) if matches.bool("json") => shown.push(object(&found, &place)),
            Ok((_, place)) if matches.arguments.len() == 1 => stream::line(&place)?,
            Ok((found, place)) => stream::line(&format!("{} {place}", found.name))?,
            // The others go on; the last error is the command's.
            Err(failure) => {
                if let Some(before) = failed.replace(failure) {
                    before.print();
                }
            }
        }
    }
    if !shown.is_empty() {
        stream::line(&json::pretty(&shown, "    ")?)?;
    }
    failed.map_or(Ok(0), Err)
}

fn mount(engine: &Engine, name: &str) -> Result<(Working, String), Failure> {
    let found = working::find(engine, name).map_err(|error| super::not_read(name, &error))?;
    let place = working::mount(engine, &found).map_err(|error| super::not_read(name, &error))?;
    Ok((found, place.display().to_string()))
}

fn list(engine: &Engine, as_json: bool) -> Result<i32, Failure> {
    let place = |found: &Working| working::mount_point(engine, &found.id);
    let mounted = working::all(engine)?.into_iter().filter(|found| working::is_mounted(engine, &found.id));
    let mounted: Vec<Working> = mounted.collect();
    if as_json {
        let objects: Vec<Value> = mounted.iter().map(|found| object(found, &shown(&place(found)))).collect();
        stream::line(&json::pretty(&objects, "    ")?)?;
        return Ok(0);
    }
    mounted.iter().try_for_each(|found| stream::line(&format!("{} {}", found.name, shown(&place(found)))))?;
    Ok(0)
}

fn shown(place: &Path) -> String {
    place.display().to_string()
}

fn object(found: &Working, place: &str) -> Value {
    json!({"container": found.name, "mountPoint": place})
}
