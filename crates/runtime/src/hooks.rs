//! Programs that the config runs at points of the container's life (config.md "POSIX-platform Hooks").

use crate::Launch;
use crate::error::{Error, Tried};
use oci::runtime::{Hook, Spec};
use std::io::Write;
use std::os::fd::AsFd;
use std::process::{Command, Stdio};

/// A point of the life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// In the engine's namespaces, before the root is changed (with the deprecated `prestart`).
    CreateRuntime,
    /// In the container's namespaces, before the root is changed.
    CreateContainer,
    /// In the container, before the command.
    StartContainer,
    /// In the engine's namespaces, when the command runs.
    Poststart,
    /// In the engine's namespaces, when the container is gone.
    Poststop,
}

impl Stage {
    fn hooks(self, spec: &Spec) -> impl Iterator<Item = &Hook> {
        let hooks = spec.hooks.as_ref();
        let (first, second): (&[Hook], &[Hook]) = match (self, hooks) {
            (_, None) => (&[], &[]),
            (Self::CreateRuntime, Some(hooks)) => (&hooks.prestart, &hooks.create_runtime),
            (Self::CreateContainer, Some(hooks)) => (&hooks.create_container, &[]),
            (Self::StartContainer, Some(hooks)) => (&hooks.start_container, &[]),
            (Self::Poststart, Some(hooks)) => (&hooks.poststart, &[]),
            (Self::Poststop, Some(hooks)) => (&hooks.poststop, &[]),
        };
        first.iter().chain(second)
    }

    fn status(self) -> &'static str {
        match self {
            Self::CreateRuntime | Self::CreateContainer => "creating",
            Self::StartContainer => "created",
            Self::Poststart => "running",
            Self::Poststop => "stopped",
        }
    }
}

/// Whether the child must stop for hooks of the engine's side.
pub(crate) fn has_runtime_stage(spec: &Spec) -> bool {
    Stage::CreateRuntime.hooks(spec).next().is_some()
}

/// What hooks are told on their standard input.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// Container id.
    pub id: &'a str,
    /// Its first process, 0 when it is gone.
    pub pid: i32,
    /// The bundle's folder.
    pub bundle: &'a std::path::Path,
    /// The config.
    pub spec: &'a Spec,
}

/// Runs all hooks of a stage in order; the first failure ends it. (poststart and poststop failures are only to be logged.)
pub fn run(stage: Stage, subject: &Subject<'_>) -> Result<(), Error> {
    stage.hooks(subject.spec).try_for_each(|hook| run_one(hook, stage, subject))
}

/// For the stages that the child runs itself.
pub(crate) fn run_inside(launch: &Launch<'_>, stage: Stage) -> Result<(), Error> {
    let pid = rustix::process::getpid().as_raw_nonzero().get();
    run(stage, &Subject { id: launch.id, pid, bundle: launch.bundle, spec: launch.spec })
}

fn state(stage: Stage, subject: &Subject<'_>) -> String {
    let mut state = serde_json::json!({
        "ociVersion": oci::runtime::VERSION,
        "id": subject.id,
        "status": stage.status(),
        "bundle": subject.bundle,
        "annotations": subject.spec.annotations,
    });
    if subject.pid > 0 {
        state["pid"] = subject.pid.into();
    }
    state.to_string()
}

fn run_one(hook: &Hook, stage: Stage, subject: &Subject<'_>) -> Result<(), Error> {
    use std::os::unix::process::CommandExt;
    let what = || format!("run the {stage:?} hook `{}`", hook.path);
    let mut command = Command::new(&hook.path);
    if let Some((name, args)) = hook.args.split_first() {
        command.arg0(name).args(args);
    }
    command.env_clear().envs(hook.env.iter().filter_map(|entry| entry.split_once('=')));
    let mut child = command.stdin(Stdio::piped()).spawn().tried(what)?;
    if let Some(mut input) = child.stdin.take() {
        // A hook that doesn't read is fine.
        let _ = input.write_all(state(stage, subject).as_bytes());
    }
    let limit =
        hook.timeout.filter(|&seconds| seconds > 0).map_or(-1, |seconds| (seconds * 1000).min(i32::MAX.into()) as i32);
    let pidfd = sys::pidfd::open(child.id() as i32).tried(what)?;
    if !sys::pidfd::poll_exit(pidfd.as_fd(), limit).tried(what)? {
        let _ = child.kill();
        let _ = child.wait();
        return Err(Error::other(format!("{}: no end after {} s", what(), hook.timeout.unwrap_or(0))));
    }
    let status = child.wait().tried(what)?;
    if status.success() { Ok(()) } else { Err(Error::other(format!("{}: {status}", what()))) }
}
