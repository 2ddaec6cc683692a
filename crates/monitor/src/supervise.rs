//! The loop between a container's start and its end: streams, log, clients, time limit.

use crate::clients::{Client, Clients};
use crate::log::{Log, Source};
use crate::protocol::{CONTENT, Event, Request};
use crate::stdio::Stdio;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fd::{AsFd, OwnedFd};
use rustix::io::Errno;
use rustix::process::{Signal, WaitId, WaitIdOptions, WaitIdStatus};
use rustix::termios::Winsize;
use std::collections::VecDeque;
use std::io;
use std::time::{Duration, Instant};

/// Bytes of input that wait for the container at most before clients must wait.
const INPUT: usize = 256 * 1024;

/// So long nothing has happened in a quiet container.
const QUIET: Duration = Duration::from_secs(1);

/// A running container.
#[derive(Debug)]
pub struct Container {
    /// First process; a child of this one.
    pub pid: i32,
    /// Of it.
    pub pidfd: OwnedFd,
    /// Our ends of its streams.
    pub stdio: Stdio,
    /// Standard input ends with the first client that says so or goes away.
    pub stdin_once: bool,
    /// Output ends with the command's: nobody else will ever read it.
    pub output_once: bool,
    /// Where output is kept.
    pub log: Log,
    /// Listening socket for more clients.
    pub listener: Option<OwnedFd>,
    /// Who is attached.
    pub clients: Clients,
    /// It is killed then.
    pub deadline: Option<Instant>,
    /// Waiting for the container to read it.
    pub input: Input,
    /// Given back whenever nothing has happened for a while.
    pub pages: Option<sys::memory::ProgramPages>,
}

/// Bytes for standard input.
#[derive(Debug, Default)]
pub struct Input {
    waiting: VecDeque<Vec<u8>>,
    bytes: usize,
    /// Close it after them.
    end: bool,
}

impl Input {
    /// Standard input is to be closed.
    pub fn ends(&self) -> bool {
        self.end
    }

    /// Nothing waits.
    pub fn ending(end: bool) -> Input {
        Input { end, ..Input::default() }
    }
}

/// Why [`Container::watch`] came back.
#[derive(Debug)]
pub enum Wake {
    /// The first process ended; all output is read.
    Exited(WaitIdStatus),
    /// The given time has passed and nothing is in flight.
    Idle,
}

/// What the descriptors of one poll were for.
#[derive(Clone, Copy, PartialEq)]
enum Role {
    Exit,
    Listener,
    Input,
    Output(Source),
    Terminal,
    Client,
}

impl Container {
    /// Runs the loop until the container ends, or (with `idle`) until that time has passed with nothing in flight.
    pub fn watch(&mut self, idle: Option<Instant>) -> io::Result<Wake> {
        let mut buffer = vec![0; CONTENT];
        loop {
            let now = Instant::now();
            if self.deadline.is_some_and(|deadline| deadline <= now) {
                self.deadline = None;
                let _ = self.signal(Signal::KILL.as_raw());
            }
            if idle.is_some_and(|idle| idle <= now) && self.is_quiet() {
                return Ok(Wake::Idle);
            }
            let idle = idle.filter(|idle| *idle > now);
            let wait = [idle, self.deadline].into_iter().flatten().min().map(|t| t.saturating_duration_since(now));
            let ready = self.poll(wait)?;
            self.handle(&ready, &mut buffer);
            if ready.iter().any(|(role, flags)| *role == Role::Exit && !flags.is_empty()) {
                let status = self.reap()?;
                self.drain(&mut buffer);
                return Ok(Wake::Exited(status));
            }
        }
    }

    /// Nothing is in flight: the state is complete in descriptors.
    pub fn is_quiet(&self) -> bool {
        self.input.waiting.is_empty() && !self.clients.waiting()
    }

    fn poll(&self, wait: Option<Duration>) -> io::Result<Vec<(Role, PollFlags)>> {
        let room = !self.clients.blocked();
        let writing = !self.input.waiting.is_empty();
        let read = if room { PollFlags::IN } else { PollFlags::empty() };
        let terminal = if writing { read | PollFlags::OUT } else { read };
        let wanted = [
            (Role::Exit, Some(&self.pidfd), PollFlags::IN),
            (Role::Listener, self.listener.as_ref(), PollFlags::IN),
            (Role::Output(Source::Stdout), self.stdio.stdout.as_ref().filter(|_| room), read),
            (Role::Output(Source::Stderr), self.stdio.stderr.as_ref().filter(|_| room), read),
            (Role::Input, self.stdio.stdin.as_ref().filter(|_| writing), PollFlags::OUT),
            (Role::Terminal, self.stdio.terminal.as_ref().filter(|_| !terminal.is_empty()), terminal),
        ];
        let (mut fds, mut roles) = (Vec::with_capacity(8), Vec::with_capacity(8));
        for (role, fd, flags) in wanted {
            if let Some(fd) = fd {
                fds.push(PollFd::from_borrowed_fd(fd.as_fd(), flags));
                roles.push(role);
            }
        }
        // Clients wait with their input while the container doesn't read its own.
        self.clients.poll(&mut fds, self.input.bytes < INPUT);
        roles.resize(fds.len(), Role::Client);
        self.sleep(&mut fds, wait)?;
        Ok(roles.into_iter().zip(fds.iter().map(PollFd::revents)).collect())
    }

