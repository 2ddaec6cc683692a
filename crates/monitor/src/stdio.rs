//! The container's standard streams as the monitor holds them: pipes, a terminal, or nothing (the container has the
//! command's own).

use rustix::fd::{BorrowedFd, OwnedFd};
use rustix::fs::OFlags;
use rustix::pipe::PipeFlags;
use std::io;

/// The monitor's ends.
#[derive(Debug, Default)]
pub struct Stdio {
    /// Write end; `None`: closed, or /dev/null from the beginning.
    pub stdin: Option<OwnedFd>,
    /// Read end.
    pub stdout: Option<OwnedFd>,
    /// Read end.
    pub stderr: Option<OwnedFd>,
    /// Instead of the three.
    pub terminal: Option<OwnedFd>,
}

/// The container's ends, to be closed once it has them.
#[derive(Debug)]
pub struct Inner {
    /// Becomes 0.
    pub stdin: OwnedFd,
    /// Becomes 1.
    pub stdout: OwnedFd,
    /// Becomes 2.
    pub stderr: OwnedFd,
}

/// Pipes; standard input is /dev/null unless wanted.
pub fn pipes(stdin: bool) -> io::Result<(Stdio, Inner)> {
    let (stdin_inner, stdin_outer) = if stdin {
        let (read, write) = pipe()?;
        (read, Some(write))
    } else {
        (rustix::fs::open("/dev/null", OFlags::RDONLY | OFlags::CLOEXEC, rustix::fs::Mode::empty())?, None)
    };
    let (stdout, stdout_inner) = pipe()?;
    let (stderr, stderr_inner) = pipe()?;
    for fd in [Some(&stdout), Some(&stderr), stdin_outer.as_ref()].into_iter().flatten() {
        nonblocking(rustix::fd::AsFd::as_fd(fd))?;
    }
    let outer = Stdio { stdin: stdin_outer, stdout: Some(stdout), stderr: Some(stderr), terminal: None };
    Ok((outer, Inner { stdin: stdin_inner, stdout: stdout_inner, stderr: stderr_inner }))
}

/// The master side of a pseudo terminal.
pub fn terminal(master: OwnedFd) -> io::Result<Stdio> {
    nonblocking(rustix::fd::AsFd::as_fd(&master))?;
    Ok(Stdio { terminal: Some(master), ..Stdio::default() })
}

/// Makes reads and writes of our end return at once. Only for descriptions that nobody else holds.
pub fn nonblocking(fd: BorrowedFd<'_>) -> io::Result<()> {
    let flags = rustix::fs::fcntl_getfl(fd)?;
    Ok(rustix::fs::fcntl_setfl(fd, flags | OFlags::NONBLOCK)?)
}

fn pipe() -> io::Result<(OwnedFd, OwnedFd)> {
    Ok(rustix::pipe::pipe_with(PipeFlags::CLOEXEC)?)
}
