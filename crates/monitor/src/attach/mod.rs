//! The client's side of an attached session: this process's terminal and streams on one hand, the monitor on the other.

mod keys;
mod relay;
mod session;
mod terminal;

pub use keys::Keys;
pub use relay::{Ended, Relay, Streams};
pub use session::Terminal;
pub use terminal::{Raw, size};

use rustix::fd::OwnedFd;
use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType};
use std::io;
use std::path::Path;

/// Signals a session can be sent by hand and therefore sends on (`--sig-proxy`): not those of job control and of this
/// process's own doings.
const PROXIED: &[i32] = &[1, 2, 3, 10, 12, 14, 15, 16, 18, 23, 24, 25, 26, 27, 29, 30];

/// The signals a session wants to read from a signalfd: those to be proxied and SIGWINCH. To be blocked before the
/// container starts, so that none is lost.
pub fn signals() -> sys::signal::Mask {
    let mut signals = PROXIED.to_vec();
    // SIGURG (23) is sent by nobody by hand.
    signals.retain(|signal| *signal != 23);
    signals.push(terminal::SIGWINCH);
    sys::signal::Mask::of(&signals)
}

/// Makes the socket on which a monitor takes more clients. Its folder's path may be longer than a socket's name can be.
pub fn listen(folder: &Path) -> io::Result<OwnedFd> {
    let socket = socket()?;
    in_folder(folder, |address| {
        rustix::net::bind(&socket, address)?;
        Ok(rustix::net::listen(&socket, 16)?)
    })?;
    Ok(socket)
}

/// Connects to a monitor.
pub fn connect(folder: &Path) -> io::Result<OwnedFd> {
    let socket = socket()?;
    in_folder(folder, |address| Ok(rustix::net::connect(&socket, address)?))?;
    Ok(socket)
}

fn socket() -> io::Result<OwnedFd> {
    Ok(rustix::net::socket_with(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None)?)
}

/// unix(7): a name has at most 107 bytes; through the folder's descriptor it always fits.
fn in_folder(folder: &Path, f: impl FnOnce(&SocketAddrUnix) -> io::Result<()>) -> io::Result<()> {
    use std::os::fd::AsRawFd;
    let folder = std::fs::File::open(folder)?;
    f(&SocketAddrUnix::new(format!("/proc/self/fd/{}/attach", folder.as_raw_fd()))?)
}
