//! A pasta on its way: started, its network there, all of it ready.
//!
//! Until 2024 pasta spends most of its start, some 15 ms, on its buffers, after the namespace has its interface, addresses and
//! routes. A container can begin then: what it sends waits in the interface's queue.

use super::routes::{self, Defaults, Routes};
use super::{arguments, counters, executed, maps_host_address};
use crate::namespace::visit;
use crate::{Error, PortMapping};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use std::fs;
use std::io::{self, Read};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Output, Stdio};
use std::time::{Duration, Instant};

/// It needs some milliseconds.
const LIMIT: Duration = Duration::from_secs(10);

/// What is to be run.
#[derive(Debug, Clone, Copy)]
pub struct Wish<'a> {
    /// See [`super::find`].
    pub program: &'a Path,
    /// Host ports must be chosen already (see [`crate::reserve`], whose sockets must be closed again).
    pub ports: &'a [PortMapping],
    /// As containers.conf's pasta_options.
    pub options: &'a [String],
    /// Gets its pid, for [`super::stop`].
    pub pid_file: &'a Path,
}

/// A pasta that sets up a namespace's network. Dropping it ends it.
#[derive(Debug)]
pub struct Starting {
    program: PathBuf,
    child: Option<Child>,
    /// Gets pasta's pid when it is ready, or its end when it has failed.
    word: ChildStdout,
    ready: bool,
    netns: OwnedFd,
    /// And which routes it will make there.
    routes: Option<(Routes, Defaults)>,
    /// Until when it is waited for.
    deadline: Instant,
}

/// Starts it for a namespace; `routes` watches that one.
///
/// # Errors
/// That it can't be run, or that a protocol can't be forwarded.
pub fn start(wish: &Wish<'_>, netns: BorrowedFd<'_>, routes: Option<Routes>) -> Result<Starting, Error> {
    let program = wish.program;
    let new = maps_host_address(program);
    let mut arguments = arguments::of(wish.ports, wish.options, new)?;
    // Its pid is its word that it is ready.
    arguments.extend(["--foreground", "--pid", "/proc/self/fd/1"].map(String::from));
    // As standard input: pasta closes all other descriptors first, and before it opens the path it gives up the right to look
    // into /proc/PID of a process with more capabilities. It can't watch that path, so it is told not to; `stop` ends it.
    arguments.extend(["--netns", "/proc/self/fd/0", "--no-netns-quit"].map(String::from));
    let what = || format!("cannot run `{}`", program.display());
    let clone = || netns.try_clone_to_owned().map_err(Error::io(what()));
    let (stdin, netns) = (clone()?, clone()?);
    let mut command = Command::new(executed(program));
    // It is pasta, not passt, by the name it is called by.
    command.arg0(program).args(arguments).stdin(stdin).stdout(Stdio::piped()).stderr(Stdio::piped());
    let path = wish.pid_file;
    let note = fs::File::create(path).map_err(Error::io(format!("cannot write `{}`", path.display())))?;
    sys::process::note_pid(&mut command, note.into());
    let mut child = command.spawn().map_err(Error::io(what()))?;
    let word = child.stdout.take().ok_or_else(|| Error::io(what())(io::ErrorKind::BrokenPipe.into()))?;
    // A newer one copies more than the default routes and is ready soon; published ports are there only when it is.
    let early = !new && wish.ports.is_empty() && wish.options.is_empty();
    let routes = routes.filter(|_| early).map(|routes| (routes, routes::of_host()));
    let deadline = Instant::now() + LIMIT;
    Ok(Starting { program: program.to_owned(), child: Some(child), word, ready: false, netns, routes, deadline })
}

impl Starting {
    /// Its process.
    pub fn pid(&self) -> i32 {
        self.child.as_ref().map_or(0, |child| child.id().cast_signed())
    }

