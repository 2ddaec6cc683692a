//! Handing a terminal's master to whoever listens at `--console-socket`.

use crate::error::{Error, Tried};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::path::Path;

/// Sends it; the message's bytes are the terminal's name, as runc's users expect.
pub(crate) fn hand_over(master: &OwnedFd, socket: &Path) -> Result<(), Error> {
    let connection = UnixStream::connect(socket).at("connect to the console socket", socket)?;
    sys::fd_passing::send(&connection, b"/dev/ptmx", &[master.as_fd()]).at("send the terminal to", socket)
}
