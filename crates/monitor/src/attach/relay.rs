//! The loop of an attached session.

use super::{Keys, Raw, terminal};
use crate::protocol::{self, CONTENT, Event, MAX, Request};
use rustix::event::{PollFd, PollFlags, poll};
use rustix::fd::{AsFd, BorrowedFd};
use rustix::io::Errno;
use rustix::net::{RecvFlags, SendFlags};
use std::collections::VecDeque;
use std::io;

/// Packets that wait for the monitor before no more input is read.
const WAITING: usize = 4;

/// Which of our standard streams are connected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Streams {
    /// Ours goes to the container.
    pub stdin: bool,
    /// The container's comes to ours.
    pub stdout: bool,
    /// The container's comes to ours.
    pub stderr: bool,
}

/// A session.
pub struct Relay<'a> {
    /// To the monitor.
    pub socket: BorrowedFd<'a>,
    /// See [`Streams`].
    pub streams: Streams,
    /// The container has a terminal: ours becomes raw and its size is followed.
    pub terminal: bool,
    /// Pressed to leave the container alone.
    pub keys: Keys,
    /// When nobody reads our output any more the container's is closed too; else it is left alone.
    pub output_once: bool,
    /// Send our signals on.
    pub proxy: bool,
    /// Signalfd of [`super::signals`], blocked by the caller.
    pub signals: BorrowedFd<'a>,
    /// Packets the monitor hasn't taken yet. Waiting for it here could be for ever: it may wait for us to take output.
    pub outgoing: VecDeque<Vec<u8>>,
    /// Called once with the pid when the container runs.
    pub started: &'a mut dyn FnMut(i32),
    /// Called with each warning of the monitor.
    pub warn: &'a dyn Fn(&str),
}

/// How a session ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ended {
    /// The container did, with this code.
    Exited(i32),
    /// It could not be started: exit code and message.
    Failed(i32, String),
    /// By the keys.
    Detached,
    /// By this signal, which isn't proxied.
    Interrupted(i32),
    /// The monitor is gone without a word.
    Lost,
}

