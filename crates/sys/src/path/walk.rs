//! A walk from a root downwards that makes what is missing.

use super::{open, open_without_links};
use rustix::fs::{FileType, Mode, OFlags};
use rustix::io::Errno;
use std::ffi::OsStr;
use std::io;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// The first component and what follows it.
fn first(path: &[u8]) -> Option<(Vec<u8>, Vec<u8>)> {
    let start = path.iter().position(|byte| *byte != b'/')?;
    let path = &path[start..];
    let end = path.iter().position(|byte| *byte == b'/').unwrap_or(path.len());
    Some((path[..end].to_vec(), path[end..].to_vec()))
}

/// As many as the kernel follows in one walk.
const LINKS: u32 = 40;

/// Where a component led.
pub(super) enum Step<T> {
    Done(T),
    /// It is a link to there.
    Link(Vec<u8>),
}

/// It knows the names that it came through, so that `..` is the way
/// back (never the parent that a folder has meanwhile) and ends at the root.
pub(super) struct Walk {
    root: OwnedFd,
    /// Where it is.
    pub(super) here: OwnedFd,
    /// Of the folders between these two.
    names: Vec<Vec<u8>>,
    links: u32,
}

impl Walk {
    pub(super) fn new(root: BorrowedFd<'_>) -> io::Result<Walk> {
        let open = || open(root, Path::new("/"), OFlags::PATH | OFlags::DIRECTORY, 0);
        Ok(Walk { root: open()?, here: open()?, names: Vec::new(), links: LINKS })
    }

    /// Goes down `path`, which a link may lengthen.
    pub(super) fn make_folders(&mut self, path: &[u8], mode: u32) -> io::Result<()> {
        let mut left = path.to_vec();
        self.start(&left)?;
        while let Some((name, rest)) = first(&left) {
            left = rest;
            match name.as_slice() {
                b"." => {}
                b".." => self.back(self.names.len().saturating_sub(1))?,
                _ => match self.make_folder(&name, mode)? {
                    Step::Done(folder) => {
                        self.here = folder;
                        self.names.push(name);
                    }
                    Step::Link(target) => {
                        left = [target.as_slice(), b"/", &left].concat();
                        self.start(&target)?;
                    }
                },
            }
        }
        Ok(())
    }

    /// An absolute path begins at the root.
    fn start(&mut self, path: &[u8]) -> io::Result<()> {
        if path.starts_with(b"/") { self.back(0) } else { Ok(()) }
    }

    /// To the folder that is `depth` below the root.
    fn back(&mut self, depth: usize) -> io::Result<()> {
        if depth < self.names.len() {
            self.names.truncate(depth);
            let path = self.names.join(&b'/');
            self.here = open_without_links(
                &self.root,
                Path::new(OsStr::from_bytes(&path)),
                OFlags::PATH | OFlags::DIRECTORY,
                0,
            )?;
        }
        Ok(())
    }

    fn make_folder(&mut self, name: &[u8], mode: u32) -> io::Result<Step<OwnedFd>> {
        let flags = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let found = match rustix::fs::openat(&self.here, name, flags, Mode::empty()) {
            Err(Errno::NOENT) => {
                match rustix::fs::mkdirat(&self.here, name, Mode::from_raw_mode(mode)) {
                    // Another has made it, or something else.
                    Ok(()) | Err(Errno::EXIST) => {}
                    Err(error) => return Err(error.into()),
                }
                rustix::fs::openat(&self.here, name, flags, Mode::empty())?
            }
            other => other?,
        };
        match FileType::from_raw_mode(rustix::fs::fstat(&found)?.st_mode) {
            FileType::Directory => Ok(Step::Done(found)),
            FileType::Symlink => self.follow(&found).map(Step::Link),
            _ => Err(Errno::NOTDIR.into()),
        }
    }

    pub(super) fn make_file(&mut self, name: &[u8], mode: u32) -> io::Result<Step<OwnedFd>> {
        // Not O_EXCL: another mount of the same call may have made it. O_NOFOLLOW: links are followed inside the root only.
        let make = OFlags::CREATE | OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        match rustix::fs::openat(&self.here, name, make, Mode::from_raw_mode(mode)) {
            Ok(_) | Err(Errno::LOOP) => {}
            Err(error) => return Err(error.into()),
        }
        let flags = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let found = rustix::fs::openat(&self.here, name, flags, Mode::empty())?;
        match FileType::from_raw_mode(rustix::fs::fstat(&found)?.st_mode) {
            FileType::Symlink => self.follow(&found).map(Step::Link),
            _ => Ok(Step::Done(found)),
        }
    }

    fn follow(&mut self, link: &OwnedFd) -> io::Result<Vec<u8>> {
        self.links = self.links.checked_sub(1).ok_or(Errno::LOOP)?;
        // Its text only: a magic link of /proc leads nowhere but to a path below the root.
        Ok(rustix::fs::readlinkat(link, c"", Vec::new())?.into_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::fd::AsFd;

    #[test]
    fn a_deep_path_needs_no_descriptor_for_each_folder() {
        let folder = std::env::temp_dir().join(format!("sys-walk-{}", std::process::id()));
        std::fs::create_dir_all(folder.join("root")).unwrap();
        let root = std::fs::File::open(folder.join("root")).unwrap();
        let mut walk = Walk::new(root.as_fd()).unwrap();
        walk.make_folders("d/".repeat(500).as_bytes(), 0o755).unwrap();
        let links = std::fs::read_dir("/proc/self/fd").unwrap().flatten();
        let open = links.filter_map(|link| std::fs::read_link(link.path()).ok());
        assert!(open.filter(|path| path.starts_with(&folder)).count() < 10);
        walk.make_folders("../".repeat(499).as_bytes(), 0o755).unwrap();
        walk.make_folders(b"x", 0o755).unwrap();
        assert!(folder.join("root/d/x").is_dir());
        std::fs::remove_dir_all(folder).unwrap();
    }
}
