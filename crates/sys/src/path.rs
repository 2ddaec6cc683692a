//! Files below a root that somebody else controls: no symbolic link leads out, and no magic link of /proc is followed.
//!
//! Everything is openat2(2) with RESOLVE_IN_ROOT (Linux 5.6).

mod walk;

use rustix::fs::{FileType, Mode, OFlags, ResolveFlags};
use rustix::io::Errno;
use std::ffi::OsStr;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use walk::{Step, Walk};

/// Opens `path` as if `root` were `/`; the last component is followed too. Close-on-exec.
pub fn open(root: impl AsFd, path: &Path, flags: OFlags, mode: u32) -> io::Result<OwnedFd> {
    open_with(root, path, flags, mode, ResolveFlags::IN_ROOT | ResolveFlags::NO_MAGICLINKS)
}

/// As [`open`], but any symbolic link on the way is an error (ELOOP).
pub fn open_without_links(root: impl AsFd, path: &Path, flags: OFlags, mode: u32) -> io::Result<OwnedFd> {
    open_with(root, path, flags, mode, ResolveFlags::IN_ROOT | ResolveFlags::NO_SYMLINKS)
}

/// The kernel takes no longer path in one call (PATH_MAX, with a zero at its end).
const LONGEST: usize = 4095;

/// A folder below `root` without a link on the way, to be read. The path may be longer than the kernel takes: piece by piece.
pub fn open_folder(root: impl AsFd, path: &[u8]) -> io::Result<OwnedFd> {
    let open = |folder: BorrowedFd<'_>, piece: &[u8], flags| {
        open_without_links(folder, Path::new(OsStr::from_bytes(piece)), flags | OFlags::DIRECTORY, 0)
    };
    let (mut left, mut above) = (path, None::<OwnedFd>);
    while left.len() > LONGEST {
        // A name has 255 bytes at most, so there is a slash.
        let end = left[..LONGEST].iter().rposition(|byte| *byte == b'/').ok_or(Errno::NAMETOOLONG)?;
        let folder = above.as_ref().map_or(root.as_fd(), AsFd::as_fd);
        above = Some(open(folder, &left[..end], OFlags::PATH)?);
        left = &left[end + 1..];
    }
    open(above.as_ref().map_or(root.as_fd(), AsFd::as_fd), left, OFlags::RDONLY)
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
        Err(error) if error.raw_os_error() == Some(libc::ENOENT) => {
            let mut walk = Walk::new(root.as_fd())?;
            walk.make_folders(path.as_os_str().as_bytes(), mode)?;
            Ok(walk.here)
        }
        other => other,
    }
}

/// The file `path` below `root` as an O_PATH descriptor to mount on; an empty one is made, with its folders, where missing:
/// also where a dangling link leads to (`/etc/resolv.conf` of a system that makes it at its start).
///
/// # Errors
/// Also when the file's name, or where a link leads, can't be a file's: it ends in `/`, `.` or `..`.
pub fn make_file(root: impl AsFd, path: &Path, mode: u32) -> io::Result<OwnedFd> {
    match open(&root, path, OFlags::PATH, 0) {
        Err(error) if error.raw_os_error() == Some(libc::ENOENT) => {}
        other => return other,
    }
    let mut walk = Walk::new(root.as_fd())?;
    let mut left = path.as_os_str().as_bytes().to_vec();
    loop {
        let (parents, name) = split(&left).ok_or_else(|| no_file(path, &left))?;
        walk.make_folders(parents, 0o755)?;
        match walk.make_file(name, mode)? {
            Step::Done(file) => return Ok(file),
            Step::Link(target) => left = target,
        }
    }
}

/// The folders before the last component, and that one. `None`: it is the name of a folder.
fn split(path: &[u8]) -> Option<(&[u8], &[u8])> {
    let at = path.iter().rposition(|byte| *byte == b'/').map_or(0, |slash| slash + 1);
    let (parents, name) = path.split_at(at);
    (!matches!(name, b"" | b"." | b"..")).then_some((parents, name))
}

fn no_file(path: &Path, target: &[u8]) -> io::Error {
    let (path, target) = (shown(path.as_os_str().as_bytes()), shown(target));
    io::Error::new(io::ErrorKind::InvalidInput, format!("`{path}` leads to `{target}`, which is the name of a folder"))
}

/// For a message: the end, which is what matters, of what may have four kilobytes.
fn shown(path: &[u8]) -> String {
    const LENGTH: usize = 120;
    let start = path.len().saturating_sub(LENGTH);
    let cut = if start > 0 { "…" } else { "" };
    format!("{cut}{}", String::from_utf8_lossy(&path[start..]))
}

/// The folder that holds the last component of `path` below `root`, made where missing, and that component.
pub fn make_parent(root: impl AsFd, path: &Path) -> io::Result<(OwnedFd, &OsStr)> {
    let name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?;
    let folder = make_folder(root, path.parent().unwrap_or(Path::new("/")), 0o755)?;
    Ok((folder, name))
}