impl Relay<'_> {
    /// Until the container ends or the session does.
    pub fn run(mut self) -> io::Result<Ended> {
        let mut raw = None;
        if self.terminal {
            self.resize();
            raw = Raw::of_user(self.streams.stdin)?;
        }
        let mut buffer = vec![0; MAX];
        let ended = loop {
            let (socket, stdin, signal) = self.poll()?;
            if signal && let Some(ended) = self.signal()? {
                break ended;
            }
            if stdin && self.input(&mut buffer)? {
                break Ended::Detached;
            }
            self.flush();
            if socket && let Some(ended) = self.event(&mut buffer)? {
                break ended;
            }
        };
        drop(raw);
        Ok(ended)
    }

    /// Which of socket, standard input and signals are ready.
    fn poll(&self) -> io::Result<(bool, bool, bool)> {
        let stdin = rustix::stdio::stdin();
        let socket = if self.outgoing.is_empty() { PollFlags::IN } else { PollFlags::IN | PollFlags::OUT };
        let mut fds = vec![PollFd::new(&self.socket, socket), PollFd::from_borrowed_fd(self.signals, PollFlags::IN)];
        // What the container doesn't take yet stays with whoever writes to us.
        if self.streams.stdin && self.outgoing.len() < WAITING {
            fds.push(PollFd::from_borrowed_fd(stdin, PollFlags::IN));
        }
        loop {
            match poll(&mut fds, None) {
                Ok(_) => break,
                Err(Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
        let ready = |index: usize| fds.get(index).is_some_and(|fd| !fd.revents().is_empty());
        Ok((ready(0), ready(2), ready(1)))
    }

    fn signal(&mut self) -> io::Result<Option<Ended>> {
        while let Some(received) = sys::signal::read(self.signals.as_fd())? {
            match received.signal {
                terminal::SIGWINCH => self.resize(),
                signal if self.proxy => self.send(Request::Signal(signal)),
                signal => return Ok(Some(Ended::Interrupted(signal))),
            }
        }
        Ok(None)
    }

    fn resize(&mut self) {
        if self.terminal
            && let Some((rows, columns)) = terminal::size()
        {
            self.send(Request::Resize { rows, columns });
        }
    }

    /// Reads our input once; `true`: the keys were pressed.
    fn input(&mut self, buffer: &mut [u8]) -> io::Result<bool> {
        match rustix::io::read(rustix::stdio::stdin(), &mut buffer[..CONTENT]) {
            Ok(0) => {
                self.streams.stdin = false;
                self.send(Request::StdinEnd);
                Ok(false)
            }
            // Without a terminal there are no keys, and any bytes may come.
            Ok(length) if !self.terminal => {
                self.send(Request::Stdin(&buffer[..length]));
                Ok(false)
            }
            Ok(length) => {
                let (through, detach) = self.keys.filter(&buffer[..length]);
                through.chunks(CONTENT).for_each(|part| self.send(Request::Stdin(part)));
                Ok(detach)
            }
            Err(Errno::INTR | Errno::AGAIN) => Ok(false),
            // EIO: our terminal is gone, or we are in its background; EBADF: closed from the beginning.
            Err(_) => {
                self.streams.stdin = false;
                self.send(Request::StdinEnd);
                Ok(false)
            }
        }
    }

    /// Handles one packet.
    fn event(&mut self, buffer: &mut [u8]) -> io::Result<Option<Ended>> {
        let packet = match protocol::receive(self.socket, buffer, RecvFlags::DONTWAIT) {
            Ok([]) => return Ok(Some(Ended::Lost)),
            Ok(packet) => packet,
            Err(Errno::AGAIN) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        match Event::decode(packet) {
            Some(Event::Started(pid)) => (self.started)(pid),
            Some(Event::Failed(code, text)) => return Ok(Some(Ended::Failed(code, text.to_owned()))),
            Some(Event::Warning(text)) => (self.warn)(text),
            Some(Event::Stdout(data)) if self.streams.stdout => {
                self.streams.stdout = write_all(rustix::stdio::stdout(), data);
                if !self.streams.stdout {
                    if !self.output_once {
                        return Ok(Some(Ended::Detached));
                    }
                    self.send(Request::Broken);
                }
            }
            Some(Event::Stderr(data)) if self.streams.stderr => {
                self.streams.stderr = write_all(rustix::stdio::stderr(), data);
            }
            Some(Event::Exited(code)) => return Ok(Some(Ended::Exited(code))),
            Some(Event::Stdout(_) | Event::Stderr(_)) | None => {}
        }
        Ok(None)
    }

    fn send(&mut self, request: Request<'_>) {
        let mut packet = Vec::new();
        request.encode(&mut packet);
        self.outgoing.push_back(packet);
    }

    /// A monitor that is gone shows itself when we read from it.
    fn flush(&mut self) {
        while let Some(packet) = self.outgoing.front() {
            match protocol::send(self.socket, packet, SendFlags::DONTWAIT) {
                Err(Errno::AGAIN) => return,
                Ok(()) | Err(_) => self.outgoing.pop_front(),
            };
        }
    }
}

/// `false`: nobody reads it any more.
pub(super) fn write_all(fd: BorrowedFd<'_>, mut data: &[u8]) -> bool {
    while !data.is_empty() {
        match rustix::io::write(fd, data) {
            Ok(written) => data = &data[written..],
            Err(Errno::INTR) => {}
            // Our streams may have been made non-blocking by whoever shares them.
            Err(Errno::AGAIN) => {
                let mut fds = [PollFd::from_borrowed_fd(fd, PollFlags::OUT)];
                let _ = poll(&mut fds, None);
            }
            Err(_) => return false,
        }
    }
    true
}
