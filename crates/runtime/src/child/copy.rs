//! Copying and chowning trees inside the container's root: `tmpcopyup`, fresh volumes, `:U`.
//!
//! Everything goes by descriptors of folders, names are single components and links are copied, never followed.

use rustix::fs::{AtFlags, Dir, FileType, Mode, OFlags, Stat, Timespec, Timestamps, XattrFlags};
use rustix::process::{Gid, Uid};
use std::collections::HashMap;
use std::ffi::{CStr, CString};
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;

/// Copies what is in folder `from` into the empty folder `to`, with owners, modes and times. Nothing happens when `from` is `to`.
pub(super) fn up(from: &OwnedFd, to: &OwnedFd) -> io::Result<()> {
    copy_folder(reopen(from)?.as_fd(), reopen(to)?.as_fd(), &mut HashMap::new())
}

/// Gives the folder `to` itself the owner, mode and times of `from`.
pub(super) fn like(from: &OwnedFd, to: &OwnedFd) -> io::Result<()> {
    copy_attributes(reopen(to)?.as_fd(), &rustix::fs::fstat(from)?)
}

/// O_PATH descriptors can't be read.
fn reopen(folder: &OwnedFd) -> io::Result<OwnedFd> {
    open_folder(folder.as_fd(), c".")
}

fn open_folder(folder: BorrowedFd<'_>, name: &CStr) -> io::Result<OwnedFd> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    Ok(rustix::fs::openat(folder, name, flags, Mode::empty())?)
}

/// Hard links: where a file with several names was copied first.
type Links = HashMap<(u64, u64), (OwnedFd, CString)>;

fn copy_folder(from: BorrowedFd<'_>, to: BorrowedFd<'_>, links: &mut Links) -> io::Result<()> {
    for entry in Dir::read_from(from)? {
        let entry = entry?;
        let name = entry.file_name();
        if name != c"." && name != c".." {
            copy_entry(from, to, name, links)?;
        }
    }
    Ok(())
}

fn copy_entry(from: BorrowedFd<'_>, to: BorrowedFd<'_>, name: &CStr, links: &mut Links) -> io::Result<()> {
    let stat = rustix::fs::statat(from, name, AtFlags::SYMLINK_NOFOLLOW)?;
    let mode = Mode::from_raw_mode(stat.st_mode & 0o7777);
    let kind = FileType::from_raw_mode(stat.st_mode);
    if kind != FileType::Directory && stat.st_nlink > 1 {
        if let Some((folder, first)) = links.get(&(stat.st_dev, stat.st_ino)) {
            return Ok(rustix::fs::linkat(folder, first.as_c_str(), to, name, AtFlags::empty())?);
        }
        links.insert((stat.st_dev, stat.st_ino), (to.try_clone_to_owned()?, name.to_owned()));
    }
    match kind {
        FileType::Directory => {
            rustix::fs::mkdirat(to, name, mode)?;
            let (from, to) = (open_folder(from, name)?, open_folder(to, name)?);
            copy_folder(from.as_fd(), to.as_fd(), links)?;
            copy_xattrs(from.as_fd(), to.as_fd())?;
            copy_attributes(to.as_fd(), &stat)
        }
        FileType::RegularFile => copy_file(from, to, name, &stat),
        FileType::Symlink => {
            let target = rustix::fs::readlinkat(from, name, Vec::new())?;
            rustix::fs::symlinkat(target.as_c_str(), to, name)?;
            chown_at(to, name, stat.st_uid, stat.st_gid)
        }
        kind => {
            rustix::fs::mknodat(to, name, kind, mode, stat.st_rdev)?;
            chown_at(to, name, stat.st_uid, stat.st_gid)?;
            Ok(rustix::fs::chmodat(to, name, mode, AtFlags::empty())?)
        }
    }
}

