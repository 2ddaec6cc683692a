//! A monitor's state as it passes from one program image to the next: numbers of open descriptors and a few values.
//!
//! A forked monitor has the command's whole heap; executing itself anew drops that. Only done while nothing is in flight.

use crate::clients::{Client, Clients};
use crate::log::{Log, Saved};
use crate::stdio::Stdio;
use crate::supervise::{Container, Input};
use serde::{Deserialize, Serialize};
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::time::{Duration, Instant};

/// What [`Container`] is made of again.
#[derive(Debug, Serialize, Deserialize)]
pub struct Handover {
    pid: i32,
    pidfd: RawFd,
    stdin: Option<RawFd>,
    stdout: Option<RawFd>,
    stderr: Option<RawFd>,
    terminal: Option<RawFd>,
    listener: Option<RawFd>,
    clients: Vec<(RawFd, bool)>,
    stdin_once: bool,
    output_once: bool,
    input_ends: bool,
    log: Saved,
    deadline: Option<Duration>,
}

impl Handover {
    /// Of a container in which nothing is in flight.
    pub fn of(container: &Container) -> Handover {
        let number = |fd: &Option<OwnedFd>| fd.as_ref().map(AsRawFd::as_raw_fd);
        Handover {
            pid: container.pid,
            pidfd: container.pidfd.as_raw_fd(),
            stdin: number(&container.stdio.stdin),
            stdout: number(&container.stdio.stdout),
            stderr: number(&container.stdio.stderr),
            terminal: number(&container.stdio.terminal),
            listener: number(&container.listener),
            clients: container.clients.sockets().map(|(socket, primary)| (socket.as_raw_fd(), primary)).collect(),
            stdin_once: container.stdin_once,
            output_once: container.output_once,
            input_ends: container.input.ends(),
            log: container.log.save(),
            deadline: container.deadline.map(|deadline| deadline.saturating_duration_since(Instant::now())),
        }
    }

    /// The container again, in the new program.
    pub fn take(self) -> io::Result<Container> {
        let adopt = |number: Option<RawFd>| number.map(sys::descriptor::adopt).transpose();
        let mut clients = Clients::default();
        for (socket, primary) in self.clients {
            clients.add(Client::new(sys::descriptor::adopt(socket)?, primary));
        }
        Ok(Container {
            pid: self.pid,
            pidfd: sys::descriptor::adopt(self.pidfd)?,
            stdio: Stdio {
                stdin: adopt(self.stdin)?,
                stdout: adopt(self.stdout)?,
                stderr: adopt(self.stderr)?,
                terminal: adopt(self.terminal)?,
            },
            stdin_once: self.stdin_once,
            output_once: self.output_once,
            log: Log::restore(self.log),
            listener: adopt(self.listener)?,
            clients,
            deadline: self.deadline.map(|left| Instant::now() + left),
            input: Input::ending(self.input_ends),
            pages: None,
        })
    }
}

/// Every descriptor of the container, to be kept open (or not) across exec.
pub fn descriptors(container: &Container) -> Vec<BorrowedFd<'_>> {
    let stdio = &container.stdio;
    let optional = [&stdio.stdin, &stdio.stdout, &stdio.stderr, &stdio.terminal, &container.listener];
    let mut all: Vec<BorrowedFd<'_>> = optional.into_iter().flatten().map(AsFd::as_fd).collect();
    all.push(container.pidfd.as_fd());
    all.extend(container.clients.sockets().map(|(socket, _)| socket));
    all
}
