//! `run`, and `exec` without `--detach`: this process stays beside the container's, passes signals and the terminal on, and ends as it
//! did.

use crate::error::{Error, Tried};
use crate::folder::{Container, Root};
use crate::{Create, create, delete, start};
use rustix::event::{PollFd, PollFlags, poll};
use rustix::termios::{OptionalActions, Termios, tcgetattr, tcgetwinsize, tcsetattr, tcsetwinsize};
use std::os::fd::{AsFd, OwnedFd};
use sys::signal::Mask;

/// How a process ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ended {
    /// Its exit code, or 128 and the signal's number.
    pub code: i32,
}

/// Creates and starts; unless `detach`, waits for the end and, unless `keep`, deletes.
pub fn run(root: &Root, wish: &Create<'_>, detach: bool, keep: bool) -> Result<Option<Ended>, Error> {
    let mut made = create::make(root, wish, detach)?;
    if let Err(error) = create::hand_over(&made, wish) {
        return Err(made.undo(error));
    }
    // Before it can end, or be told to.
    let signals = if detach { None } else { Some(Signals::take()?) };
    if let Err(error) = made.launched.start() {
        return Err(made.undo(error.into()));
    }
    let container = Container { folder: made.locked.folder.clone(), record: made.record.clone() };
    let started = start::after_start(&container, &made.spec);
    let Some(signals) = signals else {
        return started.map(|()| None);
    };
    let terminal = made.ready.terminal.take().filter(|_| wish.console_socket.is_none());
    // Others may look, stop and delete it meanwhile.
    drop(made.locked);
    let ended = attend_with(&made.launched.pidfd, terminal, signals)?;
    if !keep {
        match delete::delete(root, wish.id, false) {
            Ok(()) | Err(Error::NotFound(_)) => {}
            Err(error) => return Err(error),
        }
    }
    started.map(|()| Some(ended))
}

/// Stays beside a child of this process until it ends.
pub(crate) fn attend(process: &OwnedFd, terminal: Option<OwnedFd>) -> Result<Ended, Error> {
    attend_with(process, terminal, Signals::take()?)
}

/// All signals, which are passed on.
struct Signals(OwnedFd);

impl Signals {
    fn take() -> Result<Signals, Error> {
        let what = || "take signals";
        let mask = Mask::all();
        sys::signal::block(&mask).tried(what)?;
        sys::signal::signalfd(&mask).tried(what).map(Signals)
    }
}

/// The caller's terminal in raw mode; dropping it restores what was.
struct Raw(Termios);

impl Raw {
    fn begin() -> Option<Raw> {
        let before = tcgetattr(rustix::stdio::stdin()).ok()?;
        let mut raw = before.clone();
        raw.make_raw();
        tcsetattr(rustix::stdio::stdin(), OptionalActions::Now, &raw).ok()?;
        Some(Raw(before))
    }
}

impl Drop for Raw {
    fn drop(&mut self) {
        let _ = tcsetattr(rustix::stdio::stdin(), OptionalActions::Now, &self.0);
    }
}

const CHILD: i32 = 17;
const WINDOW: i32 = 28;

fn attend_with(process: &OwnedFd, terminal: Option<OwnedFd>, signals: Signals) -> Result<Ended, Error> {
    let _raw = terminal.as_ref().and_then(|_| Raw::begin());
    if let Some(terminal) = &terminal {
        resize(terminal);
    }
    let mut input_open = true;
    loop {
        let mut fds = vec![PollFd::new(process, PollFlags::IN), PollFd::new(&signals.0, PollFlags::IN)];
        if let Some(terminal) = &terminal {
            fds.push(PollFd::new(terminal, PollFlags::IN));
            if input_open {
                fds.push(PollFd::from_borrowed_fd(rustix::stdio::stdin(), PollFlags::IN));
            }
        }
        match poll(&mut fds, None) {
            Err(rustix::io::Errno::INTR) => continue,
            other => other.tried(|| "wait for the container")?,
        };
        let ready: Vec<bool> = fds.iter().map(|fd| !fd.revents().is_empty()).collect();
        if ready[1] {
            pass_signal(&signals, process, terminal.as_ref())?;
        }
        if let Some(terminal) = &terminal {
            if ready[2] {
                copy(terminal, rustix::stdio::stdout());
            }
            if ready.get(3) == Some(&true) {
                input_open = copy(rustix::stdio::stdin(), terminal);
            }
        }
        if ready[0] {
            let exit = sys::pidfd::wait(process.as_fd()).tried(|| "hear of the container's end")?;
            if let Some(terminal) = &terminal {
                // What it wrote last.
                while readable(terminal) && copy(terminal, rustix::stdio::stdout()) {}
            }
            return Ok(Ended { code: exit.code() });
        }
    }
}

fn pass_signal(signals: &Signals, process: &OwnedFd, terminal: Option<&OwnedFd>) -> Result<(), Error> {
    let Some(received) = sys::signal::read(signals.0.as_fd()).tried(|| "read a signal")? else { return Ok(()) };
    match (received.signal, terminal) {
        (CHILD, _) => {}
        (WINDOW, Some(terminal)) => resize(terminal),
        // It may have ended just now.
        (signal, _) => drop(sys::pidfd::send_signal(process.as_fd(), signal)),
    }
    Ok(())
}

fn resize(terminal: &OwnedFd) {
    if let Ok(size) = tcgetwinsize(rustix::stdio::stdin()) {
        let _ = tcsetwinsize(terminal, size);
    }
}

fn readable(terminal: &OwnedFd) -> bool {
    let mut fds = [PollFd::new(terminal, PollFlags::IN)];
    let at_once = rustix::event::Timespec { tv_sec: 0, tv_nsec: 0 };
    poll(&mut fds, Some(&at_once)).is_ok_and(|count| count > 0) && fds[0].revents().contains(PollFlags::IN)
}

/// One piece; false at the end.
fn copy(from: impl AsFd, to: impl AsFd) -> bool {
    let mut buffer = [0; 16 * 1024];
    let length = match rustix::io::read(&from, &mut buffer) {
        Ok(0) | Err(_) => return false,
        Ok(length) => length,
    };
    let mut left = &buffer[..length];
    while !left.is_empty() {
        match rustix::io::write(&to, left) {
            Ok(written) => left = &left[written..],
            Err(rustix::io::Errno::INTR) => {}
            Err(_) => return false,
        }
    }
    true
}
