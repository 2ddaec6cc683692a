//! `kill`: a signal to a container's first process, or to all of them.

use crate::error::{Error, Tried};
use crate::folder::{Container, Root};
use crate::status::{Status, lives};
use std::os::fd::AsFd;

/// Who gets it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whom {
    /// The first process.
    First,
    /// Everything in its control groups.
    All,
}

/// Sends it.
pub fn kill(root: &Root, id: &str, signal: i32, whom: Whom) -> Result<(), Error> {
    let container = root.find(id)?;
    match whom {
        Whom::First => {
            container.must("kill", &[Status::Created, Status::Running, Status::Paused])?;
            first(&container, signal)
        }
        Whom::All => all(&container, signal),
    }
}

/// By a descriptor that was checked: the number may be another's by now.
fn first(container: &Container, signal: i32) -> Result<(), Error> {
    let record = &container.record;
    let ended = || Error::State { what: "kill", id: record.id.clone(), status: Status::Stopped };
    let process = sys::pidfd::open(record.pid).map_err(|_| ended())?;
    if !lives(record) {
        return Err(ended());
    }
    sys::pidfd::send_signal(process.as_fd(), signal).tried(|| format!("signal container `{}`", record.id))
}

/// Processes that its own ones start meanwhile are found by looking again, as long as there are new ones.
fn all(container: &Container, signal: i32) -> Result<(), Error> {
    let record = &container.record;
    if record.cgroups.is_empty() {
        return first(container, signal);
    }
    let mut told = Vec::new();
    loop {
        let pids = runtime::cgroup::pids(&record.cgroups)?;
        let fresh: Vec<i32> = pids.into_iter().filter(|pid| *pid > 0 && !told.contains(pid)).collect();
        if fresh.is_empty() {
            return Ok(());
        }
        for pid in fresh {
            // One that has just ended needs no signal.
            let _ = sys::signal::kill(pid, signal);
            told.push(pid);
        }
    }
}
