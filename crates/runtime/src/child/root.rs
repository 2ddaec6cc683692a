//! The container's root: mounted in the child's own mount namespace, then put in the place of the host's.

use crate::error::{Error, Tried};
use crate::mount_option::propagation_word;
use crate::{Launch, Overlay, Root};
use oci::runtime::Spec;
use rustix::fs::{Mode, OFlags};
use rustix::mount::{FsMountFlags, FsOpenFlags, MountAttrFlags, UnmountFlags};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};
use sys::mount::{Change, Depth, Propagation, attribute};

/// Mounts it where it will be changed to; the result is its root folder.
pub(super) fn mount(launch: &Launch<'_>, prepared: Option<OwnedFd>) -> Result<OwnedFd, Error> {
    let (mount, place) = match (&launch.root, prepared) {
        (Root::Overlay(overlay), Some(mount)) => (mount, overlay.merged.as_path()),
        (Root::Overlay(overlay), None) => (mount_overlay(overlay)?, overlay.merged.as_path()),
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

/// A detached overlay (kernel: Documentation/filesystems/overlayfs.rst).
pub(crate) fn mount_overlay(overlay: &Overlay) -> Result<OwnedFd, Error> {
    if overlay.volatile {
        forget_volatile(overlay)?;
    }
    let context =
        rustix::mount::fsopen("overlay", FsOpenFlags::FSOPEN_CLOEXEC).tried(|| "ask for an overlay file system")?;
    let set = |key: &str, value: &Path| {
        rustix::mount::fsconfig_set_string(context.as_fd(), key, value).map_err(|error| {
            explain(context.as_fd(), format!("give `{}` to the overlay as {key}", value.display()), error)
        })
    };
    add_lower(&set, &overlay.lower)?;
    // Only shown in mountinfo.
    set("source", Path::new("overlay"))?;
    set("upperdir", &overlay.upper)?;
    set("workdir", &overlay.work)?;
    for (word, wanted) in [("userxattr", overlay.userxattr), ("volatile", overlay.volatile)] {
        if wanted {
            rustix::mount::fsconfig_set_flag(context.as_fd(), word)
                .tried(|| format!("set the overlay's option `{word}`"))?;
        }
    }
    let what = || format!("mount the overlay of `{}`", overlay.merged.display());
    rustix::mount::fsconfig_create(context.as_fd()).map_err(|error| explain(context.as_fd(), what(), error))?;
    rustix::mount::fsmount(context.as_fd(), FsMountFlags::FSMOUNT_CLOEXEC, MountAttrFlags::empty()).tried(what)
}

/// Removes the mark of a former volatile mount, which the kernel refuses to reuse (overlayfs.rst "Volatile mount").
fn forget_volatile(overlay: &Overlay) -> Result<(), Error> {
    match std::fs::remove_dir_all(overlay.work.join("work/incompat")) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        other => other.tried(|| format!("clean `{}`", overlay.work.display())),
    }
}

/// One by one; kernels before 6.5 know only the list, whose separators must be escaped.
pub(crate) fn add_lower(set: &dyn Fn(&str, &Path) -> Result<(), Error>, lower: &[PathBuf]) -> Result<(), Error> {
    for (index, layer) in lower.iter().enumerate() {
        match set("lowerdir+", layer) {
            Err(error) if index == 0 && error.errno() == Some(libc::EINVAL) => {
                let escape = |layer: &PathBuf| layer.to_string_lossy().replace('\\', "\\\\").replace(':', "\\:");
                let list: Vec<_> = lower.iter().map(escape).collect();
                return set("lowerdir", Path::new(&list.join(":")));
            }
            other => other?,
        }
    }
    Ok(())
}

/// Adds what the kernel wrote about a failed step of the mount API.
pub(crate) fn explain(context: BorrowedFd<'_>, what: String, error: rustix::io::Errno) -> Error {
    let mut message = [0; 512];
    let said = match rustix::io::read(context, &mut message) {
        // "e overlay: …": the letter is the severity.
        Ok(length) => String::from_utf8_lossy(message[..length].get(2..).unwrap_or_default()).trim().to_owned(),
        Err(_) => String::new(),
    };
    Error::io(if said.is_empty() { what } else { format!("{what} ({said})") }, error)
}

/// pivot_root(2) onto itself, as its man page shows: the old root ends up below the new one and is detached.
pub(super) fn change_to(root: BorrowedFd<'_>, spec: &Spec) -> Result<(), Error> {
    rustix::process::fchdir(root).tried(|| "enter the new root")?;
    rustix::process::pivot_root(".", ".").tried(|| "change to the new root")?;
    rustix::mount::unmount(".", UnmountFlags::DETACH).tried(|| "detach the host's root")?;
    rustix::process::chdir("/").tried(|| "enter the new root")?;
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
