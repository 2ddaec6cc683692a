//! Files below a root that somebody else controls: no symbolic link leads out, and no magic link of /proc is followed.
//!
//! Everything is openat2(2) with RESOLVE_IN_ROOT (Linux 5.6).

use rustix::fs::{Mode, OFlags, ResolveFlags};
use rustix::io::Errno;
use std::ffi::OsStr;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Component, Path};

/// Opens `path` as if `root` were `/`; the last component is followed too. Close-on-exec.
pub fn open(root: impl AsFd, path: &Path, flags: OFlags, mode: u32) -> io::Result<OwnedFd> {
    open_with(root, path, flags, mode, ResolveFlags::IN_ROOT | ResolveFlags::NO_MAGICLINKS)
}

/// As [`open`], but any symbolic link on the way is an error (ELOOP).
pub fn open_without_links(root: impl AsFd, path: &Path, flags: OFlags, mode: u32) -> io::Result<OwnedFd> {
    open_with(root, path, flags, mode, ResolveFlags::IN_ROOT | ResolveFlags::NO_SYMLINKS)
}

fn open_with(root: impl AsFd, path: &Path, flags: OFlags, mode: u32, how: ResolveFlags) -> io::Result<OwnedFd> {
    let path = if path.as_os_str().is_empty() { Path::new(".") } else { path };
    let mode = Mode::from_raw_mode(mode);
    loop {
        match rustix::fs::openat2(&root, path, flags | OFlags::CLOEXEC, mode, how) {
            // A rename raced with the walk; the kernel asks to try again.
            Err(Errno::AGAIN | Errno::INTR) => {}
            other => return Ok(other?),
        }
    }
}

/// The folder `path` below `root` as an O_PATH descriptor, made with its parents (`mode`, subject to umask) where missing.
pub fn make_folder(root: impl AsFd, path: &Path, mode: u32) -> io::Result<OwnedFd> {
    match open(&root, path, OFlags::PATH | OFlags::DIRECTORY, 0) {
        Err(error) if error.raw_os_error() == Some(libc::ENOENT) => make_missing(root, path, mode),
        other => other,
    }
}

/// Walks down, each step in the root, so that links to folders inside are followed and dangling ones are not created through.
fn make_missing(root: impl AsFd, path: &Path, mode: u32) -> io::Result<OwnedFd> {
    let mut done = std::path::PathBuf::from("/");
    let mut folder = open(&root, &done, OFlags::PATH | OFlags::DIRECTORY, 0)?;
    for component in path.components() {
        match component {
            Component::Normal(name) => done.push(name),
            Component::ParentDir => drop(done.pop()),
            _ => continue,
        }
        folder = match open(&root, &done, OFlags::PATH | OFlags::DIRECTORY, 0) {
            Err(error) if error.raw_os_error() == Some(libc::ENOENT) => {
                make_one(&folder, component.as_os_str(), mode)?;
                open(&root, &done, OFlags::PATH | OFlags::DIRECTORY, 0)?
            }
            other => other?,
        };
    }
    Ok(folder)
}

fn make_one(folder: impl AsFd, name: &OsStr, mode: u32) -> io::Result<()> {
    match rustix::fs::mkdirat(folder, name, Mode::from_raw_mode(mode)) {
        // A dangling symbolic link ends here too: the open that follows says ENOENT.
        Err(Errno::EXIST) => Ok(()),
        other => Ok(other?),
    }
}

/// As many as the kernel follows in one walk.
const LINKS: u32 = 40;

/// The file `path` below `root` as an O_PATH descriptor to mount on; an empty one is made, with its folders, where missing:
/// also where a dangling link leads to (`/etc/resolv.conf` of a system that makes it at its start).
pub fn make_file(root: impl AsFd, path: &Path, mode: u32) -> io::Result<OwnedFd> {
    make_file_through(root.as_fd(), path, mode, LINKS)
}

fn make_file_through(root: BorrowedFd<'_>, path: &Path, mode: u32, links: u32) -> io::Result<OwnedFd> {
    match open(root, path, OFlags::PATH, 0) {
        Err(error) if error.raw_os_error() == Some(libc::ENOENT) => {}
        other => return other,
    }
    let (folder, name) = make_parent(root, path)?;
    // Not O_EXCL: another mount of the same call may have made it. O_NOFOLLOW: links are followed inside the root only.
    let flags = OFlags::CREATE | OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    match rustix::fs::openat(&folder, name, flags, Mode::from_raw_mode(mode)) {
        Ok(_) => open(root, path, OFlags::PATH, 0),
        Err(Errno::LOOP) if links > 0 => {
            let target = rustix::fs::readlinkat(&folder, name, Vec::new())?;
            let beside = path.parent().unwrap_or(Path::new("/"));
            make_file_through(root, &beside.join(OsStr::from_bytes(target.as_bytes())), mode, links - 1)
        }
        Err(error) => Err(error.into()),
    }
}

