//! Walking a tree of any depth: one descriptor at a time, no recursion, never through a link or into another file system.

use crate::error::{At, Error};
use rustix::fd::{AsFd, OwnedFd};
use rustix::fs::{AtFlags, FileType, Mode, OFlags, ResolveFlags, Stat};
use rustix::io::Errno;
use std::ffi::{CStr, CString};
use std::path::Path;

/// One thing of a tree.
pub(crate) struct Found<'a> {
    /// From the root, without a slash at its start; empty for the root itself.
    pub(crate) path: &'a [u8],
    /// The folder that it is in (for the root: the root).
    pub(crate) folder: &'a OwnedFd,
    /// Its name there (for the root: `.`).
    pub(crate) name: &'a CStr,
    pub(crate) stat: &'a Stat,
    /// For a layer: whether a folder hides what is below it, where something else than its attribute says so.
    pub(crate) hides: Option<bool>,
}

impl Found<'_> {
    pub(crate) fn kind(&self) -> FileType {
        FileType::from_raw_mode(self.stat.st_mode)
    }
}

/// Whether to look into a folder that was just visited.
#[derive(PartialEq)]
pub(crate) enum Enter {
    Yes,
    No,
}

struct Level {
    /// Subfolders still to be looked into.
    folders: Vec<CString>,
    /// Device and inode of this folder, to be sure of coming back to it.
    identity: (u64, u64),
    /// How long its path is.
    length: usize,
}

/// Visits the folder at `root` and everything below, in an order that depends on names only: what is in a folder, then what
/// is in its subfolders. What vanishes meanwhile is left out.
pub(crate) fn walk(root: &Path, visit: &mut dyn FnMut(&Found<'_>) -> Result<Enter, Error>) -> Result<(), Error> {
    let mut folder = crate::lock::open_dir(root).at("open folder", root)?;
    let stat = rustix::fs::fstat(&folder).at("look at", root)?;
    if visit(&Found { path: b"", folder: &folder, name: c".", stat: &stat, hides: None })? == Enter::No {
        return Ok(());
    }
    let mut path = Vec::new();
    let mut levels = vec![look(&folder, root, &mut path, visit)?];
    while let Some(level) = levels.last_mut() {
        path.truncate(level.length);
        if let Some(name) = level.folders.pop() {
            let Some(below) = open_below(&folder, &name).at("open folder in", root)? else { continue };
            folder = below;
            push(&mut path, &name);
            levels.push(look(&folder, root, &mut path, visit)?);
            continue;
        }
        levels.pop();
        if let Some(above) = levels.last() {
            folder = rustix::fs::openat(&folder, c"..", FOLDER, Mode::empty()).at("open folder above in", root)?;
            if identity(&folder).at("look at", root)? != above.identity {
                // Somebody moved the folder away while it was being looked into.
                return Err(Errno::STALE).at("walk through", root);
            }
        }
    }
    Ok(())
}

const FOLDER: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);

/// Visits what is in a folder.
fn look(
    folder: &OwnedFd,
    root: &Path,
    path: &mut Vec<u8>,
    visit: &mut dyn FnMut(&Found<'_>) -> Result<Enter, Error>,
) -> Result<Level, Error> {
    let length = path.len();
    let mut level = Level { folders: Vec::new(), identity: identity(folder).at("look at", root)?, length };
    let mut names = Vec::new();
    for entry in rustix::fs::Dir::read_from(folder).at("list folder in", root)? {
        let name = entry.at("list folder in", root)?.file_name().to_owned();
        if !matches!(name.to_bytes(), b"." | b"..") {
            names.push(name);
        }
    }
    names.sort_unstable();
    for name in names {
        let stat = match rustix::fs::statat(folder, &name, AtFlags::SYMLINK_NOFOLLOW) {
            Err(Errno::NOENT) => continue,
            stat => stat.at("look at file in", root)?,
        };
        push(path, &name);
        let found = Found { path, folder, name: &name, stat: &stat, hides: None };
        if visit(&found)? == Enter::Yes && found.kind() == FileType::Directory {
            level.folders.push(name);
        }
        path.truncate(length);
    }
    // They are taken from the end.
    level.folders.reverse();
    Ok(level)
}

/// `None` if it is gone, or if something is mounted there.
fn open_below(folder: &OwnedFd, name: &CStr) -> rustix::io::Result<Option<OwnedFd>> {
    let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_XDEV;
    match rustix::io::retry_on_intr(|| rustix::fs::openat2(folder, name, FOLDER, Mode::empty(), resolve)) {
        Ok(below) => Ok(Some(below)),
        Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP | Errno::XDEV) => Ok(None),
        Err(e) => Err(e),
    }
}

fn push(path: &mut Vec<u8>, name: &CStr) {
    if !path.is_empty() {
        path.push(b'/');
    }
    path.extend_from_slice(name.to_bytes());
}

fn identity(fd: impl AsFd) -> rustix::io::Result<(u64, u64)> {
    let stat = rustix::fs::fstat(fd)?;
    Ok((stat.st_dev, stat.st_ino))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_is_visited_once() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(folder.path().join("a/b/c")).unwrap();
        std::fs::create_dir_all(folder.path().join("skipped/x")).unwrap();
        std::fs::write(folder.path().join("a/f"), b"").unwrap();
        std::os::unix::fs::symlink("/", folder.path().join("a/b/link")).unwrap();
        let mut seen = Vec::new();
        walk(folder.path(), &mut |found| {
            seen.push(String::from_utf8_lossy(found.path).into_owned());
            Ok(if found.path == b"skipped" { Enter::No } else { Enter::Yes })
        })
        .unwrap();
        assert_eq!(seen, ["", "a", "skipped", "a/b", "a/f", "a/b/c", "a/b/link"]);
    }
}
