//! `rm`: removes containers.

use super::select::{LATEST, each, is_listed, several};
use crate::context::Context;
use crate::error::{ENGINE_ERROR, Failure};
use crate::output::quote;
use crate::syntax::command::{Arguments, Command, Needs};
use crate::syntax::flag::Flag;
use crate::syntax::matches::Matches;
use engine::Engine;
use engine::container::{RemoveOptions, remove, resolve_name};
use engine::working::{self, Working};

/// `rm`
pub static COMMAND: Command = Command {
    usage: "[options] CONTAINER [CONTAINER...]",
    summary: "Remove containers",
    details: "Removes containers that don't run; with --force also those that do. Their images stay.",
    examples: &["rm web", "rm --force --volumes web", "rm --all"],
    flags: &[FLAGS],
    stops: false,
    arguments: Arguments::Any,
    needs: Needs::Store,
    run,
};

static FLAGS: &[Flag] = &[
    Flag::bool("all", "All containers").short('a'),
    Flag::array("cidfile", "stringArray", "Read a container's id from this file"),
    Flag::bool("depend", "Also containers that depend on it"),
    Flag::array("filter", "stringArray", "Only containers that match (key=value)"),
    Flag::bool("force", "Stop it first if it runs").short('f'),
    Flag::bool("ignore", "A missing container is no error").short('i'),
    LATEST,
    Flag::bool("storage", "Only working containers, which `buildah from` makes").hidden(),
    Flag::int("time", "With --force: seconds until SIGKILL").short('t').alias(&["timeout"]).default("10"),
    Flag::bool("volumes", "Also its anonymous volumes").short('v'),
];

fn run(context: &Context, matches: &Matches) -> Result<i32, Failure> {
    let force = matches.bool("force");
    if matches.given("time") && !force {
        return Err(Failure::new("--force option must be specified to use the --time option"));
    }
    let names = several(context, matches, "you must provide at least one name or id", |_| true)?;
    let options = RemoveOptions {
        force,
        volumes: matches.bool("volumes"),
        // With --all a container's dependents go too, so one may be gone when its turn comes.
        depend: matches.bool("depend") || matches.bool("all"),
        timeout: matches.number("time"),
        ignore: matches.bool("ignore") || force || is_listed(matches),
    };
    let engine = context.engine()?;
    let failed = |error: engine::Error| {
        let code = exit_code(&error);
        Failure::from(error).code(code)
    };
    // All that were typed are there, or none is removed.
    for name in names.iter().filter(|_| !options.ignore) {
        meant(engine, name, matches.bool("storage")).map_err(failed)?;
    }
    each(&names, |name| {
        let storage = matches.bool("storage");
        match meant(engine, name, storage) {
            Ok(Some(found)) => return remove_working(engine, &found, force).map(|()| Some(name.to_owned())),
            Err(_) if storage && options.ignore => return Ok(None),
            Err(error) if storage => return Err(failed(error)),
            _ => {}
        }
        let removed = remove(engine, name, &options).map_err(failed)?;
        // What depended on it went first and has no word of the user's; nothing went when it was missing and that is fine.
        let Some((_, dependents)) = removed.split_last() else { return Ok(None) };
        let shown: Vec<&str> = dependents.iter().map(String::as_str).chain([name]).collect();
        Ok(Some(shown.join("\n")))
    })
}

/// The working container of that name, if there is no other container of it (`storage`: none else is meant).
fn meant(engine: &Engine, name: &str, storage: bool) -> Result<Option<Working>, engine::Error> {
    let missing = match resolve_name(engine, name) {
        Ok(_) if !storage => return Ok(None),
        Ok(_) => engine::Error::NoSuchContainer(name.to_owned()),
        Err(error @ engine::Error::NoSuchContainer(_)) => error,
        Err(error) => return Err(error),
    };
    match working::find(engine, name) {
        Ok(found) => Ok(Some(found)),
        Err(engine::Error::NotWorking(_)) => Err(missing),
        Err(error) => Err(error),
    }
}

/// One that is mounted is somebody's work.
fn remove_working(engine: &Engine, found: &Working, force: bool) -> Result<(), Failure> {
    if working::is_mounted(engine, &found.id) && !force {
        let why = "is mounted and cannot be removed without using force: container state improper";
        return Err(Failure::new(format!("container {} {why}", quote(&found.name))).code(2));
    }
    Ok(working::remove(engine, found)?)
}

/// Podman's: 1 for a missing container, 2 for one whose state forbids it.
fn exit_code(error: &engine::Error) -> i32 {
    match error {
        engine::Error::NoSuchContainer(_) => 1,
        engine::Error::State(_) => 2,
        _ => ENGINE_ERROR,
    }
}
