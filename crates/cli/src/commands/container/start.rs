//! `start`: created or ended containers run again.

use super::attach::{DETACH_KEYS, SIG_PROXY, check_keys};
use super::select::{LATEST, each, several};
use crate::context::Context;
use crate::error::Failure;
use crate::syntax::command::{Arguments, Command, Needs};
use crate::syntax::flag::Flag;
use crate::syntax::matches::Matches;
use engine::Engine;
use engine::container::{AttachOptions, Outcome, StartOptions, Streams, resolve_name, start};

/// `start`
pub static COMMAND: Command = Command {
    usage: "[options] CONTAINER [CONTAINER...]",
    summary: "Start containers",
    details: "Starts containers that were created or have ended; with --attach stays until the container ends.",
    examples: &["start web", "start --attach --interactive shell"],
    flags: &[FLAGS],
    stops: false,
    arguments: Arguments::Any,
    needs: Needs::Store,
    run,
};

static FLAGS: &[Flag] = &[
    Flag::bool("all", "All containers, whatever their state"),
    Flag::bool("attach", "Show its output and wait until it ends").short('a'),
    DETACH_KEYS,
    Flag::array("filter", "stringArray", "Only containers that match (key=value)").short('f'),
    Flag::bool("interactive", "Pass standard input on").short('i'),
    LATEST,
    SIG_PROXY,
];

fn run(context: &Context, matches: &Matches) -> Result<i32, Failure> {
    let names = several(context, matches, "start requires at least one argument", |_| true)?;
    let engine = context.engine()?;
    let attached = matches.bool("attach") || matches.bool("interactive");
    if attached && names.len() > 1 {
        return Err(Failure::new("you cannot start and attach multiple containers at once"));
    }
    if matches.bool("sig-proxy") && !attached {
        return Err(Failure::new("you cannot use sig-proxy without --attach: invalid argument"));
    }
    // All names are checked before any container is started.
    for name in &names {
        resolve_name(engine, name)?;
    }
    let options = StartOptions { attach: attach_options(matches, attached)?, warn: &|text| log::warn!("{text}") };
    if attached {
        let Some(name) = names.first() else { return Ok(0) };
        return Ok(begin(engine, name, &options)?.exit_code.unwrap_or(0));
    }
    each(&names, |name| {
        begin(engine, name, &options)?;
        Ok(Some(name.to_owned()))
    })
}

/// Whatever hinders the start: only `run` tells by its exit code what it was.
fn begin(engine: &Engine, name: &str, options: &StartOptions<'_>) -> Result<Outcome, Failure> {
    start(engine, name, options).map_err(|error| Failure::from(error).code(125))
}

fn attach_options(matches: &Matches, attached: bool) -> Result<Option<AttachOptions>, Failure> {
    let output = matches.bool("attach");
    let options = AttachOptions {
        streams: Streams { stdin: matches.bool("interactive"), stdout: output, stderr: output },
        sig_proxy: matches.maybe_bool("sig-proxy").unwrap_or(true),
        detach_keys: matches.text("detach-keys").map(str::to_owned),
    };
    check_keys(&options)?;
    Ok(attached.then_some(options))
}
