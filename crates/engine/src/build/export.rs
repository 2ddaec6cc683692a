//! An image's files on the host: into a folder, or as a tar.
//!
//! The folder may hold anything already. Nothing is written through a link in it: what is at a file's place is replaced, folders
//! are filled, and no path is followed out of it.

use crate::{Engine, Error, Privilege};
use oci::Digest;
use rustix::fs::{AtFlags, FileType, Gid, Mode, OFlags, Timespec, Timestamps, Uid, XattrFlags};
use rustix::io::Errno;
use std::collections::HashMap;
use std::ffi::OsStr;
use std::fs::File;
use std::io::Write;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use store::{FilesOf, Shown, Times};

/// Writes files as a tar.
pub fn export_tar(engine: &Engine, parts: &[FilesOf<'_>], times: Times, sink: &mut dyn Write) -> Result<(), Error> {
    Ok(engine.store().show_tar(parts, times, sink)?)
}

/// Puts the files of these layers into a folder, which is made where it is missing. Root gives them their owners; what an
/// ordinary user gets is the user's.
pub fn export_folder(
    engine: &Engine,
    layers: &[Digest],
    times: Times,
    place: &Path,
    warn: &mut dyn FnMut(&str),
) -> Result<(), Error> {
    let failed = |error| Error::io("make the folder", place, error);
    std::fs::create_dir_all(place).map_err(failed)?;
    let root = File::open(place).map(OwnedFd::from).map_err(failed)?;
    let (links, folders) = (HashMap::new(), Vec::new());
    let owned = matches!(engine.privilege(), Privilege::Root);
    let mut export = Export { place, root, owned, times, links, folders, warn, parent: None };
    engine.store().show::<Error>(layers, &mut |shown| export.shown(shown))?;
    export.finish_folders()
}

struct Export<'a> {
    /// For messages.
    place: &'a Path,
    root: OwnedFd,
    /// Files keep their owners.
    owned: bool,
    times: Times,
    /// Files with several names: the first one.
    links: HashMap<(u64, u64), Vec<u8>>,
    /// Folders get mode and times when all is in them.
    folders: Vec<(Vec<u8>, Mode, Timestamps)>,
    warn: &'a mut dyn FnMut(&str),
    /// The folder in which the last file was put.
    parent: Option<(Vec<u8>, OwnedFd)>,
}

