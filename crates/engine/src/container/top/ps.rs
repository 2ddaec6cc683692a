//! ps(1) of the host, looking at a container's processes: for `top`'s options that are no descriptors (`-ef`, `aux`, `-o pid`).
//!
//! A forked process enters the container's pid namespace, with a /proc of that one in a mount namespace of its own, so that
//! the host's program runs and the container's processes have their own numbers.

use crate::Error;
use rustix::mount::{MountFlags, MountPropagationFlags, mount, mount_change};
use std::fs::File;
use std::io::{self, Read};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};
use sys::namespace::{Namespaces, join, unshare};
use sys::process::Fork;

/// More than that nobody reads.
const LIMIT: u64 = 16 << 20;
/// Of the forked process: ps(1) isn't there.
const MISSING: i32 = 127;

/// What ps(1) prints with these options in the pid namespace of `pid`. `unknown` is the error where there is no such program.
pub(super) fn run(pid: i32, options: &[String], unknown: Error) -> Result<String, Error> {
    let failed = |source: io::Error| Error::io("run", "ps", source);
    let target = sys::pidfd::open(pid).map_err(failed)?;
    let (read, write) =
        rustix::pipe::pipe_with(rustix::pipe::PipeFlags::CLOEXEC).map_err(|errno| failed(errno.into()))?;
    match sys::process::fork().map_err(failed)? {
        Fork::Child => {
            drop(read);
            sys::process::exit_now(inside(pid, target.as_fd(), options, write))
        }
        Fork::Parent(child) => {
            let child = sys::pidfd::open(child).map_err(failed)?;
            drop(write);
            let mut output = Vec::new();
            File::from(read).take(LIMIT).read_to_end(&mut output).map_err(failed)?;
            let text = String::from_utf8_lossy(&output).into_owned();
            match sys::pidfd::wait(child.as_fd()).map_err(failed)?.code() {
                0 => Ok(text),
                MISSING => Err(unknown),
                code => Err(Error::Invalid(format!("ps(1) failed with exit code {code}: {}", text.trim_end()))),
            }
        }
    }
}

/// The exit code for [`run`]; output and errors go to `write`. Only a child of the process that joins a pid namespace is in it,
/// and only such a one can mount its /proc.
fn inside(pid: i32, target: BorrowedFd<'_>, options: &[String], write: OwnedFd) -> i32 {
    let forked = enter(pid, target).and_then(|()| sys::process::fork());
    let ran = match forked {
        Ok(Fork::Child) => {
            let error = look_around().and_then(|()| execute(options, &write)).unwrap_or_else(|error| error);
            sys::process::exit_now(code(Err(error), &write))
        }
        Ok(Fork::Parent(child)) => {
            sys::pidfd::open(child).and_then(|child| sys::pidfd::wait(child.as_fd())).map(|exit| exit.code())
        }
        Err(error) => Err(error),
    };
    code(ran, &write)
}

fn code(ran: io::Result<i32>, write: &OwnedFd) -> i32 {
    match ran {
        Ok(code) => code,
        Err(error) if error.kind() == io::ErrorKind::NotFound => MISSING,
        Err(error) => {
            let _ = rustix::io::write(write, error.to_string().as_bytes());
            1
        }
    }
}

/// Returns only what went wrong.
fn execute(options: &[String], write: &OwnedFd) -> io::Result<io::Error> {
    let (output, errors) = (write.try_clone()?, write.try_clone()?);
    Ok(Command::new("ps").args(options).stdin(Stdio::null()).stdout(output).stderr(errors).exec())
}

fn enter(pid: i32, target: BorrowedFd<'_>) -> io::Result<()> {
    // The kernel refuses to join the user namespace one is in.
    if std::fs::read_link("/proc/self/ns/user")? != std::fs::read_link(format!("/proc/{pid}/ns/user"))? {
        join(target, Namespaces::USER)?;
    }
    unshare(Namespaces::MOUNT)?;
    join(target, Namespaces::PID)
}

fn look_around() -> io::Result<()> {
    mount_change("/", MountPropagationFlags::PRIVATE | MountPropagationFlags::REC)?;
    mount("proc", "/proc", "proc", MountFlags::NOSUID | MountFlags::NODEV | MountFlags::NOEXEC, None)?;
    Ok(())
}
