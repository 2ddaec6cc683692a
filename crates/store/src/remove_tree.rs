//! Deleting a tree of any depth and origin: one descriptor at a time, no recursion, never through a mount or a link.

use crate::error::{At, Error};
use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::fs::{AtFlags, FileType, Mode, OFlags, RawDir, ResolveFlags};
use rustix::io::Errno;
use std::ffi::{CString, OsStr};
use std::mem::MaybeUninit;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// One folder on the way down.
struct Level {
    /// Its name in its parent.
    name: CString,
    /// Device and inode of its parent, to be sure of coming back to the right place.
    parent: (u64, u64),
    /// Its subfolders that are still to be deleted.
    folders: Vec<CString>,
    /// Something in it couldn't be deleted.
    kept: bool,
}

/// Deletes `name` in `parent`, whatever it is. Goes on after errors and reports the first; `path` is for that.
pub(crate) fn remove_tree(parent: impl AsFd, path: &Path, name: &OsStr) -> Result<(), Error> {
    let path = path.join(name);
    let Ok(name) = CString::new(name.as_bytes()) else { return Err(Errno::INVAL).at("delete", &path) };
    match rustix::fs::unlinkat(&parent, &name, AtFlags::empty()) {
        Ok(()) | Err(Errno::NOENT) => return Ok(()),
        Err(Errno::ISDIR | Errno::PERM) => {}
        Err(e) => return Err(e).at("delete", &path),
    }
    remove_folder(parent.as_fd(), name).at("delete", &path)
}

fn remove_folder(parent: BorrowedFd<'_>, name: CString) -> rustix::io::Result<()> {
    let mut first_error = None;
    let mut levels = Vec::new();
    let mut current = descend(parent, name, &mut levels, &mut first_error)?;
    while let Some(level) = levels.last_mut() {
        if let Some(folder) = level.folders.pop() {
            match descend(current.as_fd(), folder, &mut levels, &mut first_error) {
                Ok(fd) => current = fd,
                Err(e) => {
                    first_error.get_or_insert(e);
                    if let Some(level) = levels.last_mut() {
                        level.kept = true;
                    }
                }
            }
            continue;
        }
        let up = rustix::fs::openat(&current, c"..", FOLDER, Mode::empty())?;
        if identity(&up)? != level.parent {
            // Somebody moved the folder while it was being deleted.
            return Err(Errno::STALE);
        }
        let (name, mut kept) = (level.name.clone(), level.kept);
        if !kept && let Err(e) = rustix::fs::unlinkat(&up, &name, AtFlags::REMOVEDIR) {
            first_error.get_or_insert(e);
            kept = true;
        }
        levels.pop();
        if let Some(above) = levels.last_mut() {
            above.kept |= kept;
        }
        current = up;
    }
    first_error.map_or(Ok(()), Err)
}

const FOLDER: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);

/// Opens a folder, deletes what isn't a folder in it, and pushes its level.
fn descend(
    parent: BorrowedFd<'_>,
    name: CString,
    levels: &mut Vec<Level>,
    first_error: &mut Option<Errno>,
) -> rustix::io::Result<OwnedFd> {
    let fd = match open_within(parent, &name) {
        Err(Errno::ACCESS) => {
            // A folder without permission in a user namespace whose ids don't cover it fully.
            rustix::fs::chmodat(parent, &name, Mode::RWXU, AtFlags::empty())?;
            open_within(parent, &name)?
        }
        fd => fd?,
    };
    let mut level = Level { name, parent: identity(parent)?, folders: Vec::new(), kept: false };
    empty(&fd, &mut level, first_error)?;
    levels.push(level);
    Ok(fd)
}

/// Not across mounts: what is mounted there isn't ours to delete.
fn open_within(parent: BorrowedFd<'_>, name: &CString) -> rustix::io::Result<OwnedFd> {
    let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_XDEV;
    rustix::io::retry_on_intr(|| rustix::fs::openat2(parent, name, FOLDER, Mode::empty(), resolve))
}

/// Deletes the files of a folder and lists its subfolders.
fn empty(fd: &OwnedFd, level: &mut Level, first_error: &mut Option<Errno>) -> rustix::io::Result<()> {
    let mut buffer = vec![MaybeUninit::uninit(); 16 << 10];
    let mut entries = RawDir::new(fd, &mut buffer);
    while let Some(entry) = entries.next() {
        let entry = entry?;
        let name = entry.file_name();
        if matches!(name.to_bytes(), b"." | b"..") {
            continue;
        }
        if entry.file_type() == FileType::Directory {
            level.folders.push(name.to_owned());
            continue;
        }
        match rustix::fs::unlinkat(fd, name, AtFlags::empty()) {
            Ok(()) | Err(Errno::NOENT) => {}
            Err(Errno::ISDIR) => level.folders.push(name.to_owned()),
            Err(e) => {
                first_error.get_or_insert(e);
                level.kept = true;
            }
        }
    }
    Ok(())
}

fn identity(fd: impl AsFd) -> rustix::io::Result<(u64, u64)> {
    let stat = rustix::fs::fstat(fd)?;
    Ok((stat.st_dev, stat.st_ino))
}
