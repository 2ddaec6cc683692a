//! Options that stand before the runtime's commands.

use crate::context::Context;
use crate::error::Failure;
use crate::syntax::flag::Flag;
use crate::syntax::matches::Matches;
use bundle::Root;
use std::path::PathBuf;

/// Of all commands.
pub static FLAGS: &[Flag] = &[
    Flag::choice("cgroup-manager", &["cgroupfs", "systemd", "disabled"], "Who makes control groups")
        .default("cgroupfs"),
    Flag::bool("debug", "Show what is done"),
    Flag::text("log", "FILE", "Write messages there, too: a file, journald:ID or syslog:ID"),
    Flag::choice("log-format", &["text", "json"], "Form of these messages").default("text"),
    Flag::text("log-level", "LEVEL", "Messages to show: error, warning, debug").default("error"),
    Flag::text("root", "DIR", "Folder of the containers' states"),
    Flag::choice("rootless", &["auto"], "Without the rights for it a container has no control groups").default("auto"),
    Flag::bool("systemd-cgroup", "Let systemd make control groups"),
];

/// Of the program itself.
pub static VERSION: Flag = Flag::bool("version", "Show the program's version").short('v');

/// Where the containers are: `--root`, else `/run/PROGRAM`, for an ordinary user below `$XDG_RUNTIME_DIR`.
pub fn root(context: &Context) -> Result<Root, Failure> {
    if let Some(folder) = context.given.text("root") {
        return Ok(Root::new(folder));
    }
    let program = context.path.split(' ').next().and_then(|path| path.rsplit('/').next()).unwrap_or_default();
    let name = if super::PROGRAMS.contains(&program) { program } else { "minke-oci" };
    if rustix::process::geteuid().is_root() {
        return Ok(Root::new(PathBuf::from("/run").join(name)));
    }
    let runtime = std::env::var_os("XDG_RUNTIME_DIR").filter(|folder| !folder.is_empty());
    let missing = || Failure::new("XDG_RUNTIME_DIR isn't set: name a folder for the containers' states with --root");
    Ok(Root::new(PathBuf::from(runtime.ok_or_else(missing)?).join(name)))
}

/// What is asked for before anything is done.
pub fn check(matches: &Matches) -> Result<(), Failure> {
    if matches.bool("systemd-cgroup") || matches.text("cgroup-manager") == Some("systemd") {
        return Err(Failure::new("--systemd-cgroup is not supported yet"));
    }
    Ok(())
}
