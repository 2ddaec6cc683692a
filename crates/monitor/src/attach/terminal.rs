//! The user's terminal: raw mode that is taken back on every way out, and its size.

use rustix::fd::BorrowedFd;
use rustix::termios::{OptionalActions, Termios, tcgetattr, tcgetwinsize, tcsetattr};
use std::io;

/// Sent when the size changes.
pub(super) const SIGWINCH: i32 = 28;

/// A terminal in raw mode; dropping it restores what was.
#[derive(Debug)]
pub struct Raw {
    before: Termios,
}

impl Raw {
    /// Standard input's terminal. `None`: it is none.
    pub fn stdin() -> io::Result<Option<Raw>> {
        let stdin = rustix::stdio::stdin();
        if !rustix::termios::isatty(stdin) {
            return Ok(None);
        }
        let before = tcgetattr(stdin)?;
        let mut raw = before.clone();
        raw.make_raw();
        tcsetattr(stdin, OptionalActions::Now, &raw)?;
        Ok(Some(Raw { before }))
    }
}

impl Drop for Raw {
    fn drop(&mut self) {
        let _ = tcsetattr(rustix::stdio::stdin(), OptionalActions::Now, &self.before);
    }
}

/// Rows and columns of the user's terminal: of the first standard stream that is one. `None`: none is.
pub fn size() -> Option<(u16, u16)> {
    let streams = [rustix::stdio::stdin(), rustix::stdio::stdout(), rustix::stdio::stderr()];
    streams.into_iter().find_map(size_of).filter(|size| *size != (0, 0))
}

fn size_of(fd: BorrowedFd<'_>) -> Option<(u16, u16)> {
    let size = tcgetwinsize(fd).ok()?;
    Some((size.ws_row, size.ws_col))
}