/// The folder that holds the last component of `path` below `root`, made where missing, and that component.
pub fn make_parent(root: impl AsFd, path: &Path) -> io::Result<(OwnedFd, &OsStr)> {
    let name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?;
    let folder = make_folder(root, path.parent().unwrap_or(Path::new("/")), 0o755)?;
    Ok((folder, name))
}

/// Reads a file below `root` whole if it is a regular one of at most `limit` bytes; `None` when it does not exist.
pub fn read(root: impl AsFd, path: &Path, limit: u64) -> io::Result<Option<Vec<u8>>> {
    use std::io::Read;
    // NONBLOCK: a FIFO put there must not hang us.
    let file = match open(root, path, OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY, 0) {
        Ok(fd) => std::fs::File::from(fd),
        Err(error) if matches!(error.raw_os_error(), Some(libc::ENOENT | libc::ENOTDIR)) => return Ok(None),
        Err(error) => return Err(error),
    };
    let metadata = file.metadata()?;
    if !metadata.is_file() || metadata.len() > limit {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "not a regular file of a sensible size"));
    }
    let mut content = Vec::with_capacity(metadata.len() as usize);
    file.take(limit).read_to_end(&mut content)?;
    Ok(Some(content))
}

/// A path of the magic link of one of our descriptors, for calls that take paths only.
pub fn of_descriptor(fd: impl AsFd) -> std::ffi::CString {
    use std::os::fd::AsRawFd;
    let text = format!("/proc/self/fd/{}", fd.as_fd().as_raw_fd());
    // SAFETY: digits and letters only.
    unsafe { std::ffi::CString::from_vec_unchecked(OsStr::new(&text).as_bytes().to_vec()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    fn scratch(name: &str) -> std::path::PathBuf {
        let folder = std::env::temp_dir().join(format!("sys-path-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(folder.join("root")).unwrap();
        folder
    }

    fn root(folder: &Path) -> OwnedFd {
        rustix::fs::open(folder.join("root"), OFlags::PATH | OFlags::DIRECTORY, Mode::empty()).unwrap()
    }

    #[test]
    fn links_out_of_the_root_stay_inside() {
        let folder = scratch("links");
        std::fs::create_dir(folder.join("outside")).unwrap();
        symlink(folder.join("outside"), folder.join("root/absolute")).unwrap();
        symlink("../outside", folder.join("root/relative")).unwrap();
        let root = root(&folder);
        assert!(make_folder(&root, Path::new("/absolute/x"), 0o755).is_err());
        assert!(make_file(&root, Path::new("/relative/y"), 0o644).is_err());
        make_folder(&root, Path::new("/../../a/b"), 0o755).unwrap();
        assert!(folder.join("root/a/b").is_dir());
        assert_eq!(std::fs::read_dir(folder.join("outside")).unwrap().count(), 0);
        std::fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn files_are_made_where_dangling_links_lead_inside() {
        let folder = scratch("dangling");
        std::fs::create_dir(folder.join("root/etc")).unwrap();
        symlink("../run/resolve/stub.conf", folder.join("root/etc/resolv.conf")).unwrap();
        symlink("../../../../far", folder.join("root/etc/hosts")).unwrap();
        symlink("round", folder.join("root/etc/round")).unwrap();
        let root = root(&folder);
        make_file(&root, Path::new("/etc/resolv.conf"), 0o644).unwrap();
        make_file(&root, Path::new("/etc/hosts"), 0o644).unwrap();
        assert!(folder.join("root/run/resolve/stub.conf").is_file());
        assert!(folder.join("root/far").is_file() && !folder.join("far").exists());
        assert!(make_file(&root, Path::new("/etc/round"), 0o644).is_err());
        std::fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn links_inside_the_root_are_followed() {
        let folder = scratch("inside");
        std::fs::create_dir(folder.join("root/run")).unwrap();
        std::fs::create_dir(folder.join("root/var")).unwrap();
        symlink("/run", folder.join("root/var/run")).unwrap();
        make_file(root(&folder), Path::new("/var/run/deep/file"), 0o644).unwrap();
        assert!(folder.join("root/run/deep/file").is_file());
        std::fs::remove_dir_all(folder).unwrap();
    }
}
