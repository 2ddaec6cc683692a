//! The container's root: mounted in the child's own mount namespace, then put in the place of the host's.

use crate::error::{Error, Tried};
use crate::mount_option::propagation_word;
use crate::{Launch, Root, overlay};
use rustix::fs::{Mode, OFlags};
use rustix::mount::UnmountFlags;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;
use sys::mount::{Change, Depth, Propagation, attribute};

/// Mounts it where it will be changed to; the result is its root folder.
pub(super) fn mount(launch: &Launch<'_>, prepared: Option<OwnedFd>) -> Result<OwnedFd, Error> {
    let (mount, place) = match (&launch.root, prepared) {
        (Root::Overlay(overlay), Some(mount)) => (mount, overlay.merged.as_path()),
        (Root::Overlay(overlay), None) => (overlay::mount(overlay)?, overlay.merged.as_path()),
        (Root::Folder(folder), _) => {
            let source = open_folder(folder)?;
            let copy = sys::mount::detached_copy(&source, Depth::Tree)
                .tried(|| format!("bind the root folder `{}`", folder.display()))?;
            (copy, folder.as_path())
        }
    };
    let private = Change { propagation: Some(Propagation::Private), ..Change::default() };
    sys::mount::change(mount.as_fd(), private, Depth::Tree).tried(|| "make the root private")?;
    // Root of a new user namespace has no right to pass folders that are closed to others (the store's is): then over the
    // host's root, which only this mount namespace sees, and under which paths go on to be found.
    let target = open_folder(place).or_else(|_| open_folder(Path::new("/")))?;
    sys::mount::attach(&mount, &target).tried(|| format!("mount the root on `{}`", place.display()))?;
    Ok(mount)
}

fn open_folder(path: &Path) -> Result<OwnedFd, Error> {
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
    rustix::fs::open(path, flags, Mode::empty()).tried(|| format!("open the folder `{}`", path.display()))
}

/// Makes it what `/` is.
pub(super) fn change_to(root: BorrowedFd<'_>, launch: &Launch<'_>) -> Result<(), Error> {
    match launch.no_pivot {
        false => pivot(root)?,
        true => move_over(root)?,
    }
    rustix::process::chdir("/").tried(|| "enter the new root")?;
    let spec = launch.spec;
    let word = spec.linux.as_ref().and_then(|linux| linux.rootfs_propagation.as_deref()).unwrap_or_default();
    let propagation =
        propagation_word(word.strip_prefix('r').unwrap_or(word)).filter(|wish| *wish != Propagation::Private);
    let read_only = if spec.root.as_ref().is_some_and(|root| root.readonly) { attribute::RDONLY } else { 0 };
    let change = Change { set: read_only, clear: 0, propagation };
    match change.is_empty() {
        true => Ok(()),
        false => sys::mount::change_at(c"/", change, Depth::One).tried(|| "set the root's attributes"),
    }
}

/// pivot_root(2) onto itself, as its man page shows: the old root ends up below the new one and is detached.
fn pivot(root: BorrowedFd<'_>) -> Result<(), Error> {
    rustix::process::fchdir(root).tried(|| "enter the new root")?;
    rustix::process::pivot_root(".", ".").tried(|| "change to the new root")?;
    rustix::mount::unmount(".", UnmountFlags::DETACH).tried(|| "detach the host's root")
}

/// switch_root(8)'s way: the host's root stays, covered. Its mounts could be uncovered by who may unmount, so they go first.
fn move_over(root: BorrowedFd<'_>) -> Result<(), Error> {
    let host = open_folder(Path::new("/"))?;
    for mount in ["/proc", "/sys", "/dev"] {
        // One that is busy or not there stays below the new root, out of reach.
        let _ = rustix::mount::unmount(mount, UnmountFlags::DETACH);
    }
    rustix::process::fchdir(root).tried(|| "enter the new root")?;
    sys::mount::attach(root, &host).tried(|| "move the new root over the host's")?;
    rustix::process::chroot(".").tried(|| "change to the new root")
}
