//! A session on a terminal we hold ourselves: `exec -t`, where no monitor stands between.

use super::{Keys, Raw, terminal};
use rustix::event::{PollFd, PollFlags, poll};
use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::io::Errno;
use rustix::termios::Winsize;
use std::io;

/// The process's terminal and ours.
pub struct Terminal {
    /// Master side.
    pub terminal: OwnedFd,
    /// Signalfd of [`super::signals`], blocked by the caller.
    pub signals: OwnedFd,
    /// Pressed to leave the process alone.
    pub keys: Keys,
    /// Our input goes there.
    pub stdin: bool,
}

impl Terminal {
    /// Until the process (our child) has ended and its output is here: its exit code. `None`: detached by the keys.
    pub fn run(mut self, process: BorrowedFd<'_>) -> io::Result<Option<i32>> {
        let _raw = Raw::of_user(self.stdin)?;
        self.resize();
        let mut buffer = vec![0; 32 * 1024];
        let mut open = true;
        loop {
            let (output, ended, signal, input) = self.poll(process, open)?;
            if signal {
                while let Some(received) = sys::signal::read(self.signals.as_fd())? {
                    match received.signal {
                        terminal::SIGWINCH => self.resize(),
                        signal => drop(sys::pidfd::send_signal(process, signal)),
                    }
                }
            }
            if input && self.input(&mut buffer) {
                return Ok(None);
            }
            if output {
                open = self.output(&mut buffer);
            } else if ended {
                return sys::pidfd::wait(process).map(|exit| Some(exit.code()));
            }
        }
    }

    /// What is ready: output, the process's end, signals, our input.
    fn poll(&self, process: BorrowedFd<'_>, open: bool) -> io::Result<(bool, bool, bool, bool)> {
        let flags = if open { PollFlags::IN } else { PollFlags::empty() };
        let mut fds = vec![PollFd::from_borrowed_fd(process, PollFlags::IN), PollFd::new(&self.signals, PollFlags::IN)];
        if open {
            fds.push(PollFd::new(&self.terminal, flags));
        }
        if self.stdin {
            fds.push(PollFd::from_borrowed_fd(rustix::stdio::stdin(), PollFlags::IN));
        }
        match poll(&mut fds, None) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        let ready = |index: usize| fds.get(index).is_some_and(|fd| !fd.revents().is_empty());
        let input = self.stdin && ready(if open { 3 } else { 2 });
        Ok((open && ready(2), ready(0), ready(1), input))
    }

    fn resize(&self) {
        if let Some((rows, columns)) = terminal::size() {
            let size = Winsize { ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
            let _ = rustix::termios::tcsetwinsize(&self.terminal, size);
        }
    }

    /// `false`: the other side is closed (EIO).
    fn output(&self, buffer: &mut [u8]) -> bool {
        match rustix::io::read(&self.terminal, &mut *buffer) {
            Ok(0) => false,
            Ok(length) => {
                super::relay::write_all(rustix::stdio::stdout(), &buffer[..length]);
                true
            }
            Err(Errno::INTR | Errno::AGAIN) => true,
            Err(_) => false,
        }
    }

    /// `true`: the keys were pressed.
    fn input(&mut self, buffer: &mut [u8]) -> bool {
        match rustix::io::read(rustix::stdio::stdin(), &mut *buffer) {
            Ok(length) if length > 0 => {
                let (through, detach) = self.keys.filter(&buffer[..length]);
                super::relay::write_all(self.terminal.as_fd(), &through);
                detach
            }
            Err(Errno::INTR | Errno::AGAIN) => false,
            _ => {
                self.stdin = false;
                false
            }
        }
    }
}
