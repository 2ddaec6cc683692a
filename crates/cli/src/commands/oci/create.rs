//! `oci create`

use super::global;
use crate::context::Context;
use crate::error::Failure;
use crate::syntax::command::{Arguments, Command, Needs};
use crate::syntax::flag::Flag;
use crate::syntax::matches::Matches;
use bundle::{Create, Groups, Pass};
use std::path::Path;

/// Of `create` and `run`.
pub static FLAGS: &[Flag] = &[
    Flag::text("bundle", "DIR", "Folder with the configuration and the root").short('b').default("."),
    Flag::text("config", "FILE", "Configuration in place of the bundle's config.json").short('f'),
    Flag::text("console-socket", "SOCKET", "Send the terminal's master to the socket there"),
    Flag::bool("no-new-keyring", "Stay in the caller's session keyring"),
    Flag::bool("no-pivot", "Change the root without pivot_root (for hosts that run from an initramfs)"),
    Flag::bool("no-subreaper", "Says what is so anyway: children that are left become those of the caller's reaper"),
    Flag::text("pid-file", "FILE", "Write the process's number there"),
    Flag::uint("preserve-fds", "Pass so many more descriptors, from 3 on (after those of LISTEN_FDS)"),
];

/// `oci create`
pub static COMMAND: Command = Command {
    usage: "[options] CONTAINER",
    summary: "Make a container from a bundle; it waits for its start",
    details: "",
    examples: &["oci create --bundle /bundles/web web"],
    flags: &[FLAGS],
    stops: false,
    arguments: Arguments::Exactly(1),
    needs: Needs::Nothing,
    run,
};

/// What is to be made.
pub fn wish<'m>(context: &Context, matches: &'m Matches) -> Create<'m> {
    let path = |name: &str| matches.text(name).map(Path::new);
    Create {
        id: &matches.arguments[0],
        bundle: path("bundle").unwrap_or(Path::new(".")),
        config: path("config"),
        console_socket: path("console-socket"),
        pid_file: path("pid-file"),
        pass: Pass::of_environment(matches.number("preserve-fds").unwrap_or(0)),
        no_pivot: matches.bool("no-pivot"),
        keep_keyring: matches.bool("no-new-keyring"),
        groups: if context.given.text("cgroup-manager") == Some("disabled") { Groups::None } else { Groups::Every },
    }
}

fn run(context: &Context, matches: &Matches) -> Result<i32, Failure> {
    bundle::create(&global::root(context)?, &wish(context, matches))?;
    Ok(0)
}
