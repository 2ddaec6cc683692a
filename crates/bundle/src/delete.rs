//! `delete`: what a container had goes: its control groups, its folder; then the poststop hooks run.

use crate::error::Error;
use crate::folder::{Container, DOOR, Locked, Root};
use crate::kill;
use crate::status::Status;
use crate::{Whom, pause};
use runtime::cgroup;
use runtime::hooks::{self, Stage};
use std::time::Duration;

/// Deletes one that has stopped, or that was never started; with `force` any, and it is no error when there is none.
pub fn delete(root: &Root, id: &str, force: bool) -> Result<(), Error> {
    let container = match root.find(id) {
        Err(Error::NotFound(_)) if force => return forget(root, id),
        found => found?,
    };
    let locked = Locked::of(&container)?;
    let status = container.status();
    if status != Status::Stopped {
        if !force {
            container.must("delete", &[Status::Created])?;
        }
        end(root, &container, status)?;
    }
    finish(&container, locked)
}

/// What is left of one that was killed while it was made.
fn forget(root: &Root, id: &str) -> Result<(), Error> {
    if root.path(id)?.is_dir() {
        cgroup::remove(&cgroup::find(&format!("/minke/{id}")))?;
        root.claim(id)?.remove()?;
    }
    Ok(())
}

fn end(root: &Root, container: &Container, status: Status) -> Result<(), Error> {
    let id = &container.record.id;
    match kill::kill(root, id, KILL, Whom::First) {
        // It ended by itself.
        Err(Error::State { status: Status::Stopped, .. }) => return Ok(()),
        killed => killed?,
    }
    if status == Status::Paused {
        // The frozen don't die on v1.
        pause::thaw(container)?;
    }
    wait_for_end(container)
}

const KILL: i32 = 9;

/// It isn't this process's child, so its descriptor tells.
fn wait_for_end(container: &Container) -> Result<(), Error> {
    use std::os::fd::AsFd;
    let Ok(process) = sys::pidfd::open(container.record.pid) else { return Ok(()) };
    if !crate::status::lives(&container.record) {
        return Ok(());
    }
    match sys::pidfd::poll_exit(process.as_fd(), PATIENCE.as_millis() as i32) {
        Ok(true) => Ok(()),
        _ => Err(Error::Invalid(format!("container `{}` doesn't end, though it was killed", container.record.id))),
    }
}

const PATIENCE: Duration = Duration::from_secs(10);

/// Of one without a process.
pub(crate) fn finish(container: &Container, locked: Locked) -> Result<(), Error> {
    let record = &container.record;
    cgroup::remove(&record.cgroups)?;
    let spec = container.config().unwrap_or_default();
    let _ = std::fs::remove_file(container.folder.join(DOOR));
    locked.remove()?;
    let subject = hooks::Subject { id: &record.id, pid: 0, bundle: &record.bundle, spec: &spec };
    // "The remaining hooks and lifecycle continue as if the hook had succeeded" (runtime.md).
    if let Err(error) = hooks::run(Stage::Poststop, &subject) {
        log::warn!("{error}");
    }
    Ok(())
}
