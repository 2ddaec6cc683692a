//! `exec`: one more process in a running container.

use super::attach::DETACH_KEYS;
use super::run::check_descriptors;
use super::select::{LATEST, one};
use crate::context::Context;
use crate::error::Failure;
use crate::flags::process::variables;
use crate::output::stream;
use crate::syntax::command::{Arguments, Command, Needs};
use crate::syntax::flag::Flag;
use crate::syntax::matches::Matches;
use engine::container::{ExecOptions, ExecSpec, Executed, exec};

/// `exec`
pub static COMMAND: Command = Command {
    usage: "[options] CONTAINER COMMAND [ARG...]",
    summary: "Run a command in a running container",
    details: "Starts one more process inside a running container and returns its exit code.",
    examples: &["exec -it web sh", "exec --user root --workdir /tmp web id"],
    flags: &[FLAGS],
    stops: true,
    arguments: Arguments::Any,
    needs: Needs::Store,
    run,
};

static FLAGS: &[Flag] = &[
    Flag::text("cidfile", "string", "Read the container's id from this file"),
    Flag::bool("detach", "Don't wait for the command").short('d'),
    DETACH_KEYS,
    Flag::array("env", "stringArray", "Set a variable (NAME=value), or copy the host's (NAME, PREFIX*)").short('e'),
    Flag::array("env-file", "stringArray", "Read variables from a file, one NAME=value a line"),
    Flag::bool("interactive", "Pass standard input on").short('i'),
    LATEST,
    Flag::uint("preserve-fds", "Pass that many file descriptors on, from 3"),
    Flag::bool("privileged", "Give the command all rights that the engine has"),
    Flag::bool("tty", "Give it a terminal").short('t'),
    Flag::text("user", "string", "User to run as: name or number, with :group").short('u'),
    Flag::text("workdir", "string", "Working folder inside").short('w'),
];

fn run(context: &Context, matches: &Matches) -> Result<i32, Failure> {
    let (name, command) = target(context, matches)?;
    if command.is_empty() {
        return Err(Failure::new("must provide a non-empty command to start an exec session: invalid argument"));
    }
    let env = variables(matches)?.into_iter().map(|(name, value)| format!("{name}={value}")).collect();
    let spec = ExecSpec {
        command,
        env,
        user: matches.text("user").map(str::to_owned),
        workdir: matches.text("workdir").map(str::to_owned),
        privileged: matches.bool("privileged"),
        terminal: matches.bool("tty"),
        stdin: matches.bool("interactive"),
    };
    let keys = matches.text("detach-keys");
    keys.map(spec::detach_keys::parse).transpose().map_err(|error| Failure::from(error).code(255))?;
    let options = ExecOptions {
        detach: matches.bool("detach"),
        detach_keys: keys.map(str::to_owned),
        preserve_fds: matches.number("preserve-fds").unwrap_or(0),
        ..ExecOptions::default()
    };
    check_descriptors(options.preserve_fds)?;
    let executed = exec(context.engine()?, &name, &spec, &options).map_err(|error| {
        let code = error.exec_exit_code();
        Failure::from(error).code(code)
    })?;
    match executed {
        Executed::Exited(code) => Ok(code),
        Executed::Left => Ok(0),
        Executed::Detached(session) => stream::line(&session).map(|()| 0),
    }
}

fn target(context: &Context, matches: &Matches) -> Result<(String, Vec<String>), Failure> {
    if let Some(file) = matches.text("cidfile") {
        let text = std::fs::read_to_string(file)
            .map_err(|error| Failure::new(format!("reading CIDFile: open {file}: {error}")))?;
        return Ok((text.lines().next().unwrap_or_default().to_owned(), matches.arguments.clone()));
    }
    one(context, matches, "exec requires the name or ID of a container or the --latest or --cidfile flag")
}

/// Said by `run` and `create` when `-it` has no terminal to be joined to.
pub fn warn_without_terminal() {
    if !rustix::termios::isatty(std::io::stdin()) {
        log::warn!("The input device is not a TTY. The --tty and --interactive flags might not work properly");
    }
}
