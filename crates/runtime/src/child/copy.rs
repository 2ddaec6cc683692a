//! Copying and chowning trees inside the container's root: `tmpcopyup`, fresh volumes, `:U`.
//!
//! Everything goes by descriptors of folders, names are single components and links are copied, never followed.

use super::descent::Descent;
use rustix::fs::{AtFlags, Dir, FileType, Mode, OFlags, Stat, Timespec, Timestamps, XattrFlags};
use rustix::process::{Gid, Uid};
use std::collections::HashMap;
use std::ffi::{CStr, CString};
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;

/// Copies what is in folder `from` into the empty folder `to`, with owners, modes and times. Nothing happens when `from` is `to`.
pub(super) fn up(from: &OwnedFd, to: &OwnedFd) -> io::Result<()> {
    let mut copy =
        Copy { from: Descent::at(from)?, to: Descent::at(to)?, top: to, folders: Vec::new(), links: HashMap::new() };
    let mut levels = vec![Level { attributes: None, folder: None, left: copy.files(None)? }];
    while let Some(level) = levels.last_mut() {
        match level.left.pop() {
            Some((name, stat)) => {
                let folder = copy.down(level.folder, name, &stat)?;
                levels.push(Level { attributes: Some(stat), folder, left: copy.files(folder)? });
            }
            None => {
                let done = levels.pop().and_then(|level| level.attributes);
                done.map_or(Ok(()), |attributes| copy.back(&attributes))?;
            }
        }
    }
    Ok(())
}

/// Gives the folder `to` itself the owner, mode and times of `from`.
pub(super) fn like(from: &OwnedFd, to: &OwnedFd) -> io::Result<()> {
    copy_attributes(Descent::at(to)?.here(), &rustix::fs::fstat(from)?)
}

/// A folder that is being copied.
struct Level {
    /// It gets them when all is in it. The top one keeps its own.
    attributes: Option<Stat>,
    folder: Folder,
    /// Folders in it that are still to be copied.
    left: Vec<(CString, Stat)>,
}

/// The number of a folder that was made; `None`: the top one.
type Folder = Option<usize>;

struct Copy<'a> {
    from: Descent,
    to: Descent,
    top: &'a OwnedFd,
    /// Those that were made: where, and their names.
    folders: Vec<(Folder, CString)>,
    /// Files with several names: where they were copied first.
    links: HashMap<(u64, u64), (Folder, CString)>,
}

impl Copy<'_> {
    fn down(&mut self, above: Folder, name: CString, stat: &Stat) -> io::Result<Folder> {
        rustix::fs::mkdirat(self.to.here(), &name, Mode::from_raw_mode(stat.st_mode & 0o7777))?;
        self.from.down(&name)?;
        self.to.down(&name)?;
        self.folders.push((above, name));
        Ok(Some(self.folders.len() - 1))
    }

    fn back(&mut self, attributes: &Stat) -> io::Result<()> {
        copy_xattrs(self.from.here(), self.to.here())?;
        copy_attributes(self.to.here(), attributes)?;
        self.from.up()?;
        self.to.up()
    }

    /// All that isn't a folder; returns the folders.
    fn files(&mut self, folder: Folder) -> io::Result<Vec<(CString, Stat)>> {
        let mut folders = Vec::new();
        for entry in Dir::read_from(self.from.here())? {
            let entry = entry?;
            let name = entry.file_name();
            if name == c"." || name == c".." {
                continue;
            }
            let stat = rustix::fs::statat(self.from.here(), name, AtFlags::SYMLINK_NOFOLLOW)?;
            match FileType::from_raw_mode(stat.st_mode) {
                FileType::Directory => folders.push((name.to_owned(), stat)),
                kind => self.file(folder, name, kind, &stat)?,
            }
        }
        Ok(folders)
    }

    fn file(&mut self, folder: Folder, name: &CStr, kind: FileType, stat: &Stat) -> io::Result<()> {
        if stat.st_nlink > 1 {
            if let Some((place, first)) = self.links.get(&(stat.st_dev, stat.st_ino)) {
                let place = sys::path::open_folder(self.top, &self.path(*place))?;
                return Ok(rustix::fs::linkat(&place, first, self.to.here(), name, AtFlags::empty())?);
            }
            self.links.insert((stat.st_dev, stat.st_ino), (folder, name.to_owned()));
        }
        copy_entry(self.from.here(), self.to.here(), (name, kind), stat)
    }

    fn path(&self, mut folder: Folder) -> Vec<u8> {
        let mut names = Vec::new();
        while let Some((above, name)) = folder.map(|number| &self.folders[number]) {
            names.push(name.to_bytes());
            folder = *above;
        }
        names.reverse();
        names.join(&b'/')
    }
}

fn copy_entry(
    from: BorrowedFd<'_>,
    to: BorrowedFd<'_>,
    (name, kind): (&CStr, FileType),
    stat: &Stat,
) -> io::Result<()> {
    match kind {
        FileType::RegularFile => copy_file(from, to, name, stat),
        FileType::Symlink => {
            let target = rustix::fs::readlinkat(from, name, Vec::new())?;
            rustix::fs::symlinkat(target.as_c_str(), to, name)?;
            chown_at(to, name, stat.st_uid, stat.st_gid)
        }
        kind => {
            let mode = Mode::from_raw_mode(stat.st_mode & 0o7777);
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
        FileType::Directory => chown_below(Descent::at(&top)?, uid, gid),
        _ => Ok(()),
    }
}

fn chown_below(mut descent: Descent, uid: u32, gid: u32) -> io::Result<()> {
    let mut levels = vec![chown_entries(descent.here(), uid, gid)?];
    while let Some(left) = levels.last_mut() {
        if let Some(name) = left.pop() {
            descent.down(&name)?;
            levels.push(chown_entries(descent.here(), uid, gid)?);
        } else {
            levels.pop();
            if !levels.is_empty() {
                descent.up()?;
            }
        }
    }
    Ok(())
}

/// Returns the folders.
fn chown_entries(folder: BorrowedFd<'_>, uid: u32, gid: u32) -> io::Result<Vec<CString>> {
    let mut folders = Vec::new();
    for entry in Dir::read_from(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        if name == c"." || name == c".." {
            continue;
        }
        chown_at(folder, name, uid, gid)?;
        let kind = match entry.file_type() {
            FileType::Unknown => {
                FileType::from_raw_mode(rustix::fs::statat(folder, name, AtFlags::SYMLINK_NOFOLLOW)?.st_mode)
            }
            kind => kind,
        };
        if kind == FileType::Directory {
            folders.push(name.to_owned());
        }
    }
    Ok(folders)
}
