//! `maskedPaths` and `readonlyPaths`.
//!
//! Paths are opened without following any link and covered by descriptor, so nothing in the image moves a mask elsewhere; what
//! covers them was opened and checked before (CVE-2025-31133, CVE-2025-52565, CVE-2025-52881).

use super::HostFiles;
use crate::error::Error;
use oci::runtime::Spec;
use rustix::fs::{FileType, OFlags};
use rustix::mount::{FsMountFlags, FsOpenFlags, MountAttrFlags};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;
use sys::mount::{Change, Depth, Propagation, attribute};

pub(super) fn all(spec: &Spec, root: BorrowedFd<'_>, host: &HostFiles) -> Result<(), Error> {
    let Some(linux) = &spec.linux else { return Ok(()) };
    let mut covers = Covers { null: &host.null, file: None, folder: None };
    for path in &linux.masked_paths {
        mask(root, path, &mut covers).map_err(|error| told("mask", path, error))?;
    }
    for path in &linux.readonly_paths {
        make_read_only(root, path).map_err(|error| told("make read-only", path, error))?;
    }
    Ok(())
}

fn told(what: &str, path: &str, error: std::io::Error) -> Error {
    Error::io(format!("{what} `{path}`"), error)
}

/// `None` when there is nothing to hide.
fn open(root: BorrowedFd<'_>, path: &str) -> std::io::Result<Option<OwnedFd>> {
    match sys::path::open_without_links(root, Path::new(path), OFlags::PATH, 0) {
        Ok(place) => Ok(Some(place)),
        Err(error) if matches!(error.raw_os_error(), Some(libc::ENOENT | libc::ENOTDIR | libc::EACCES)) => Ok(None),
        Err(error) => Err(error),
    }
}

/// What lies over masked paths. The first mask attaches a cover, the others bind it.
struct Covers<'a> {
    /// The host's null device.
    null: &'a OwnedFd,
    file: Option<OwnedFd>,
    folder: Option<OwnedFd>,
}

fn mask(root: BorrowedFd<'_>, path: &str, covers: &mut Covers<'_>) -> std::io::Result<()> {
    let Some(place) = open(root, path)? else { return Ok(()) };
    let is_folder = FileType::from_raw_mode(rustix::fs::fstat(&place)?.st_mode) == FileType::Directory;
    let first = if is_folder { &mut covers.folder } else { &mut covers.file };
    if let Some(first) = first {
        return sys::mount::attach(sys::mount::detached_copy(first, Depth::One)?, &place);
    }
    let cover = if is_folder { empty_folder()? } else { null_file(covers.null)? };
    sys::mount::attach(&cover, &place)?;
    *(if is_folder { &mut covers.folder } else { &mut covers.file }) = Some(cover);
    Ok(())
}

/// Read-only, or `chmod 0 /proc/keys` in a container would take /dev/null away from the whole machine.
fn null_file(null: &OwnedFd) -> std::io::Result<OwnedFd> {
    let copy = sys::mount::detached_copy(null, Depth::One)?;
    let set = attribute::RDONLY | attribute::NOSUID | attribute::NOEXEC;
    let change = Change { set, clear: 0, propagation: Some(Propagation::Private) };
    sys::mount::change(copy.as_fd(), change, Depth::One)?;
    Ok(copy)
}

/// A read-only empty folder.
fn empty_folder() -> std::io::Result<OwnedFd> {
    let context = rustix::mount::fsopen("tmpfs", FsOpenFlags::FSOPEN_CLOEXEC)?;
    rustix::mount::fsconfig_set_string(context.as_fd(), "nr_inodes", "1")?;
    rustix::mount::fsconfig_set_string(context.as_fd(), "mode", "755")?;
    rustix::mount::fsconfig_create(context.as_fd())?;
    let attributes = attribute::RDONLY | attribute::NOSUID | attribute::NODEV | attribute::NOEXEC;
    let attributes = MountAttrFlags::from_bits_retain(attributes as u32);
    Ok(rustix::mount::fsmount(context.as_fd(), FsMountFlags::FSMOUNT_CLOEXEC, attributes)?)
}

fn make_read_only(root: BorrowedFd<'_>, path: &str) -> std::io::Result<()> {
    let Some(place) = open(root, path)? else { return Ok(()) };
    let copy = sys::mount::detached_copy(&place, Depth::Tree)?;
    let change = Change { set: attribute::RDONLY, clear: 0, propagation: Some(Propagation::Private) };
    sys::mount::change(copy.as_fd(), change, Depth::Tree)?;
    sys::mount::attach(&copy, &place)
}