impl Export<'_> {
    fn shown(&mut self, shown: &Shown<'_>) -> Result<(), Error> {
        let cut = shown.path.iter().rposition(|byte| *byte == b'/').unwrap_or(0);
        let (above, name) = (&shown.path[..cut], OsStr::from_bytes(shown.name.to_bytes()));
        // The folder itself is the caller's.
        if shown.path.is_empty() {
            return Ok(());
        }
        let parent = match self.parent.take() {
            Some((path, fd)) if path == above => fd,
            _ => self.open(above)?,
        };
        self.put(&parent, name, shown).map_err(|error| self.failed("write", shown.path, error))?;
        self.parent = Some((above.to_vec(), parent));
        Ok(())
    }

    fn put(&mut self, parent: &OwnedFd, name: &OsStr, shown: &Shown<'_>) -> std::io::Result<()> {
        let mode = Mode::from_raw_mode(shown.stat.st_mode & 0o7777);
        let times = self.times_of(shown);
        match shown.kind() {
            FileType::Directory => {
                make_folder(parent, name)?;
                self.own(parent, name, shown)?;
                self.folders.push((shown.path.to_vec(), mode, times));
                return Ok(());
            }
            _ if self.linked(parent, name, shown)? => return Ok(()),
            FileType::RegularFile => return self.file(parent, name, shown),
            FileType::Symlink => {
                let target = rustix::fs::readlinkat(shown.folder, shown.name, Vec::new())?;
                clear(parent, name)?;
                rustix::fs::symlinkat(&target, parent, name)?;
            }
            FileType::CharacterDevice | FileType::BlockDevice if !self.owned => {
                let path = String::from_utf8_lossy(shown.path);
                (self.warn)(&format!("{path} is a device, which only root can make: it is left out"));
                return Ok(());
            }
            kind => {
                clear(parent, name)?;
                rustix::fs::mknodat(parent, name, kind, mode, shown.stat.st_rdev)?;
                rustix::fs::chmodat(parent, name, mode, AtFlags::empty())?;
            }
        }
        self.own(parent, name, shown)?;
        Ok(rustix::fs::utimensat(parent, name, &times, AtFlags::SYMLINK_NOFOLLOW)?)
    }

    fn file(&self, parent: &OwnedFd, name: &OsStr, shown: &Shown<'_>) -> std::io::Result<()> {
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let mut from = File::from(rustix::fs::openat(shown.folder, shown.name, flags, Mode::empty())?);
        clear(parent, name)?;
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let mut to = File::from(rustix::fs::openat(parent, name, flags, Mode::from_raw_mode(0o600))?);
        std::io::copy(&mut from, &mut to)?;
        self.own(parent, name, shown)?;
        // A change of owner takes these away.
        rustix::fs::fchmod(&to, Mode::from_raw_mode(shown.stat.st_mode & 0o7777))?;
        attributes(&from, &to);
        Ok(rustix::fs::futimens(&to, &self.times_of(shown))?)
    }

    /// Whether it is another name of a file that is there already; then it is one here, too.
    fn linked(&mut self, parent: &OwnedFd, name: &OsStr, shown: &Shown<'_>) -> std::io::Result<bool> {
        if shown.stat.st_nlink < 2 || shown.kind() != FileType::RegularFile {
            return Ok(false);
        }
        let identity = (shown.stat.st_dev, shown.stat.st_ino);
        let Some(first) = self.links.get(&identity) else {
            self.links.insert(identity, shown.path.to_vec());
            return Ok(false);
        };
        let cut = first.iter().rposition(|byte| *byte == b'/').map_or(0, |at| at + 1);
        let above = sys::path::open_folder(&self.root, &first[..cut])?;
        clear(parent, name)?;
        rustix::fs::linkat(above, OsStr::from_bytes(&first[cut..]), parent, name, AtFlags::empty())?;
        Ok(true)
    }

    fn own(&self, parent: &OwnedFd, name: &OsStr, shown: &Shown<'_>) -> std::io::Result<()> {
        if !self.owned {
            return Ok(());
        }
        let (uid, gid) = (Uid::from_raw(shown.stat.st_uid), Gid::from_raw(shown.stat.st_gid));
        Ok(rustix::fs::chownat(parent, name, Some(uid), Some(gid), AtFlags::SYMLINK_NOFOLLOW)?)
    }

    fn times_of(&self, shown: &Shown<'_>) -> Timestamps {
        let own = Timespec { tv_sec: shown.stat.st_mtime, tv_nsec: shown.stat.st_mtime_nsec as _ };
        let time = match self.times {
            Times::Own => own,
            times => Timespec { tv_sec: times.of(shown.stat.st_mtime), tv_nsec: 0 },
        };
        Timestamps { last_access: time, last_modification: time }
    }

    /// The lowest first: a folder may forbid to look into it.
    fn finish_folders(&mut self) -> Result<(), Error> {
        for (path, mode, times) in std::mem::take(&mut self.folders).into_iter().rev() {
            let folder = self.open(&path)?;
            let set = rustix::fs::fchmod(&folder, mode).and_then(|()| rustix::fs::futimens(&folder, &times));
            set.map_err(|error| self.failed("change mode and times of", &path, error.into()))?;
        }
        Ok(())
    }

    fn open(&self, path: &[u8]) -> Result<OwnedFd, Error> {
        sys::path::open_folder(&self.root, path).map_err(|error| self.failed("open the folder", path, error))
    }

    fn failed(&self, what: &'static str, path: &[u8], error: std::io::Error) -> Error {
        let path: PathBuf = self.place.join(OsStr::from_bytes(path));
        Error::io(what, &path, error)
    }
}

/// One that is there is filled. A link isn't one, wherever it leads.
fn make_folder(parent: &OwnedFd, name: &OsStr) -> std::io::Result<()> {
    let make = || rustix::fs::mkdirat(parent, name, Mode::RWXU);
    match make() {
        Err(Errno::EXIST) => {
            let there = rustix::fs::statat(parent, name, AtFlags::SYMLINK_NOFOLLOW)?;
            if FileType::from_raw_mode(there.st_mode) == FileType::Directory {
                return Ok(());
            }
            clear(parent, name)?;
            Ok(make()?)
        }
        made => Ok(made?),
    }
}

/// Takes away what is at a file's place, as Buildah and BuildKit do: folders, too.
fn clear(parent: &OwnedFd, name: &OsStr) -> std::io::Result<()> {
    match rustix::fs::unlinkat(parent, name, AtFlags::empty()) {
        Ok(()) | Err(Errno::NOENT) => Ok(()),
        Err(Errno::ISDIR) => {
            let parent = OsStr::from_bytes(sys::path::of_descriptor(parent).to_bytes()).to_owned();
            // It follows no links.
            std::fs::remove_dir_all(Path::new(&parent).join(name))
        }
        Err(error) => Err(error.into()),
    }
}

/// As far as the file system and this user may have them: labels and overlay's marks are not the file's own.
fn attributes(from: impl AsFd, to: impl AsFd) {
    let mut names = vec![0; 64 << 10];
    let Ok(length) = rustix::fs::flistxattr(&from, &mut names) else { return };
    let foreign = |name: &[u8]| {
        ["security.selinux", "system.", "trusted.", "user.overlay."]
            .iter()
            .any(|start| name.starts_with(start.as_bytes()))
    };
    for name in names[..length].split(|byte| *byte == 0).filter(|name| !name.is_empty() && !foreign(name)) {
        let mut value = vec![0; 64 << 10];
        if let Ok(length) = rustix::fs::fgetxattr(&from, name, &mut value) {
            let _ = rustix::fs::fsetxattr(&to, name, &value[..length], XattrFlags::empty());
        }
    }
}
