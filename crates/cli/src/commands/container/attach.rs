//! `attach`: this terminal joins a running container.

use super::select::{LATEST, one};
use crate::context::Context;
use crate::error::Failure;
use crate::syntax::command::{Arguments, Command, Needs};
use crate::syntax::flag::Flag;
use crate::syntax::matches::Matches;
use engine::container::{AttachOptions, Streams, attach};

/// `attach`
pub static COMMAND: Command = Command {
    usage: "[options] CONTAINER",
    summary: "Join a running container's streams",
    details: "Connects standard input, output and error to a running container until it ends or the detach keys are typed.",
    examples: &["attach web", "attach --no-stdin web"],
    flags: &[FLAGS],
    stops: false,
    arguments: Arguments::Any,
    needs: Needs::Store,
    run,
};

/// `--detach-keys`.
pub const DETACH_KEYS: Flag =
    Flag::text("detach-keys", "[a-Z]", "Keys that leave the container running: letters and ctrl-<letter>, by commas")
        .default("ctrl-p,ctrl-q");

/// `--sig-proxy`.
pub const SIG_PROXY: Flag = Flag::bool("sig-proxy", "Pass signals on to the container").default("true");

static FLAGS: &[Flag] = &[DETACH_KEYS, LATEST, Flag::bool("no-stdin", "Leave standard input alone"), SIG_PROXY];

fn run(context: &Context, matches: &Matches) -> Result<i32, Failure> {
    let missing = format!("\"{}\" requires a name, id, or the \"--latest\" flag", context.path);
    let (name, rest) = one(context, matches, &missing)?;
    if !rest.is_empty() {
        return Err(Failure::new(format!("\"{}\" accepts at most one argument", context.path)));
    }
    let options = AttachOptions {
        streams: Streams { stdin: !matches.bool("no-stdin"), stdout: true, stderr: true },
        sig_proxy: matches.maybe_bool("sig-proxy").unwrap_or(true),
        detach_keys: matches.text("detach-keys").map(str::to_owned),
    };
    check_keys(&options)?;
    let outcome = attach(context.engine()?, &name, &options)?;
    Ok(outcome.exit_code.unwrap_or(0))
}

/// Refuses malformed detach keys before anything is started.
pub fn check_keys(options: &AttachOptions) -> Result<(), Failure> {
    if let Some(keys) = &options.detach_keys {
        spec::detach_keys::parse(keys)?;
    }
    Ok(())
}
