//! Signals that end a build: they are read, so that its steps end and the terminal is left as it was.

use crate::error::Error;
use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use sys::signal::Mask;

/// SIGHUP, SIGINT, SIGTERM.
const ENDING: [i32; 3] = [1, 2, 15];

/// Until it is dropped these signals wait to be read.
pub(super) struct Interrupts {
    signals: OwnedFd,
    before: Mask,
}

impl Interrupts {
    pub(super) fn hold() -> Result<Interrupts, Error> {
        let mask = Mask::of(&ENDING);
        let hold = || Ok(Interrupts { before: sys::signal::block(&mask)?, signals: sys::signal::signalfd(&mask)? });
        hold().map_err(Error::io("block signals"))
    }

    /// Readable when there is one.
    pub(super) fn fd(&self) -> BorrowedFd<'_> {
        self.signals.as_fd()
    }

    /// An error if one has come.
    pub(super) fn check(&self) -> Result<(), Error> {
        match sys::signal::read(self.fd()).map_err(Error::io("read a signal"))? {
            Some(received) => Err(Error::Interrupted(received.signal)),
            None => Ok(()),
        }
    }
}

impl Drop for Interrupts {
    fn drop(&mut self) {
        let _ = sys::signal::set_mask(&self.before);
    }
}
