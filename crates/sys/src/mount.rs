//! What rustix lacks of the file-descriptor based mount API. See mount_setattr(2), open_tree(2), move_mount(2).

use crate::check;
use rustix::mount::{MoveMountFlags, OpenTreeFlags};
use std::ffi::CStr;
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};

/// MOUNT_ATTR_….
pub mod attribute {
    /// Read-only.
    pub const RDONLY: u64 = 0x1;
    /// No set-uid.
    pub const NOSUID: u64 = 0x2;
    /// No device nodes.
    pub const NODEV: u64 = 0x4;
    /// No programs.
    pub const NOEXEC: u64 = 0x8;
    /// All three atime choices (a mask).
    pub const ATIME: u64 = 0x70;
    /// Relative access times, the default.
    pub const RELATIME: u64 = 0x0;
    /// No access times.
    pub const NOATIME: u64 = 0x10;
    /// All access times.
    pub const STRICTATIME: u64 = 0x20;
    /// No access times of folders.
    pub const NODIRATIME: u64 = 0x80;
    /// Owners shifted by a user namespace.
    pub const IDMAP: u64 = 0x10_0000;
    /// Symbolic links are not followed.
    pub const NOSYMFOLLOW: u64 = 0x20_0000;
}

/// How mounts and unmounts spread to and from other mounts (MS_…).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u64)]
pub enum Propagation {
    /// Both ways.
    Shared = 1 << 20,
    /// Only in.
    Slave = 1 << 19,
    /// None.
    Private = 1 << 18,
    /// None, and can't be bound.
    Unbindable = 1 << 17,
}

/// A change of a mount's attributes.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Change {
    /// Bits of [`attribute`] to set.
    pub set: u64,
    /// Bits to clear; [`attribute::ATIME`] as a whole when one of its choices is set.
    pub clear: u64,
    /// New propagation.
    pub propagation: Option<Propagation>,
}

impl Change {
    /// Whether it changes nothing.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

#[repr(C)]
struct MountAttr {
    set: u64,
    clear: u64,
    propagation: u64,
    userns: u64,
}

/// Whether a change goes down the tree of mounts (AT_RECURSIVE).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// This mount.
    One,
    /// And everything below.
    Tree,
}

fn set_attributes(mount: BorrowedFd<'_>, path: &CStr, attributes: &MountAttr, depth: Depth) -> io::Result<()> {
    let recursive = if depth == Depth::Tree { libc::AT_RECURSIVE } else { 0 };
    let flags = recursive | if path.is_empty() { libc::AT_EMPTY_PATH } else { 0 };
    // SAFETY: a terminated path and a structure of the size given, both outlive the call.
    let result = unsafe {
        libc::syscall(
            libc::SYS_mount_setattr,
            mount.as_raw_fd(),
            path.as_ptr(),
            flags,
            attributes as *const MountAttr,
            size_of::<MountAttr>(),
        )
    };
    check(result).map(drop)
}

/// mount_setattr(2) of the mount that `mount` is the root of.
pub fn change(mount: BorrowedFd<'_>, change: Change, depth: Depth) -> io::Result<()> {
    let propagation = change.propagation.map_or(0, |propagation| propagation as u64);
    set_attributes(mount, c"", &MountAttr { set: change.set, clear: change.clear, propagation, userns: 0 }, depth)
}

/// mount_setattr(2) by path.
pub fn change_at(path: &CStr, change: Change, depth: Depth) -> io::Result<()> {
    let propagation = change.propagation.map_or(0, |propagation| propagation as u64);
    let attributes = MountAttr { set: change.set, clear: change.clear, propagation, userns: 0 };
    set_attributes(rustix::fs::CWD, path, &attributes, depth)
}

/// Shifts the owners of a detached mount by the maps of a user namespace (Linux 5.12; the file system must support it).
pub fn set_id_map(mount: BorrowedFd<'_>, userns: BorrowedFd<'_>, depth: Depth) -> io::Result<()> {
    let userns = userns.as_raw_fd() as u64;
    set_attributes(mount, c"", &MountAttr { set: attribute::IDMAP, clear: 0, propagation: 0, userns }, depth)
}

/// A detached copy of the mount (tree) at an open place: a bind mount not yet anywhere.
pub fn detached_copy(place: impl AsFd, depth: Depth) -> io::Result<OwnedFd> {
    let recursive = if depth == Depth::Tree { OpenTreeFlags::AT_RECURSIVE } else { OpenTreeFlags::empty() };
    let flags = OpenTreeFlags::OPEN_TREE_CLONE | OpenTreeFlags::OPEN_TREE_CLOEXEC | OpenTreeFlags::AT_EMPTY_PATH;
    Ok(rustix::mount::open_tree(place, c"", flags | recursive)?)
}

/// Attaches a detached mount on an open place.
pub fn attach(mount: impl AsFd, place: impl AsFd) -> io::Result<()> {
    let flags = MoveMountFlags::MOVE_MOUNT_F_EMPTY_PATH | MoveMountFlags::MOVE_MOUNT_T_EMPTY_PATH;
    Ok(rustix::mount::move_mount(mount, c"", place, c"", flags)?)
}