fn copy_file(from: BorrowedFd<'_>, to: BorrowedFd<'_>, name: &CStr, stat: &Stat) -> io::Result<()> {
    let source = rustix::fs::openat(from, name, OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC, Mode::empty())?;
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let target = rustix::fs::openat(to, name, flags, Mode::from_raw_mode(0o600))?;
    // std tries copy_file_range and sendfile before plain reads.
    let (mut source, mut target) = (std::fs::File::from(source), std::fs::File::from(target));
    io::copy(&mut source, &mut target)?;
    copy_xattrs(source.as_fd(), target.as_fd())?;
    copy_attributes(target.as_fd(), stat)
}

/// Owner before mode: chown clears set-uid bits. Times last.
fn copy_attributes(file: BorrowedFd<'_>, stat: &Stat) -> io::Result<()> {
    rustix::fs::fchown(file, Some(Uid::from_raw(stat.st_uid)), Some(Gid::from_raw(stat.st_gid)))?;
    rustix::fs::fchmod(file, Mode::from_raw_mode(stat.st_mode & 0o7777))?;
    let time = |tv_sec: i64, tv_nsec: u64| Timespec { tv_sec, tv_nsec: tv_nsec as _ };
    let times = Timestamps {
        last_access: time(stat.st_atime as _, stat.st_atime_nsec as _),
        last_modification: time(stat.st_mtime as _, stat.st_mtime_nsec as _),
    };
    Ok(rustix::fs::futimens(file, &times)?)
}

/// File capabilities and what users set; other names belong to the file system (overlay) or the host's policy.
fn copy_xattrs(from: BorrowedFd<'_>, to: BorrowedFd<'_>) -> io::Result<()> {
    let mut names = vec![0u8; 64 * 1024];
    let length = match rustix::fs::flistxattr(from, &mut names) {
        Ok(length) => length,
        Err(rustix::io::Errno::NOTSUP) => return Ok(()),
        Err(error) => return Err(error.into()),
    };
    for name in names[..length].split(|&byte| byte == 0).filter(|name| !name.is_empty()) {
        let wanted =
            name == b"security.capability" || name.starts_with(b"user.") && !name.starts_with(b"user.overlay.");
        if wanted {
            let mut value = vec![0u8; 64 * 1024];
            let length = rustix::fs::fgetxattr(from, name, &mut value)?;
            match rustix::fs::fsetxattr(to, name, &value[..length], XattrFlags::empty()) {
                // A tmpfs may not have user attributes.
                Err(rustix::io::Errno::NOTSUP | rustix::io::Errno::PERM) => {}
                other => other?,
            }
        }
    }
    Ok(())
}

fn chown_at(folder: BorrowedFd<'_>, name: &CStr, uid: u32, gid: u32) -> io::Result<()> {
    let (uid, gid) = (Uid::from_raw(uid), Gid::from_raw(gid));
    Ok(rustix::fs::chownat(folder, name, Some(uid), Some(gid), AtFlags::SYMLINK_NOFOLLOW)?)
}

/// Gives `path` below `root` and everything in it to an owner.
pub(super) fn chown_tree(root: BorrowedFd<'_>, path: &Path, uid: u32, gid: u32) -> io::Result<()> {
    // It may be a device, which is not to be opened.
    let top = sys::path::open(root, path, OFlags::PATH, 0)?;
    rustix::fs::chownat(&top, c"", Some(Uid::from_raw(uid)), Some(Gid::from_raw(gid)), AtFlags::EMPTY_PATH)?;
    match FileType::from_raw_mode(rustix::fs::fstat(&top)?.st_mode) {
        FileType::Directory => chown_folder(open_folder(top.as_fd(), c".")?.as_fd(), uid, gid),
        _ => Ok(()),
    }
}

fn chown_folder(folder: BorrowedFd<'_>, uid: u32, gid: u32) -> io::Result<()> {
    for entry in Dir::read_from(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        if name == c"." || name == c".." {
            continue;
        }
        chown_at(folder, name, uid, gid)?;
        if entry.file_type() == FileType::Directory {
            chown_folder(open_folder(folder, name)?.as_fd(), uid, gid)?;
        }
    }
    Ok(())
}
