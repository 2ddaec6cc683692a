//! `buildah unshare` and `unshare`: a command as root of the user's own namespaces, in which it may mount.

use crate::context::Context;
use crate::error::Failure;
use crate::output::quote;
use crate::syntax::command::{Arguments, Command, Needs};
use crate::syntax::flag::Flag;
use crate::syntax::matches::Matches;
use engine::working;
use std::os::unix::process::CommandExt;

/// `buildah unshare`
pub static COMMAND: Command = Command {
    usage: "[options] [COMMAND [ARG...]]",
    summary: "Run a command in the user's namespaces",
    details: "Runs a command, or a shell, as root of the user namespace that the containers of an ordinary user have, and in a \
              mount namespace of its own. Commands of this program in it belong to the same user. For root there is only the \
              mount namespace.",
    examples: &["buildah unshare id", "buildah unshare --mount M=web sh -c 'ls $M'"],
    flags: &[FLAGS],
    stops: true,
    arguments: Arguments::Any,
    needs: Needs::Store,
    run,
};

/// `unshare`
pub static OF_USER: Command = Command {
    usage: "[options] [COMMAND [ARG...]]",
    details: "Runs a command, or a shell, as root of the user namespace that the containers of an ordinary user have, and in a \
              mount namespace of its own. Commands of this program in it belong to the same user.",
    examples: &["unshare id", "unshare cat /proc/self/uid_map"],
    flags: &[],
    run: |context, matches| match context.privilege().is_rootless() {
        true => run(context, matches),
        false => Err(Failure::new("please use unshare with rootless")),
    },
    ..COMMAND
};

static FLAGS: &[Flag] =
    &[Flag::list("mount", "[VARIABLE=]CONTAINER", "Mount a working container; the variable says where").short('m')];

/// By these commands in a session know whose it is; the same as those of the other tools.
const CONFIGURED: &str = "_CONTAINERS_USERNS_CONFIGURED";
const UID: &str = "_CONTAINERS_ROOTLESS_UID";
const GID: &str = "_CONTAINERS_ROOTLESS_GID";

/// Whether this process is in such a session.
pub fn is_session() -> bool {
    session().is_some()
}

/// Whose session this process is in, if its user namespace bears that out: user and group, as they are outside.
pub fn session() -> Option<(u32, u32)> {
    let number = |name: &str| std::env::var(name).ok()?.parse::<u32>().ok();
    std::env::var_os(CONFIGURED)?;
    let (uid, gid) = (number(UID)?, number(GID)?);
    let map = std::fs::read_to_string("/proc/self/uid_map").ok()?;
    let mut root = map.lines().next()?.split_ascii_whitespace().map(str::parse::<u32>);
    let is_root_of = root.next()? == Ok(0) && root.next()? == Ok(uid);
    (uid != 0 && is_root_of).then_some((uid, gid))
}

fn run(context: &Context, matches: &Matches) -> Result<i32, Failure> {
    let engine = context.engine()?;
    // Root's, or the session's, mounts stay out of it; a user's process has a mount namespace already.
    engine::build::own_mounts()?;
    let shell = || vec![std::env::var("SHELL").unwrap_or_else(|_| "/bin/sh".to_owned())];
    let line = if matches.arguments.is_empty() { shell() } else { matches.arguments.clone() };
    let mut command = std::process::Command::new(&line[0]);
    command.args(&line[1..]);
    for text in matches.list("mount") {
        let (variable, name) = text.split_once('=').unwrap_or((text, text));
        let missing = |error: &engine::Error| {
            let why = crate::error::chain(error);
            Failure::new(format!("loading information about build container {}: {why}", quote(name)))
        };
        let found = working::find(engine, name).map_err(|error| missing(&error))?;
        command.env(variable, working::mount(engine, &found)?);
    }
    if let engine::Privilege::User { uid, gid, .. } = context.privilege() {
        command.env(CONFIGURED, "done").env(UID, uid.to_string()).env(GID, gid.to_string());
    }
    let error = command.exec();
    let code = if error.kind() == std::io::ErrorKind::NotFound { 127 } else { 126 };
    Err(Failure::new(format!("run {}: {error}", quote(&line[0]))).code(code))
}
