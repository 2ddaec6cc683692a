//! How a container ends and begins again.

use crate::error::Failure;
use crate::syntax::flag::Flag;
use crate::syntax::matches::Matches;
use spec::ContainerSpec;

/// See podman-run(1).
pub static FLAGS: &[Flag] = &[
    Flag::text("cidfile", "string", "Write the container's id to this file"),
    Flag::text("pidfile", "string", "Write the pid of the first process to this file"),
    Flag::bool("replace", "Remove a container of the same name first"),
    Flag::text("restart", "string", "Start again when it ends: no, on-failure[:tries], always, unless-stopped"),
    Flag::bool("rm", "Remove the container when it ends"),
    Flag::text("stop-signal", "string", "Signal that asks it to end"),
    Flag::uint("stop-timeout", "Seconds between that signal and SIGKILL").default("10"),
];

/// Puts the flags into the spec. (`--cidfile` and `--replace` are options of the creation, not wishes of the container.)
pub fn apply(matches: &Matches, spec: &mut ContainerSpec) -> Result<(), Failure> {
    let life = &mut spec.life;
    life.remove = matches.bool("rm");
    life.stop_timeout = matches.number("stop-timeout");
    life.pid_file = matches.text("pidfile").unwrap_or_default().to_owned();
    if let Some(signal) = matches.text("stop-signal").filter(|signal| !signal.is_empty()) {
        life.stop_signal = Some(spec::signal::parse(signal)?);
    }
    if let Some(policy) = matches.text("restart") {
        life.set_restart(policy)?;
    }
    Ok(())
}
