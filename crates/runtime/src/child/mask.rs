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
    let mut empty = None;
    for path in &linux.masked_paths {
        mask(root, path, host, &mut empty).map_err(|error| told("mask", path, error))?;
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

fn mask(root: BorrowedFd<'_>, path: &str, host: &HostFiles, empty: &mut Option<OwnedFd>) -> std::io::Result<()> {
    let Some(place) = open(root, path)? else { return Ok(()) };
    let cover = match FileType::from_raw_mode(rustix::fs::fstat(&place)?.st_mode) {
        FileType::Directory => empty_folder(empty)?,
        _ => sys::mount::detached_copy(&host.null, Depth::One)?,
    };
    sys::mount::attach(&cover, &place)
}

/// A read-only empty folder. The first mask attaches the file system, the others bind it.
fn empty_folder(first: &mut Option<OwnedFd>) -> std::io::Result<OwnedFd> {
    if let Some(first) = first {
        return sys::mount::detached_copy(first, Depth::One);
    }
    let context = rustix::mount::fsopen("tmpfs", FsOpenFlags::FSOPEN_CLOEXEC)?;
    rustix::mount::fsconfig_set_string(context.as_fd(), "nr_inodes", "1")?;
    rustix::mount::fsconfig_set_string(context.as_fd(), "mode", "755")?;
    rustix::mount::fsconfig_create(context.as_fd())?;
    let attributes = attribute::RDONLY | attribute::NOSUID | attribute::NODEV | attribute::NOEXEC;
    let attributes = MountAttrFlags::from_bits_retain(attributes as u32);
    let mount = rustix::mount::fsmount(context.as_fd(), FsMountFlags::FSMOUNT_CLOEXEC, attributes)?;
    let copy = mount.try_clone()?;
    *first = Some(mount);
    Ok(copy)
}

fn make_read_only(root: BorrowedFd<'_>, path: &str) -> std::io::Result<()> {
    let Some(place) = open(root, path)? else { return Ok(()) };
    let copy = sys::mount::detached_copy(&place, Depth::Tree)?;
    let change = Change { set: attribute::RDONLY, clear: 0, propagation: Some(Propagation::Private) };
    sys::mount::change(copy.as_fd(), change, Depth::Tree)?;
    sys::mount::attach(&copy, &place)
}
