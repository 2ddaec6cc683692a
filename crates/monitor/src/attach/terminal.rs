//! The user's terminal: raw mode that is taken back on every way out, and its size.

use rustix::fd::BorrowedFd;
use rustix::termios::{OptionalActions, OutputModes, Termios, tcgetattr, tcgetwinsize, tcsetattr};
use std::io;

/// Sent when the size changes.
pub(super) const SIGWINCH: i32 = 28;

/// The user's terminal, passing on what the container's does; dropping it restores what was.
#[derive(Debug)]
pub struct Raw {
    terminal: BorrowedFd<'static>,
    before: Termios,
}

impl Raw {
    /// `None`: there is no terminal. With `input` standard input's becomes raw. Without only the output passes unchanged (its
    /// lines end as the container's terminal ends them), and keys such as Ctrl-C are ours.
    pub fn of_user(input: bool) -> io::Result<Option<Raw>> {
        let terminal = if input { rustix::stdio::stdin() } else { rustix::stdio::stdout() };
        if !rustix::termios::isatty(terminal) {
            return Ok(None);
        }
        let before = tcgetattr(terminal)?;
        let mut raw = before.clone();
        match input {
            true => raw.make_raw(),
            false => raw.output_modes.remove(OutputModes::OPOST),
        }
        tcsetattr(terminal, OptionalActions::Now, &raw)?;
        Ok(Some(Raw { terminal, before }))
    }
}

impl Drop for Raw {
    fn drop(&mut self) {
        let _ = tcsetattr(self.terminal, OptionalActions::Now, &self.before);
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