    /// poll(2). After a quiet second the program's pages are given back, as the last thing before a longer sleep.
    fn sleep(&self, fds: &mut [PollFd<'_>], wait: Option<Duration>) -> io::Result<()> {
        let settles = self.pages.is_some() && wait.is_none_or(|wait| wait > QUIET);
        let first = if settles { Some(QUIET) } else { wait };
        let mut result = poll(fds, first.map(timespec).as_ref());
        if settles && result == Ok(0) {
            let rest = wait.map(|wait| timespec(wait.saturating_sub(QUIET)));
            if let Some(pages) = &self.pages {
                pages.forget();
            }
            result = poll(fds, rest.as_ref());
        }
        match result {
            Ok(_) | Err(Errno::INTR) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    fn handle(&mut self, ready: &[(Role, PollFlags)], buffer: &mut [u8]) {
        let clients: Vec<PollFlags> =
            ready.iter().filter(|(role, _)| *role == Role::Client).map(|(_, flags)| *flags).collect();
        for (role, flags) in ready {
            if flags.is_empty() {
                continue;
            }
            match role {
                Role::Output(source) => {
                    self.read(*source, buffer);
                }
                Role::Terminal => {
                    if flags.contains(PollFlags::OUT) {
                        self.write_input();
                    }
                    if flags.intersects(PollFlags::IN | PollFlags::HUP | PollFlags::ERR) {
                        let _ = self.read_terminal(buffer);
                    }
                }
                Role::Input => self.write_input(),
                Role::Exit | Role::Listener | Role::Client => {}
            }
        }
        self.serve(&clients);
        if ready.iter().any(|(role, flags)| *role == Role::Listener && !flags.is_empty()) {
            self.accept();
        }
    }

    /// Requests of clients.
    fn serve(&mut self, ready: &[PollFlags]) {
        if ready.iter().all(PollFlags::is_empty) {
            return;
        }
        let mut clients = std::mem::take(&mut self.clients);
        let mut left = clients.serve(ready, &mut |request| self.request(request));
        left |= clients.drop_gone();
        self.clients = clients;
        if left && self.stdin_once && self.clients.is_empty() {
            self.input.end = true;
        }
        self.write_input();
    }

    fn request(&mut self, request: Request<'_>) {
        match request {
            Request::Stdin(data) if self.stdio.stdin.is_some() || self.stdio.terminal.is_some() => {
                self.input.bytes += data.len();
                self.input.waiting.push_back(data.to_vec());
            }
            Request::Stdin(_) => {}
            Request::StdinEnd => self.input.end |= self.stdin_once,
            Request::Resize { rows, columns } => {
                if let Some(terminal) = &self.stdio.terminal {
                    let size = Winsize { ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
                    let _ = rustix::termios::tcsetwinsize(terminal, size);
                }
            }
            Request::Signal(signal) => {
                let _ = self.signal(signal);
            }
            // The container's next write then fails as it would in a pipeline without us.
            Request::Broken if self.output_once => self.stdio.stdout = None,
            Request::Broken => {}
        }
    }

    /// Sends a signal to the first process.
    pub fn signal(&self, signal: i32) -> io::Result<()> {
        let signal = Signal::from_named_raw(signal).ok_or(Errno::INVAL)?;
        Ok(rustix::process::pidfd_send_signal(&self.pidfd, signal)?)
    }

    fn accept(&mut self) {
        let Some(listener) = &self.listener else { return };
        let flags = rustix::net::SocketFlags::CLOEXEC;
        if let Ok(socket) = rustix::net::accept_with(listener, flags) {
            let mut packet = Vec::new();
            Event::Started(self.pid).encode(&mut packet);
            let _ = crate::protocol::send(&socket, &packet, rustix::net::SendFlags::DONTWAIT);
            self.clients.add(Client::new(socket, false));
        }
    }

    /// Writes what the container takes at once.
    fn write_input(&mut self) {
        let Some(fd) = self.stdio.stdin.as_ref().or(self.stdio.terminal.as_ref()) else {
            self.input = Input::default();
            return;
        };
        while let Some(data) = self.input.waiting.front_mut() {
            match rustix::io::write(fd, data) {
                Ok(written) => {
                    self.input.bytes -= written;
                    if written == data.len() {
                        self.input.waiting.pop_front();
                    } else {
                        data.drain(..written);
                    }
                }
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => return,
                // It closed its input: what waits is for nobody.
                Err(_) => {
                    self.input = Input::default();
                    self.stdio.stdin = None;
                    return;
                }
            }
        }
        if self.input.end {
            self.stdio.stdin = None;
        }
    }

    /// Reads once from a pipe; `false`: there is nothing (more).
    fn read(&mut self, source: Source, buffer: &mut [u8]) -> bool {
        let stream = match source {
            Source::Stdout => &mut self.stdio.stdout,
            Source::Stderr => &mut self.stdio.stderr,
        };
        let Some(fd) = stream else { return false };
        match rustix::io::read(&*fd, &mut *buffer) {
            Ok(0) => {
                *stream = None;
                false
            }
            Ok(length) => {
                self.output(source, &buffer[..length]);
                true
            }
            Err(Errno::INTR) => true,
            Err(Errno::AGAIN) => false,
            Err(_) => {
                *stream = None;
                false
            }
        }
    }

    /// Reads once from the terminal. EIO: no process has its other side open (now; another may open it again).
    fn read_terminal(&mut self, buffer: &mut [u8]) -> Result<bool, Errno> {
        let Some(fd) = &self.stdio.terminal else { return Ok(false) };
        match rustix::io::read(fd, &mut *buffer) {
            Ok(length) if length > 0 => {
                self.output(Source::Stdout, &buffer[..length]);
                Ok(true)
            }
            Err(Errno::INTR) => Ok(true),
            Ok(_) | Err(Errno::AGAIN) => Ok(false),
            Err(error) => {
                // A hung-up master is always readable: it would spin the loop.
                self.stdio.terminal = None;
                Err(error)
            }
        }
    }

    fn output(&mut self, source: Source, data: &[u8]) {
        // A full disk mustn't stop the container: the line is lost, the next may not be.
        let _ = self.log.write(source, data);
        self.clients.tell(&match source {
            Source::Stdout => Event::Stdout(data),
            Source::Stderr => Event::Stderr(data),
        });
    }

    fn reap(&self) -> io::Result<WaitIdStatus> {
        loop {
            match rustix::process::waitid(WaitId::PidFd(self.pidfd.as_fd()), WaitIdOptions::EXITED) {
                Ok(Some(status)) => return Ok(status),
                Ok(None) | Err(Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Reads what is left. The primary client is waited for; processes that share a host's pid namespace and keep a stream
    /// open are not.
    fn drain(&mut self, buffer: &mut [u8]) {
        loop {
            while self.clients.blocked() {
                if !self.wait_for_clients() {
                    break;
                }
            }
            let mut more = self.read(Source::Stdout, buffer);
            more |= self.read(Source::Stderr, buffer);
            more |= self.read_terminal_to_end(buffer);
            if !more {
                break;
            }
        }
        let _ = self.log.finish();
    }

    /// The terminal's last bytes may still be on their way through the line discipline: its end is certain only with EIO.
    fn read_terminal_to_end(&mut self, buffer: &mut [u8]) -> bool {
        match self.read_terminal(buffer) {
            Ok(true) => true,
            Ok(false) => self.stdio.terminal.as_ref().is_some_and(|terminal| {
                let mut fds = [PollFd::from_borrowed_fd(terminal.as_fd(), PollFlags::IN)];
                let wait = Timespec { tv_sec: 0, tv_nsec: 50_000_000 };
                matches!(poll(&mut fds, Some(&wait)), Ok(1))
            }),
            Err(_) => false,
        }
    }

    /// One round for slow clients; `false`: poll failed.
    fn wait_for_clients(&mut self) -> bool {
        let mut fds = Vec::new();
        self.clients.poll(&mut fds, true);
        if !matches!(poll(&mut fds, None), Ok(_) | Err(Errno::INTR)) {
            return false;
        }
        let ready: Vec<PollFlags> = fds.iter().map(PollFd::revents).collect();
        drop(fds);
        self.clients.serve(&ready, &mut |_| {});
        self.clients.drop_gone();
        true
    }

    /// Tells everyone how it ended, then waits until the primary client has everything and has gone.
    pub fn farewell(&mut self, event: &Event<'_>) {
        self.clients.tell(event);
        self.clients.wait_for_primary();
    }
}

fn timespec(duration: Duration) -> Timespec {
    Timespec { tv_sec: duration.as_secs().try_into().unwrap_or(i64::MAX), tv_nsec: duration.subsec_nanos().into() }
}
