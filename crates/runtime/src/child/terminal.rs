//! A pseudo terminal of the container's own devpts. See pty(7).

use super::user::Identity;
use crate::error::{Error, Tried};
use rustix::fs::{FileType, OFlags};
use rustix::process::Uid;
use rustix::pty::OpenptFlags;
use rustix::termios::Winsize;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;
use sys::mount::Depth;

const DEVPTS_SUPER_MAGIC: u32 = 0x1cd1;

/// Both ends.
pub(crate) struct Terminal {
    /// For the engine.
    pub master: OwnedFd,
    /// For the command.
    pub slave: OwnedFd,
}

/// Opens a new one below `root`; the slave belongs to the container's user.
pub(crate) fn make(root: BorrowedFd<'_>, identity: &Identity, size: (u16, u16)) -> Result<Terminal, Error> {
    let what = || "open a terminal in the container's `/dev/pts`";
    let place = sys::path::open_without_links(root, Path::new("/dev/pts/ptmx"), OFlags::PATH, 0).tried(what)?;
    // Something else there could hand the engine a descriptor of the container's choosing.
    let stat = rustix::fs::fstat(&place).tried(what)?;
    let is_devpts = rustix::fs::fstatfs(&place).tried(what)?.f_type as u32 == DEVPTS_SUPER_MAGIC;
    let is_ptmx =
        FileType::from_raw_mode(stat.st_mode) == FileType::CharacterDevice && stat.st_rdev == rustix::fs::makedev(5, 2);
    if !is_devpts || !is_ptmx {
        return Err(Error::other("`/dev/pts/ptmx` of the container is not a terminal multiplexer"));
    }
    let flags = OFlags::RDWR | OFlags::NOCTTY;
    let master = sys::path::open_without_links(root, Path::new("/dev/pts/ptmx"), flags, 0).tried(what)?;
    rustix::pty::unlockpt(&master).tried(what)?;
    let slave = rustix::pty::ioctl_tiocgptpeer(&master, OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC)
        .tried(what)?;
    // devpts gives it its group (`gid=`).
    rustix::fs::fchown(&slave, Some(Uid::from_raw(identity.uid)), None)
        .tried(|| "give the terminal to the container's user")?;
    if size != (0, 0) {
        let size = Winsize { ws_row: size.0, ws_col: size.1, ws_xpixel: 0, ws_ypixel: 0 };
        rustix::termios::tcsetwinsize(&master, size).tried(|| "set the terminal's size")?;
    }
    Ok(Terminal { master, slave })
}

impl Terminal {
    /// Mounts the slave on /dev/console, by descriptor (CVE-2025-52565: `/dev/pts/N` by path could be swapped).
    pub(super) fn bind_console(&self, root: BorrowedFd<'_>) -> Result<(), Error> {
        let what = || "mount the terminal on `/dev/console`";
        let place = sys::path::make_file(root, Path::new("/dev/console"), 0o600).tried(what)?;
        let copy = sys::mount::detached_copy(self.slave.as_fd(), Depth::One).tried(what)?;
        sys::mount::attach(&copy, &place).tried(what)
    }
}