/// Reads a file below `root` whole if it is a regular one of at most `limit` bytes; `None` when it does not exist. Anything else
/// isn't even opened: that alone makes a tape rewind and a watchdog bark.
pub fn read(root: impl AsFd, path: &Path, limit: u64) -> io::Result<Option<Vec<u8>>> {
    use std::io::Read;
    let found = match open(&root, path, OFlags::PATH, 0) {
        Err(error) if matches!(error.raw_os_error(), Some(libc::ENOENT | libc::ENOTDIR)) => return Ok(None),
        found => found?,
    };
    let stat = rustix::fs::fstat(&found)?;
    let size = u64::try_from(stat.st_size).unwrap_or(u64::MAX);
    if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile || size > limit {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "not a regular file of a sensible size"));
    }
    let mut content = Vec::with_capacity(size as usize);
    std::fs::File::from(reopen(root, path, &found)?).take(limit).read_to_end(&mut content)?;
    Ok(Some(content))
}

/// The same file to be read, whatever has its name by now.
fn reopen(root: impl AsFd, path: &Path, found: &OwnedFd) -> io::Result<OwnedFd> {
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    match rustix::fs::open(of_descriptor(found), flags, Mode::empty()) {
        // Inside of a container that has no /proc. What is opened there is opened with its rights.
        Err(Errno::NOENT | Errno::NOTDIR) => open(root, path, flags, 0),
        file => Ok(file?),
    }
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
        make_folder(&root, Path::new("/absolute/x"), 0o755).unwrap();
        make_file(&root, Path::new("/relative/y"), 0o644).unwrap();
        make_folder(&root, Path::new("/../../a/b"), 0o755).unwrap();
        assert!(folder.join("root/a/b").is_dir() && folder.join("root/outside/y").is_file());
        assert!(folder.join("root").join(folder.strip_prefix("/").unwrap()).join("outside/x").is_dir());
        assert_eq!(std::fs::read_dir(folder.join("outside")).unwrap().count(), 0);
        std::fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn the_way_back_is_the_one_that_was_come() {
        let folder = scratch("back");
        std::fs::create_dir_all(folder.join("root/usr/etc")).unwrap();
        symlink("usr/etc", folder.join("root/etc")).unwrap();
        symlink("../run/r", folder.join("root/usr/etc/resolv.conf")).unwrap();
        let root = root(&folder);
        make_file(&root, Path::new("/etc/resolv.conf"), 0o644).unwrap();
        assert!(folder.join("root/usr/run/r").is_file());
        make_folder(&root, Path::new("/etc/../new/x"), 0o755).unwrap();
        assert!(folder.join("root/usr/new/x").is_dir());
        std::fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn dangling_links_on_the_way_lead_on() {
        let folder = scratch("middle");
        symlink("run/lock", folder.join("root/lock")).unwrap();
        symlink("/lock/../far/./", folder.join("root/far-link")).unwrap();
        symlink("loop", folder.join("root/loop")).unwrap();
        std::fs::write(folder.join("root/file"), "").unwrap();
        let root = root(&folder);
        make_file(&root, Path::new("/lock/deep/f"), 0o644).unwrap();
        assert!(folder.join("root/run/lock/deep/f").is_file());
        make_folder(&root, Path::new("/far-link/x"), 0o755).unwrap();
        assert!(folder.join("root/run/far/x").is_dir());
        let refused = |path: &str| make_folder(&root, Path::new(path), 0o755).unwrap_err().raw_os_error();
        assert_eq!(refused("/loop/x"), Some(libc::ELOOP));
        assert_eq!(refused("/file/x"), Some(libc::ENOTDIR));
        std::fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn a_folders_name_is_no_file() {
        let folder = scratch("names");
        for (name, target) in [("a", "new/"), ("b", "new/."), ("c", "..")] {
            symlink(target, folder.join("root").join(name)).unwrap();
        }
        let root = root(&folder);
        for (path, target) in [("/a", "new/"), ("/b", "new/."), ("/x/", "/x/"), ("/x/..y/..", "..")] {
            let error = make_file(&root, Path::new(path), 0o644).unwrap_err().to_string();
            assert!(error.contains(&format!("`{path}` leads to")) && error.contains(target), "{error}");
        }
        assert_eq!(std::fs::read_dir(folder.join("root")).unwrap().count(), 3);
        std::fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn messages_are_short_however_long_a_link_is() {
        let folder = scratch("long");
        symlink("d/".repeat(2000), folder.join("root/a")).unwrap();
        let error = make_file(root(&folder), Path::new("/a"), 0o644).unwrap_err().to_string();
        assert!(error.len() < 300 && error.contains("d/d/`, which is the name of a folder"), "{error}");
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
    fn only_regular_files_of_a_sensible_size_are_read() {
        let folder = scratch("read");
        std::fs::write(folder.join("root/file"), "12345").unwrap();
        symlink("/file", folder.join("root/link")).unwrap();
        // Opening one fails with ENXIO.
        drop(std::os::unix::net::UnixListener::bind(folder.join("root/socket")).unwrap());
        let root = root(&folder);
        let read = |name: &str, limit| read(&root, Path::new(name), limit);
        assert_eq!(read("link", 5).unwrap().as_deref(), Some(&b"12345"[..]));
        assert_eq!(read("missing/x", 5).unwrap(), None);
        assert_eq!(read("link", 4).unwrap_err().kind(), io::ErrorKind::InvalidData);
        assert_eq!(read("socket", 5).unwrap_err().kind(), io::ErrorKind::InvalidData);
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
