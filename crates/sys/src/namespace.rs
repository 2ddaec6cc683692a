//! Namespaces: setns(2), unshare(2), namespaces(7).

use crate::check;
use std::io;
use std::ops::{BitOr, BitOrAssign};
use std::os::fd::{AsRawFd, BorrowedFd, OwnedFd};
use std::path::Path;

/// A set of namespace kinds (CLONE_NEW… bits).
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Namespaces(u32);

impl Namespaces {
    /// None.
    pub const NONE: Self = Self(0);
    /// Users and capabilities.
    pub const USER: Self = Self(libc::CLONE_NEWUSER as u32);
    /// Mounts.
    pub const MOUNT: Self = Self(libc::CLONE_NEWNS as u32);
    /// Process ids.
    pub const PID: Self = Self(libc::CLONE_NEWPID as u32);
    /// Network devices, addresses, firewall, ….
    pub const NET: Self = Self(libc::CLONE_NEWNET as u32);
    /// System V and POSIX message queues, shared memory, semaphores.
    pub const IPC: Self = Self(libc::CLONE_NEWIPC as u32);
    /// Host and domain name.
    pub const UTS: Self = Self(libc::CLONE_NEWUTS as u32);
    /// Root of the control groups.
    pub const CGROUP: Self = Self(libc::CLONE_NEWCGROUP as u32);
    /// Boot and monotonic clock offsets.
    pub const TIME: Self = Self(0x80);

    /// The kernel's bits.
    pub const fn bits(self) -> u32 {
        self.0
    }
    /// Whether all of `other` are in it.
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }
    /// Whether it is empty.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }
    /// Without those of `other`.
    pub const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }
    /// The kind of the runtime specification's name (`network`, `mount`, …).
    pub fn from_oci(name: &str) -> Option<Self> {
        Some(match name {
            "pid" => Self::PID,
            "network" => Self::NET,
            "mount" => Self::MOUNT,
            "ipc" => Self::IPC,
            "uts" => Self::UTS,
            "user" => Self::USER,
            "cgroup" => Self::CGROUP,
            "time" => Self::TIME,
            _ => return None,
        })
    }
}

impl BitOr for Namespaces {
    type Output = Self;
    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl BitOrAssign for Namespaces {
    fn bitor_assign(&mut self, other: Self) {
        self.0 |= other.0;
    }
}

/// setns(2): `target` is a namespace file (`kinds` checks its kind) or a pidfd (joins all of `kinds` at once, Linux 5.8).
pub fn join(target: BorrowedFd<'_>, kinds: Namespaces) -> io::Result<()> {
    // SAFETY: a valid descriptor and plain bits.
    check(unsafe { libc::setns(target.as_raw_fd(), kinds.0 as libc::c_int) }.into()).map(drop)
}

/// unshare(2) of namespaces. Only the calling thread moves (user: the caller must be single-threaded).
pub fn unshare(kinds: Namespaces) -> io::Result<()> {
    // SAFETY: only CLONE_NEW… bits can be in `kinds`; none of them unshares memory or descriptors.
    check(unsafe { libc::unshare(kinds.0 as libc::c_int) }.into()).map(drop)
}

/// Opens a namespace file such as `/proc/PID/ns/net`.
pub fn open(path: impl AsRef<Path>) -> io::Result<OwnedFd> {
    use rustix::fs::{Mode, OFlags};
    Ok(rustix::fs::open(path.as_ref(), OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty())?)
}

/// Runs `f` with the calling thread inside another network namespace and returns to the old one. A socket opened by `f`
/// stays in that namespace. Other threads are not touched.
pub fn within_network<T>(netns: BorrowedFd<'_>, f: impl FnOnce() -> T) -> io::Result<T> {
    use std::os::fd::AsFd;
    let own = open("/proc/thread-self/ns/net")?;
    join(netns, Namespaces::NET)?;
    let value = f();
    // Whatever ran after this in the wrong namespace could change the container's network instead of ours, or the reverse.
    if join(own.as_fd(), Namespaces::NET).is_err() {
        std::process::abort();
    }
    Ok(value)
}

/// sethostname(2).
pub fn set_hostname(name: &str) -> io::Result<()> {
    Ok(rustix::system::sethostname(name.as_bytes())?)
}

/// setdomainname(2).
pub fn set_domainname(name: &str) -> io::Result<()> {
    Ok(rustix::system::setdomainname(name.as_bytes())?)
}
