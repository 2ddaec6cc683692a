//! Putting chosen files into an image's root. Paths there are followed as if it were `/`; what is at a file's place is replaced,
//! never written through.

use super::accounts::Owner;
use super::select::{Chosen, Item, open};
use super::{At, Error, sparse};
use crate::steps::mode::ModeChange;
use rustix::fs::{AtFlags, FileType, Gid, Mode, OFlags, Timespec, Timestamps, Uid, XattrFlags};
use rustix::io::Errno;
use std::collections::HashMap;
use std::ffi::OsStr;
use std::fs::File;
use std::io::Read;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Component, Path, PathBuf};

/// How files are put there.
#[derive(Debug)]
pub struct Placing<'a> {
    /// The image's `/`.
    pub root: &'a OwnedFd,
    /// Absolute; with a slash at its end it is a folder.
    pub destination: &'a str,
    /// Everybody's; else their own.
    pub owner: Option<Owner>,
    /// Their own bits changed.
    pub mode: Option<&'a ModeChange>,
    /// Folders and files are called as they are, even at the top.
    pub keeps_names: bool,
    /// What is made on the way is root's.
    pub disowns_parents: bool,
    /// What comes from an archive wins: folders that are there get its owner and mode.
    pub is_archive: bool,
    /// Owners can't be given: there is one id only.
    pub single_id: bool,
}

/// Puts all of them there.
pub fn place(placing: &Placing<'_>, source: &OwnedFd, chosen: &[Chosen]) -> Result<(), Error> {
    let keep_names = placing.keeps_names;
    let is_folder = placing.is_folder()?;
    if chosen.len() > 1 && !is_folder && !keep_names {
        return Err(Error::NoFolder { destination: placing.destination.to_owned() });
    }
    let mut links = HashMap::new();
    for one in chosen {
        let base = PathBuf::from(placing.destination);
        let base = match (keep_names, one.is_folder()) {
            (true, _) => base.join(&one.name),
            (false, true) => base,
            (false, false) if is_folder => base.join(&one.name),
            (false, false) => base,
        };
        for item in &one.items {
            placing.item(source, item, &base.join(&item.below), &mut links)?;
        }
        placing.folder_times(one, &base)?;
    }
    Ok(())
}

/// Makes the destination, and what it lies in.
pub fn make_folder(placing: &Placing<'_>) -> Result<(), Error> {
    placing.folder(Path::new(placing.destination)).map(drop)
}

/// Writes a file with this content, of the usual mode.
pub fn write(placing: &Placing<'_>, name: &Path, content: &mut dyn Read) -> Result<(), Error> {
    let base = PathBuf::from(placing.destination);
    let path = if placing.is_folder()? { base.join(name) } else { base };
    let mode = placing.mode.map_or(0o644, |change| change.apply(0o644, false));
    let (folder, name) = placing.parent(&path)?;
    let mut file = File::from(placing.create(&folder, name, &path)?);
    std::io::copy(content, &mut file).at("write", &path)?;
    placing.own(file.as_fd(), &path, placing.owner.unwrap_or(Owner { uid: 0, gid: 0 }))?;
    rustix::fs::fchmod(&file, Mode::from_raw_mode(mode)).at("change mode of", &path)
}

/// Links that lead nowhere and are made to, one after the other.
const MAX_LINKS: usize = 16;

/// First names of files that have several.
type Links = HashMap<(u64, u64), PathBuf>;

