//! Cloning the child, directly or, when namespaces are joined, by way of a process that enters them first.

use crate::error::{Error, Tried};
use std::os::fd::{AsFd, OwnedFd};
use sys::fd_passing;
use sys::process::{Clone3, Cloned, Fork, clone3, exit_now, fork};

/// clone3(2) from here.
pub(crate) fn directly(wish: Clone3<'_>) -> Result<Cloned, Error> {
    clone3(wish).tried(|| "clone the container's first process")
}

/// Forks, runs `enter` in the fork, and clones from there; the child is the caller's own (CLONE_PARENT) all the same.
///
/// A process in between because setns(2) of the pid namespace works on children only, and because the engine itself must
/// not leave its namespaces.
pub(crate) fn after(enter: impl FnOnce() -> Result<(), Error>, wish: Clone3<'_>) -> Result<Cloned, Error> {
    let what = || "fork for joining namespaces";
    let (ours, theirs) = fd_passing::pair().tried(what)?;
    let between = match fork().tried(what)? {
        Fork::Child => {
            drop(ours);
            return match enter_and_clone(enter, wish, &theirs) {
                Ok(Cloned::Child) => Ok(Cloned::Child),
                Ok(Cloned::Parent { .. }) => exit_now(0),
                Err(error) => {
                    let _ = fd_passing::send(&theirs, &error.to_wire(), &[]);
                    exit_now(1)
                }
            };
        }
        Fork::Parent(pid) => pid,
    };
    drop(theirs);
    let message = fd_passing::receive(&ours, 4096).tried(what);
    reap(between);
    let message = message?;
    match message.fds.into_iter().next() {
        Some(pidfd) => Ok(Cloned::Parent { pid: pid_of(&pidfd)?, pidfd }),
        None if message.bytes.is_empty() => Err(Error::other("the process that joins the namespaces died")),
        None => Err(Error::from_wire(&message.bytes)),
    }
}

fn enter_and_clone(
    enter: impl FnOnce() -> Result<(), Error>,
    wish: Clone3<'_>,
    report: &OwnedFd,
) -> Result<Cloned, Error> {
    enter()?;
    let cloned = clone3(Clone3 { sibling: true, ..wish }).tried(|| "clone the process in the container")?;
    if let Cloned::Parent { pidfd, .. } = &cloned {
        fd_passing::send(report, b"P", &[pidfd.as_fd()]).tried(|| "report the new process")?;
    }
    Ok(cloned)
}

/// The number in our own pid namespace, whatever the one in between saw.
fn pid_of(pidfd: &OwnedFd) -> Result<i32, Error> {
    use std::os::fd::AsRawFd;
    let path = format!("/proc/self/fdinfo/{}", pidfd.as_raw_fd());
    let text = std::fs::read_to_string(path).tried(|| "read the new process's id")?;
    let pid = text.lines().find_map(|line| line.strip_prefix("Pid:")).and_then(|pid| pid.trim().parse().ok());
    pid.filter(|&pid| pid > 0).ok_or_else(|| Error::other("the new process has no id in our namespace"))
}

fn reap(pid: i32) {
    let pid = rustix::process::Pid::from_raw(pid);
    while let Err(rustix::io::Errno::INTR) = rustix::process::waitpid(pid, rustix::process::WaitOptions::empty()) {}
}