    /// Waits until a container can begin: its network is there, or, where that can't be told, pasta is ready.
    ///
    /// # Errors
    /// pasta's own words, if it has failed by then.
    pub fn configured(&mut self) -> Result<(), Error> {
        while let Some((mut routes, wanted)) = self.routes.take() {
            if self.speaks_before(Some(routes.as_fd()))? {
                break;
            }
            match routes.have(wanted) {
                Ok(true) => return Ok(()),
                Ok(false) => self.routes = Some((routes, wanted)),
                // Something was missed.
                Err(_) => {}
            }
        }
        self.hear()
    }

    /// Waits until it is ready, or until the first process of its container, which can begin when the network is configured, has
    /// ended without anything having been sent.
    ///
    /// # Errors
    /// pasta's own words.
    pub fn finish(mut self, process: Option<BorrowedFd<'_>>) -> Result<(), Error> {
        let needed = match process {
            Some(process) => self.ready || self.speaks_before(Some(process))? || has_sent(self.netns.as_fd()),
            None => true,
        };
        if needed {
            self.hear()?;
        }
        // It goes on by itself.
        self.child = None;
        Ok(())
    }

    /// Waits for its word.
    fn hear(&mut self) -> Result<(), Error> {
        while !self.ready {
            self.speaks_before(None)?;
            match self.word.read(&mut [0; 32]) {
                Ok(0) => break,
                Ok(_) => self.ready = true,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(self.lost(error)),
            }
        }
        if self.ready { Ok(()) } else { Err(self.failure()) }
    }

    /// Whether pasta says how it went before the other becomes readable.
    fn speaks_before(&self, other: Option<BorrowedFd<'_>>) -> Result<bool, Error> {
        let mut fds = vec![PollFd::from_borrowed_fd(self.word.as_fd(), PollFlags::IN)];
        fds.extend(other.map(|other| PollFd::from_borrowed_fd(other, PollFlags::IN)));
        loop {
            let left = self.deadline.saturating_duration_since(Instant::now());
            let left = Timespec { tv_sec: left.as_secs().cast_signed(), tv_nsec: left.subsec_nanos().into() };
            match poll(&mut fds, Some(&left)) {
                Ok(0) => {
                    let program = self.program.display().to_string();
                    return Err(Error::PastaSilent { program, seconds: LIMIT.as_secs() });
                }
                Ok(_) => return Ok(!fds[0].revents().is_empty()),
                Err(Errno::INTR) => {}
                Err(errno) => return Err(self.lost(errno.into())),
            }
        }
    }

    fn lost(&self, error: io::Error) -> Error {
        Error::io(format!("cannot wait for `{}`", self.program.display()))(error)
    }

    fn failure(&mut self) -> Error {
        let Some(child) = self.child.take() else { return self.lost(io::ErrorKind::BrokenPipe.into()) };
        match child.wait_with_output() {
            Ok(Output { status, stderr, .. }) => {
                Error::Pasta { code: status.code().unwrap_or(-1), stderr: said(&String::from_utf8_lossy(&stderr)) }
            }
            Err(error) => self.lost(error),
        }
    }
}

impl Drop for Starting {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// Whether anything in the namespace has sent: then pasta gets to see it.
fn has_sent(netns: BorrowedFd<'_>) -> bool {
    let read = |name| {
        let path = format!("/proc/thread-self/net/{name}");
        fs::read_to_string(&path).map_err(Error::io(format!("cannot read `{path}`")))
    };
    visit(netns, || Ok((read("snmp")?, read("snmp6").unwrap_or_default())))
        .map_or(true, |(snmp, snmp6)| counters::sent(&snmp, &snmp6))
}

/// Without the complaints of older versions that there is no syslog.
fn said(stderr: &str) -> String {
    let lines = stderr.lines().filter(|l| !l.ends_with("bytes to syslog") && !l.is_empty());
    lines.collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_about_syslog_are_left_out() {
        assert_eq!(said("Failed to send 5 bytes to syslog\nNo route\n\n"), "No route");
    }
}