impl Placing<'_> {
    /// It is called one, or is one already.
    fn is_folder(&self) -> Result<bool, Error> {
        if self.destination.ends_with('/') {
            return Ok(true);
        }
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        match sys::path::open(self.root, Path::new(self.destination), flags, 0) {
            Ok(_) => Ok(true),
            Err(error) if is(&error, &[Errno::NOENT, Errno::NOTDIR, Errno::LOOP]) => Ok(false),
            Err(error) => Err(error).at("open", Path::new(self.destination)),
        }
    }

    fn item(&self, source: &OwnedFd, item: &Item, path: &Path, links: &mut Links) -> Result<(), Error> {
        let owner = self.owner.unwrap_or(Owner { uid: item.stat.st_uid, gid: item.stat.st_gid });
        let is_folder = item.kind() == FileType::Directory;
        let mode = item.stat.st_mode & 0o7777;
        let mode = Mode::from_raw_mode(self.mode.map_or(mode, |change| change.apply(mode, is_folder)));
        if is_folder {
            let (made, fd) = self.folder(path)?;
            // One that was there keeps what it is, and the destination isn't the folder whose content it gets.
            if (made || self.is_archive) && (self.keeps_names || !item.below.as_os_str().is_empty()) {
                self.own(fd.as_fd(), path, owner)?;
                let real =
                    sys::path::open(&fd, Path::new("."), OFlags::RDONLY | OFlags::DIRECTORY, 0).at("open", path)?;
                rustix::fs::fchmod(&real, mode).at("change mode of", path)?;
                let from = open(source, item, OFlags::RDONLY | OFlags::DIRECTORY)?;
                attributes(&from, &real);
            }
            return Ok(());
        }
        let (folder, name) = self.parent(path)?;
        let identity = (item.stat.st_dev, item.stat.st_ino);
        if item.stat.st_nlink > 1 && item.kind() == FileType::RegularFile {
            if let Some(first) = links.get(&identity) {
                let (from, first_name) = self.parent(first)?;
                self.clear(&folder, name, path)?;
                return rustix::fs::linkat(&from, first_name, &folder, name, AtFlags::empty()).at("link", path);
            }
            links.insert(identity, path.to_owned());
        }
        match item.kind() {
            FileType::RegularFile => {
                let from = open(source, item, OFlags::RDONLY | OFlags::NONBLOCK)?;
                let to = self.create(&folder, name, path)?;
                let (mut from, mut to) = (File::from(from), File::from(to));
                sparse::copy(&mut from, &mut to, &item.stat).at("write", path)?;
                self.own(to.as_fd(), path, owner)?;
                rustix::fs::fchmod(&to, mode).at("change mode of", path)?;
                attributes(&OwnedFd::from(from), &to);
                return rustix::fs::futimens(&to, &times(item)).at("set times of", path);
            }
            FileType::Symlink => {
                let link = open(source, item, OFlags::PATH)?;
                let target = rustix::fs::readlinkat(&link, c"", Vec::new()).at("read link", &item.source)?;
                self.clear(&folder, name, path)?;
                rustix::fs::symlinkat(&target, &folder, name).at("create link", path)?;
            }
            kind => {
                self.clear(&folder, name, path)?;
                rustix::fs::mknodat(&folder, name, kind, mode, item.stat.st_rdev).at("create", path)?;
            }
        }
        let (uid, gid) = (Uid::from_raw(owner.uid), Gid::from_raw(owner.gid));
        if !self.single_id {
            let chown = rustix::fs::chownat(&folder, name, Some(uid), Some(gid), AtFlags::SYMLINK_NOFOLLOW);
            chown.at("change owner of", path)?;
        }
        rustix::fs::utimensat(&folder, name, &times(item), AtFlags::SYMLINK_NOFOLLOW).at("set times of", path)
    }

    /// When everything is in them.
    fn folder_times(&self, chosen: &Chosen, base: &Path) -> Result<(), Error> {
        // The destination itself isn't the folder that was copied, unless that keeps its name.
        for item in chosen.items.iter().filter(|item| item.kind() == FileType::Directory) {
            let path = base.join(&item.below);
            let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
            let folder = sys::path::open(self.root, &path, flags, 0).at("open", &path)?;
            rustix::fs::futimens(&folder, &times(item)).at("set times of", &path)?;
        }
        Ok(())
    }

    /// The folder in which something is to be, and its name there.
    fn parent<'p>(&self, path: &'p Path) -> Result<(OwnedFd, &'p OsStr), Error> {
        let name = path.file_name().ok_or(Errno::ISDIR).at("write", path)?;
        let folder = path.parent().unwrap_or(Path::new("/"));
        let (_, fd) = self.folder(folder)?;
        Ok((fd, name))
    }

    /// Makes it with all that it lies in; whether it wasn't there.
    fn folder(&self, path: &Path) -> Result<(bool, OwnedFd), Error> {
        self.folder_through(path, MAX_LINKS)
    }

    fn folder_through(&self, path: &Path, links: usize) -> Result<(bool, OwnedFd), Error> {
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        match sys::path::open(self.root, path, flags, 0) {
            Ok(fd) => return Ok((false, fd)),
            Err(error) if is(&error, &[Errno::NOENT]) => {}
            Err(error) if is(&error, &[Errno::NOTDIR]) => {
                let place = path.display().to_string();
                return Err(Error::Kind { what: "a directory", place, found: "something else" });
            }
            Err(error) => return Err(error).at("open", path),
        }
        let mut so_far = PathBuf::from("/");
        for part in path.components() {
            if part == Component::ParentDir {
                so_far.pop();
            }
            if !matches!(part, Component::Normal(_)) {
                continue;
            }
            let above = sys::path::open(self.root, &so_far, flags, 0).at("open", &so_far)?;
            so_far.push(part);
            match sys::path::open(self.root, &so_far, flags, 0) {
                Err(error) if is(&error, &[Errno::NOENT]) => {
                    if let Ok(target) = rustix::fs::readlinkat(&above, part.as_os_str(), Vec::new()) {
                        // It leads nowhere yet.
                        let left = links.checked_sub(1).ok_or(Errno::LOOP).at("create", &so_far)?;
                        let target = OsStr::from_bytes(target.to_bytes());
                        let folder = so_far.parent().unwrap_or(Path::new("/"));
                        self.folder_through(&folder.join(target), left)?;
                        continue;
                    }
                    rustix::fs::mkdirat(&above, part.as_os_str(), Mode::from_raw_mode(0o755)).at("create", &so_far)?;
                    let read = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
                    let made = sys::path::open_without_links(&above, Path::new(&part), read, 0).at("open", &so_far)?;
                    let on_the_way = self.disowns_parents && so_far != Path::new(self.destination);
                    let owner = self.owner.filter(|_| !on_the_way).unwrap_or(Owner { uid: 0, gid: 0 });
                    self.own(made.as_fd(), &so_far, owner)?;
                    // As with BuildKit, what is made on the way has the same mode. (Not left to mkdir: the umask may be tight.)
                    let mode = Mode::from_raw_mode(self.mode.map_or(0o755, |change| change.apply(0o755, true)));
                    rustix::fs::fchmod(&made, mode).at("change mode of", &so_far)?;
                }
                found => drop(found.at("open", &so_far)?),
            }
        }
        Ok((true, sys::path::open(self.root, path, flags, 0).at("open", path)?))
    }

    fn create(&self, folder: &OwnedFd, name: &OsStr, path: &Path) -> Result<OwnedFd, Error> {
        self.clear(folder, name, path)?;
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        rustix::fs::openat(folder, name, flags, Mode::from_raw_mode(0o600)).at("create", path)
    }

    /// Takes away what is at a file's place.
    fn clear(&self, folder: &OwnedFd, name: &OsStr, path: &Path) -> Result<(), Error> {
        match rustix::fs::unlinkat(folder, name, AtFlags::empty()) {
            Ok(()) | Err(Errno::NOENT) => Ok(()),
            Err(Errno::ISDIR) => {
                let place = path.display().to_string();
                Err(Error::Kind { what: "a file", place, found: "a directory" })
            }
            Err(error) => Err(error).at("replace", path),
        }
    }

    fn own(&self, fd: impl AsFd, path: &Path, owner: Owner) -> Result<(), Error> {
        if self.single_id {
            return Ok(());
        }
        let (uid, gid) = (Uid::from_raw(owner.uid), Gid::from_raw(owner.gid));
        rustix::fs::chownat(fd, c"", Some(uid), Some(gid), AtFlags::EMPTY_PATH).at("change owner of", path)
    }
}

fn is(error: &std::io::Error, errnos: &[Errno]) -> bool {
    errnos.iter().any(|errno| error.raw_os_error() == Some(errno.raw_os_error()))
}

fn times(item: &Item) -> Timestamps {
    let time = Timespec { tv_sec: item.stat.st_mtime, tv_nsec: item.stat.st_mtime_nsec as _ };
    Timestamps { last_access: time, last_modification: time }
}

/// Extended attributes, as far as they may be set here; labels and overlay's marks belong to the host.
fn attributes(from: &OwnedFd, to: impl AsFd) {
    let mut names = vec![0; 64 << 10];
    let Ok(length) = rustix::fs::flistxattr(from, &mut names) else { return };
    for name in names[..length].split(|byte| *byte == 0).filter(|name| !name.is_empty()) {
        let hosts = [&b"security.selinux"[..], b"trusted.overlay.", b"user.overlay.", b"system."];
        if hosts.iter().any(|prefix| name.starts_with(prefix)) {
            continue;
        }
        let mut value = vec![0; 64 << 10];
        if let Ok(length) = rustix::fs::fgetxattr(from, name, &mut value) {
            let _ = rustix::fs::fsetxattr(&to, name, &value[..length], XattrFlags::empty());
        }
    }
}
