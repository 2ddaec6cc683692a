//! Layers mounted for somebody to look at: read-only, in the caller's own mount namespace. An image's set-user-ID programs and
//! devices are those of a stranger: on the host they are mere files.

use crate::error::{Error, Tried};
use crate::overlay;
use rustix::fs::{Mode, OFlags};
use rustix::mount::{MountAttrFlags, UnmountFlags};
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};
use sys::mount::{Change, Depth, Propagation, attribute};

/// Mounts the folders `layers` (uppermost first) over each other on the folder `place`.
///
/// # Errors
/// What the kernel refuses, with its own words.
pub fn mount_view(layers: &[PathBuf], place: &Path) -> Result<(), Error> {
    let attributes =
        MountAttrFlags::MOUNT_ATTR_RDONLY | MountAttrFlags::MOUNT_ATTR_NOSUID | MountAttrFlags::MOUNT_ATTR_NODEV;
    let mount = match layers {
        // An overlay wants two.
        [only] => bind(only)?,
        layers => overlay::mount_layers(layers, attributes)?,
    };
    let what = || format!("mount layers on `{}`", place.display());
    sys::mount::attach(&mount, &folder(place)?).tried(what)
}

/// Mounts a root that can be written to on its `merged` folder, in the caller's own mount namespace.
///
/// # Errors
/// What the kernel refuses, with its own words.
pub fn mount_root(root: &crate::Overlay) -> Result<(), Error> {
    let mount = overlay::mount(root)?;
    let what = || format!("mount layers on `{}`", root.merged.display());
    sys::mount::attach(&mount, &folder(&root.merged)?).tried(what)
}

/// Mounts an opened file or folder, with what is mounted in it, on `place`, which is one of the same kind: whatever gets its
/// name later, this stays.
///
/// # Errors
/// What the kernel refuses, with its own words.
pub fn mount_opened(opened: &OwnedFd, place: &Path) -> Result<(), Error> {
    let what = || format!("bind on `{}`", place.display());
    let mount = sys::mount::detached_copy(opened, Depth::Tree).tried(what)?;
    let flags = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let place = rustix::fs::open(place, flags, Mode::empty()).tried(what)?;
    sys::mount::attach(&mount, &place).tried(what)
}

/// From now on this process, which has one thread, sees mounts of its own; the host's go on arriving, ours don't leave.
///
/// # Errors
/// What the kernel refuses, with its own words.
pub fn own_mounts() -> Result<(), Error> {
    sys::namespace::unshare(sys::namespace::Namespaces::MOUNT).tried(|| "make a mount namespace")?;
    let slave = Change { propagation: Some(Propagation::Slave), ..Change::default() };
    sys::mount::change_at(c"/", slave, Depth::Tree).tried(|| "cut mounts off from the host's")
}

/// Mounts a file system in memory on the folder `place`, for what must not reach the disk.
///
/// # Errors
/// What the kernel refuses, with its own words.
pub fn mount_memory(place: &Path) -> Result<(), Error> {
    use rustix::mount::{FsMountFlags, FsOpenFlags};
    let what = || format!("mount memory on `{}`", place.display());
    let context = rustix::mount::fsopen("tmpfs", FsOpenFlags::FSOPEN_CLOEXEC).tried(what)?;
    rustix::mount::fsconfig_set_string(context.as_fd(), "mode", "0700").tried(what)?;
    rustix::mount::fsconfig_create(context.as_fd()).tried(what)?;
    let attributes = MountAttrFlags::MOUNT_ATTR_NOSUID | MountAttrFlags::MOUNT_ATTR_NODEV;
    let mount = rustix::mount::fsmount(context.as_fd(), FsMountFlags::FSMOUNT_CLOEXEC, attributes).tried(what)?;
    sys::mount::attach(&mount, &folder(place)?).tried(what)
}

/// Takes such a mount away; whoever still has a file of it open keeps that.
///
/// # Errors
/// What the kernel refuses. Nothing mounted is none.
pub fn unmount_view(place: &Path) -> Result<(), Error> {
    match rustix::mount::unmount(place, UnmountFlags::DETACH | UnmountFlags::NOFOLLOW) {
        Err(rustix::io::Errno::INVAL | rustix::io::Errno::NOENT) => Ok(()),
        other => other.tried(|| format!("unmount `{}`", place.display())),
    }
}

/// Whether something is mounted on the folder `place`, for this process.
pub fn is_mount_point(place: &Path) -> bool {
    let flags = rustix::fs::AtFlags::SYMLINK_NOFOLLOW;
    let found = rustix::fs::statx(rustix::fs::CWD, place, flags, rustix::fs::StatxFlags::empty());
    found.is_ok_and(|found| found.stx_attributes.contains(rustix::fs::StatxAttributes::MOUNT_ROOT))
}

fn bind(layer: &Path) -> Result<OwnedFd, Error> {
    let what = || format!("bind the layer `{}`", layer.display());
    let mount = sys::mount::detached_copy(&folder(layer)?, Depth::One).tried(what)?;
    let looked_at = Change { set: attribute::RDONLY | attribute::NOSUID | attribute::NODEV, ..Change::default() };
    sys::mount::change(mount.as_fd(), looked_at, Depth::One).tried(what)?;
    Ok(mount)
}

fn folder(path: &Path) -> Result<OwnedFd, Error> {
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
    rustix::fs::open(path, flags, Mode::empty()).tried(|| format!("open the folder `{}`", path.display()))
}
