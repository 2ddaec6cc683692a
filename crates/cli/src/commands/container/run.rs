//! `run`: a new container, started.

use super::attach::{DETACH_KEYS, SIG_PROXY, check_keys};
use super::create;
use crate::context::Context;
use crate::error::Failure;
use crate::flags;
use crate::output::progress::Reporter;
use crate::output::stream;
use crate::syntax::command::{Arguments, Command, Needs};
use crate::syntax::flag::Flag;
use crate::syntax::matches::Matches;
use engine::container::{AttachOptions, RunOptions, Streams, run as run_container};
use spec::ContainerSpec;

/// `run`
pub static COMMAND: Command = Command {
    usage: "[options] IMAGE [COMMAND [ARG...]]",
    summary: "Run a command in a new container",
    details: "Makes a container from an image, fetching the image if it isn't here, and starts it.\n\
              Unless --detach is given, stays until it ends and returns its exit code.",
    examples: &["run --rm hello", "run -it --rm alpine sh", "run -d --name web -p 8080:80 nginx"],
    flags: &[
        FLAGS,
        flags::process::FLAGS,
        flags::life::FLAGS,
        flags::resources::FLAGS,
        flags::security::FLAGS,
        flags::namespaces::FLAGS,
        flags::mounts::FLAGS,
        flags::network::FLAGS,
        flags::log::FLAGS,
        flags::image::FLAGS,
        flags::platform::FLAGS,
        flags::registry::FLAGS,
        flags::registry::POLICY,
        flags::registry::DECRYPTION,
    ],
    stops: true,
    arguments: Arguments::AtLeast(1),
    needs: Needs::Store,
    run,
};

static FLAGS: &[Flag] = &[
    Flag::list("attach", "strings", "Join only these streams: stdin, stdout, stderr").short('a'),
    Flag::bool("detach", "Print the id and leave it running").short('d'),
    DETACH_KEYS,
    Flag::uint("preserve-fds", "Pass that many file descriptors on, from 3"),
    SIG_PROXY,
];

fn run(context: &Context, matches: &Matches) -> Result<i32, Failure> {
    let mut spec = create::spec(matches)?;
    let attach = attach_options(matches, &spec)?;
    spec.process.preserve_fds = matches.number("preserve-fds").unwrap_or(0);
    let detached = attach.is_none();
    let preserve_fds = spec.process.preserve_fds;
    check_descriptors(preserve_fds)?;
    let progress = Reporter::new(matches.bool("quiet"));
    let options = RunOptions { create: create::options(context, matches, &progress)?, attach, preserve_fds };
    let outcome = run_container(context.engine()?, spec, &options)?;
    if detached {
        stream::line(&outcome.id)?;
    }
    Ok(outcome.exit_code.unwrap_or(0))
}

/// `None` for `--detach`. By default output and error are joined, and input with `-i`.
fn attach_options(matches: &Matches, spec: &ContainerSpec) -> Result<Option<AttachOptions>, Failure> {
    let wanted = matches.list("attach");
    let mut streams = Streams { stdin: false, stdout: wanted.is_empty(), stderr: wanted.is_empty() };
    for word in wanted {
        match word.to_ascii_lowercase().as_str() {
            "stdin" => streams.stdin = true,
            "stdout" => streams.stdout = true,
            "stderr" => streams.stderr = true,
            _ => {
                let word = crate::output::quote(word);
                let message = format!("invalid stream {word} for --attach - must be one of stdin, stdout, or stderr");
                return Err(Failure::new(format!("{message}: invalid argument")));
            }
        }
    }
    streams.stdin |= spec.process.stdin;
    let options = AttachOptions {
        streams,
        sig_proxy: matches.maybe_bool("sig-proxy").unwrap_or(true),
        detach_keys: matches.text("detach-keys").map(str::to_owned),
    };
    check_keys(&options)?;
    Ok((!matches.bool("detach")).then_some(options))
}

/// Every descriptor that is to be passed on must be open.
pub(super) fn check_descriptors(count: u32) -> Result<(), Failure> {
    for fd in 3..3u64 + u64::from(count) {
        if std::fs::symlink_metadata(format!("/proc/self/fd/{fd}")).is_err() {
            return Err(Failure::new(format!(
                "file descriptor {fd} is not available - the preserve-fds option requires that file descriptors must be passed"
            )));
        }
    }
    Ok(())
}
