//! Processes by descriptor: pidfd_open(2), pidfd_send_signal(2), waitid(2).

use crate::check;
use rustix::process::{Pid, PidfdFlags, WaitId, WaitIdOptions};
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd};

/// How a process ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// exit(code).
    Code(i32),
    /// Killed by this signal.
    Signal(i32),
}

impl Exit {
    /// As shells and Podman count: the code, or 128 + signal.
    pub fn code(self) -> i32 {
        match self {
            Exit::Code(code) => code,
            Exit::Signal(signal) => 128 + signal,
        }
    }
}

/// pidfd_open(2), close-on-exec.
pub fn open(pid: i32) -> io::Result<OwnedFd> {
    let pid = Pid::from_raw(pid).ok_or(io::ErrorKind::InvalidInput)?;
    Ok(rustix::process::pidfd_open(pid, PidfdFlags::empty())?)
}

/// pidfd_send_signal(2). Signal 0 only asks whether the process is there (a zombie is).
pub fn send_signal(pidfd: BorrowedFd<'_>, signal: i32) -> io::Result<()> {
    // SAFETY: a valid descriptor; the info pointer may be null.
    let result = unsafe {
        libc::syscall(
            libc::SYS_pidfd_send_signal,
            pidfd.as_raw_fd(),
            signal,
            std::ptr::null::<libc::siginfo_t>(),
            0 as libc::c_uint,
        )
    };
    check(result).map(drop)
}

/// pidfd_getfd(2): a copy of the other process's descriptor `number` (needs ptrace rights over it).
pub fn get_fd(pidfd: BorrowedFd<'_>, number: i32) -> io::Result<OwnedFd> {
    // SAFETY: plain numbers.
    let fd = check(unsafe { libc::syscall(libc::SYS_pidfd_getfd, pidfd.as_raw_fd(), number, 0 as libc::c_uint) })?;
    // SAFETY: a new descriptor of ours.
    Ok(unsafe { OwnedFd::from_raw_fd(fd as i32) })
}

/// Waits for a child to end and reaps it.
pub fn wait(pidfd: BorrowedFd<'_>) -> io::Result<Exit> {
    loop {
        match waitid(pidfd, WaitIdOptions::EXITED) {
            Ok(Some(exit)) => return Ok(exit),
            Ok(None) => {}
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// Reaps a child if it has ended; `None` while it runs.
pub fn try_wait(pidfd: BorrowedFd<'_>) -> io::Result<Option<Exit>> {
    waitid(pidfd, WaitIdOptions::EXITED | WaitIdOptions::NOHANG)
}

fn waitid(pidfd: BorrowedFd<'_>, options: WaitIdOptions) -> io::Result<Option<Exit>> {
    let Some(status) = rustix::process::waitid(WaitId::PidFd(pidfd), options)? else { return Ok(None) };
    Ok(match (status.exit_status(), status.terminating_signal()) {
        (Some(code), _) => Some(Exit::Code(code)),
        (_, Some(signal)) => Some(Exit::Signal(signal)),
        _ => None,
    })
}

/// Waits up to `milliseconds` (-1: for ever) for the process to end, without reaping it. Works for any process, not only children.
pub fn poll_exit(pidfd: BorrowedFd<'_>, milliseconds: i32) -> io::Result<bool> {
    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    let limit = (milliseconds >= 0).then(|| Timespec {
        tv_sec: (milliseconds / 1000).into(),
        tv_nsec: i64::from(milliseconds % 1000) * 1_000_000,
    });
    let mut fds = [PollFd::new(&pidfd, PollFlags::IN)];
    loop {
        match poll(&mut fds, limit.as_ref()) {
            Ok(count) => return Ok(count > 0),
            Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
}
