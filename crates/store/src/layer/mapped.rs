//! Copies of layers whose owners are shifted, for containers with a user namespace of their own.
//!
//! `layers/<hex>/mapped/<key>/diff`, made once per map: built in `tmp/`, renamed into place.

use crate::error::{At, Error, printable};
use crate::location::{Store, make_dir};
use oci::Digest;
use rustix::fd::{AsRawFd, OwnedFd};
use rustix::fs::{AtFlags, FileType, Gid, Mode, OFlags, SeekFrom, Stat, Timespec, Uid, XattrFlags};
use rustix::io::Errno;
use std::collections::HashSet;
use std::ffi::CString;
use std::path::{Path, PathBuf};
use sys::id_map::IdRange;

/// The kernel's overflow id.
const NOBODY: u32 = 65534;

/// (id inside the layer, id it becomes, count), for users and for groups.
pub(crate) struct IdMaps {
    uids: Vec<(u32, u32, u32)>,
    gids: Vec<(u32, u32, u32)>,
    /// Who owns what belongs to nobody the maps know: an id of ours that is nobody inside either.
    strangers: (Option<u32>, Option<u32>),
}

impl IdMaps {
    pub(crate) fn new(uids: &[(u32, u32, u32)], gids: &[(u32, u32, u32)]) -> IdMaps {
        let own = |path: &str| sys::id_map::read(path).unwrap_or_default();
        let strangers = (stranger(uids, &own("/proc/self/uid_map")), stranger(gids, &own("/proc/self/gid_map")));
        IdMaps { uids: uids.to_vec(), gids: gids.to_vec(), strangers }
    }

    /// A folder's name: the same for equal maps.
    pub(crate) fn key(&self) -> String {
        let text = format!("{:?} {:?}", self.uids, self.gids);
        Digest::sha256(text.as_bytes()).hex()[..16].to_owned()
    }

    pub(crate) fn uid(&self, id: u32) -> Option<u32> {
        shift(&self.uids, id)
    }

    pub(crate) fn gid(&self, id: u32) -> Option<u32> {
        shift(&self.gids, id)
    }
}

fn shift(map: &[(u32, u32, u32)], id: u32) -> Option<u32> {
    map.iter()
        .find(|(inside, _, count)| id.checked_sub(*inside).is_some_and(|n| n < *count))
        .and_then(|(inside, outside, _)| outside.checked_add(id - inside))
}

/// Nobody's id, or else the end of a range, that is in `own` and not given to the container.
fn stranger(map: &[(u32, u32, u32)], own: &[IdRange]) -> Option<u32> {
    let ends = own.iter().flat_map(|range| [range.inside.saturating_add(range.count - 1), range.inside]);
    let is_own = |id: u32| own.iter().any(|range| id.checked_sub(range.inside).is_some_and(|n| n < range.count));
    let is_given = |id: u32| map.iter().any(|(_, to, count)| id.checked_sub(*to).is_some_and(|n| n < *count));
    [NOBODY].into_iter().chain(ends).find(|id| is_own(*id) && !is_given(*id))
}

/// Where a layer's copy is.
pub(crate) fn path(layer: &Path, key: &str) -> PathBuf {
    layer.join("mapped").join(key).join("diff")
}

impl Store {
    /// Makes the copy if it isn't there.
    pub(crate) fn map_layer(&self, layer: &Digest, ids: &IdMaps) -> Result<(), Error> {
        let folder = self.layer_path(layer);
        let target = path(&folder, &ids.key());
        if target.exists() {
            return Ok(());
        }
        self.adopt_layer(layer)?;
        let (temporary, _lock) = self.temporary_folder()?;
        let made = copy_tree(&folder.join("diff"), &temporary, ids)
            .and_then(|()| make_dir(&folder.join("mapped")))
            .and_then(|()| match rustix::fs::rename(&temporary, folder.join("mapped").join(ids.key())) {
                // Another process was faster.
                Err(Errno::EXIST | Errno::NOTEMPTY) => self.discard(&temporary),
                result => result.at("rename layer copy to", &target),
            });
        if made.is_err() {
            self.discard(&temporary)?;
        }
        made
    }
}

/// One folder on the way down.
struct Level {
    /// Subfolders still to be copied.
    folders: Vec<CString>,
    /// Of the source; set on the copy when it is complete.
    stat: Stat,
}

/// Both trees are walked with one descriptor each; the way up is `..`, which is safe as nobody else changes them.
struct Copy<'a> {
    ids: &'a IdMaps,
    source: OwnedFd,
    target: OwnedFd,
    /// One name per inode that has several, so that the others can be linked to it.
    links: OwnedFd,
    linked: HashSet<u64>,
    levels: Vec<Level>,
    root_uid: u32,
}

const FOLDER: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);

/// A copy of `source` as `folder/diff`, with everything as it is there.
pub(crate) fn copy_files(source: &Path, folder: &Path) -> Result<(), Error> {
    let all = [(0, 0, u32::MAX)];
    copy_tree(source, folder, &IdMaps::new(&all, &all))
}

/// Copies `source` to `temporary/diff`.
fn copy_tree(source: &Path, temporary: &Path, ids: &IdMaps) -> Result<(), Error> {
    let (diff, links) = (temporary.join("diff"), temporary.join("links"));
    make_dir(&diff)?;
    make_dir(&links)?;
    let open = |path: &Path| crate::lock::open_dir(path).at("open folder", path);
    let mut copy = Copy {
        ids,
        source: open(source)?,
        target: open(&diff)?,
        links: open(&links)?,
        linked: HashSet::new(),
        levels: Vec::new(),
        root_uid: ids.uid(0).unwrap_or(0),
    };
    copy.run().map_err(|e| match e {
        Failure::Io(e) => Error::Io { what: "copy the files of", path: source.to_owned(), source: e.into() },
        Failure::Owner(name, stat) => {
            Error::Owner { entry: printable(name.to_bytes()), uid: stat.st_uid, gid: stat.st_gid }
        }
    })?;
    let parent = open(temporary)?;
    crate::remove_tree::remove_tree(&parent, temporary, "links".as_ref())
}

enum Failure {
    Io(Errno),
    /// Not in the map, and all ids of ours are.
    Owner(CString, Box<Stat>),
}

impl From<Errno> for Failure {
    fn from(e: Errno) -> Failure {
        Failure::Io(e)
    }
}

impl Copy<'_> {
    fn run(&mut self) -> Result<(), Failure> {
        self.enter(c"/")?;
        while let Some(level) = self.levels.last_mut() {
            if let Some(name) = level.folders.pop() {
                let target = rustix::fs::openat(&self.target, &name, FOLDER, Mode::empty())?;
                self.source = rustix::fs::openat(&self.source, &name, FOLDER, Mode::empty())?;
                self.target = target;
                self.enter(&name)?;
                continue;
            }
            rustix::fs::futimens(&self.target, &times(&level.stat))?;
            self.levels.pop();
            if !self.levels.is_empty() {
                self.source = rustix::fs::openat(&self.source, c"..", FOLDER, Mode::empty())?;
                self.target = rustix::fs::openat(&self.target, c"..", FOLDER, Mode::empty())?;
            }
        }
        Ok(())
    }

    /// Copies the attributes of the current folder, its files, and the names of its subfolders.
    fn enter(&mut self, name: &std::ffi::CStr) -> Result<(), Failure> {
        let stat = rustix::fs::fstat(&self.source)?;
        let (uid, gid) = self.owner(name, &stat)?;
        rustix::fs::fchown(&self.target, Some(uid), Some(gid))?;
        rustix::fs::fchmod(&self.target, Mode::from_raw_mode(stat.st_mode & 0o7777))?;
        self.copy_xattrs(&fd_path(&self.source, None), &fd_path(&self.target, None))?;
        let mut folders = Vec::new();
        for name in names(&self.source)? {
            let stat = rustix::fs::statat(&self.source, &name, AtFlags::SYMLINK_NOFOLLOW)?;
            if FileType::from_raw_mode(stat.st_mode) == FileType::Directory {
                rustix::fs::mkdirat(&self.target, &name, Mode::RWXU)?;
                folders.push(name);
            } else {
                self.copy_entry(&name, &stat)?;
            }
        }
        self.levels.push(Level { folders, stat });
        Ok(())
    }

    fn copy_entry(&mut self, name: &CString, stat: &Stat) -> Result<(), Failure> {
        let inode = stat.st_ino.to_string();
        if stat.st_nlink > 1 && self.linked.contains(&stat.st_ino) {
            return Ok(rustix::fs::linkat(&self.links, inode, &self.target, name, AtFlags::empty())?);
        }
        let kind = FileType::from_raw_mode(stat.st_mode);
        let mode = Mode::from_raw_mode(stat.st_mode & 0o7777);
        match kind {
            FileType::RegularFile => self.copy_content(name, stat)?,
            FileType::Symlink => {
                let target = rustix::fs::readlinkat(&self.source, name, Vec::new())?;
                rustix::fs::symlinkat(target, &self.target, name)?;
            }
            _ => rustix::fs::mknodat(&self.target, name, kind, mode, stat.st_rdev)?,
        }
        let (uid, gid) = self.owner(name, stat)?;
        rustix::fs::chownat(&self.target, name, Some(uid), Some(gid), AtFlags::SYMLINK_NOFOLLOW)?;
        if kind != FileType::Symlink {
            rustix::fs::chmodat(&self.target, name, mode, AtFlags::empty())?;
        }
        self.copy_xattrs(&fd_path(&self.source, Some(name)), &fd_path(&self.target, Some(name)))?;
        rustix::fs::utimensat(&self.target, name, &times(stat), AtFlags::SYMLINK_NOFOLLOW)?;
        if stat.st_nlink > 1 {
            rustix::fs::linkat(&self.target, name, &self.links, inode, AtFlags::empty())?;
            self.linked.insert(stat.st_ino);
        }
        Ok(())
    }

    /// Shares the blocks where the file system can; holes stay holes.
    fn copy_content(&self, name: &CString, stat: &Stat) -> Result<(), Failure> {
        let read = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let write = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
        let from = rustix::fs::openat(&self.source, name, read, Mode::empty())?;
        let to = rustix::fs::openat(&self.target, name, write, Mode::RUSR | Mode::WUSR)?;
        if stat.st_size == 0 || rustix::fs::ioctl_ficlone(&to, &from).is_ok() {
            return Ok(());
        }
        rustix::fs::ftruncate(&to, stat.st_size as u64)?;
        let mut at = 0;
        loop {
            let start = match rustix::fs::seek(&from, SeekFrom::Data(at)) {
                Err(Errno::NXIO) => return Ok(()),
                start => start?,
            };
            at = rustix::fs::seek(&from, SeekFrom::Hole(start))?;
            copy_range(&from, &to, start, at)?;
        }
    }

    fn owner(&self, name: &std::ffi::CStr, stat: &Stat) -> Result<(Uid, Gid), Failure> {
        let (user, group) = self.ids.strangers;
        match (self.ids.uid(stat.st_uid).or(user), self.ids.gid(stat.st_gid).or(group)) {
            (Some(uid), Some(gid)) => Ok((Uid::from_raw(uid), Gid::from_raw(gid))),
            // Whiteouts have no owner that matters.
            _ if FileType::from_raw_mode(stat.st_mode) == FileType::CharacterDevice && stat.st_rdev == 0 => {
                Ok((Uid::from_raw(self.root_uid), Gid::from_raw(self.ids.gid(0).unwrap_or(0))))
            }
            _ => Err(Failure::Owner(name.to_owned(), Box::new(*stat))),
        }
    }

    /// By path: links and devices can't be opened. The paths are those of [`fd_path`].
    fn copy_xattrs(&self, from: &[u8], to: &[u8]) -> Result<(), Failure> {
        let mut list = vec![0; 64 << 10];
        let length = match rustix::fs::llistxattr(from, &mut list[..]) {
            Err(Errno::NOTSUP) => return Ok(()),
            length => length?,
        };
        for key in list[..length].split(|b| *b == 0).filter(|key| !key.is_empty() && *key != b"security.selinux") {
            let mut value = vec![0; 64 << 10];
            let length = rustix::fs::lgetxattr(from, key, &mut value[..])?;
            value.truncate(length);
            if key == b"security.capability" {
                value = shift_capability(value, self.root_uid);
            }
            match rustix::fs::lsetxattr(to, key, &value, XattrFlags::empty()) {
                Err(Errno::NOTSUP | Errno::PERM) => log::debug!("attribute {} left out", printable(key)),
                result => result?,
            }
        }
        Ok(())
    }
}

fn copy_range(from: &OwnedFd, to: &OwnedFd, start: u64, end: u64) -> Result<(), Failure> {
    let (mut source, mut target) = (start, start);
    while source < end {
        let most = usize::try_from(end - source).unwrap_or(usize::MAX).min(1 << 30);
        let copied = match rustix::fs::copy_file_range(from, Some(&mut source), to, Some(&mut target), most) {
            // From an overlay.
            Err(Errno::XDEV) => return copy_bytes(from, to, source, end),
            copied => copied?,
        };
        if copied == 0 {
            return Err(Errno::IO.into());
        }
    }
    Ok(())
}

/// Through this process.
fn copy_bytes(from: &OwnedFd, to: &OwnedFd, mut at: u64, end: u64) -> Result<(), Failure> {
    let mut buffer = vec![0; 128 << 10];
    while at < end {
        let most = buffer.len().min(usize::try_from(end - at).unwrap_or(usize::MAX));
        let count = rustix::io::pread(from, &mut buffer[..most], at)?;
        if count == 0 {
            return Err(Errno::IO.into());
        }
        let mut written = 0;
        while written < count {
            written += rustix::io::pwrite(to, &buffer[written..count], at + written as u64)?;
        }
        at += count as u64;
    }
    Ok(())
}

/// File capabilities count in a user namespace only if they name its root (revision 3 of `struct vfs_ns_cap_data`).
fn shift_capability(mut value: Vec<u8>, root_uid: u32) -> Vec<u8> {
    const REVISION: usize = 3;
    match (value.len(), value.get(REVISION)) {
        (20, Some(2)) | (24, Some(3)) => {
            value.truncate(20);
            value[REVISION] = 3;
            value.extend_from_slice(&root_uid.to_le_bytes());
            value
        }
        _ => value,
    }
}

/// A path of something in an open folder, for calls that take no descriptor.
fn fd_path(folder: &OwnedFd, name: Option<&CString>) -> Vec<u8> {
    let mut path = format!("/proc/self/fd/{}/", folder.as_raw_fd()).into_bytes();
    path.extend_from_slice(name.map_or(b".", |name| name.as_bytes()));
    path
}

fn names(folder: &OwnedFd) -> Result<Vec<CString>, Errno> {
    let mut names = Vec::new();
    for entry in rustix::fs::Dir::read_from(folder)? {
        let name = entry?.file_name().to_owned();
        if !matches!(name.to_bytes(), b"." | b"..") {
            names.push(name);
        }
    }
    Ok(names)
}

fn times(stat: &Stat) -> rustix::fs::Timestamps {
    let time = |sec: i64, nsec: u64| Timespec { tv_sec: sec, tv_nsec: nsec as _ };
    rustix::fs::Timestamps {
        last_access: time(stat.st_atime, stat.st_atime_nsec),
        last_modification: time(stat.st_mtime, stat.st_mtime_nsec),
    }
}

#[cfg(test)]
mod unit {
    use super::*;

    #[test]
    fn ids_shift_by_their_range() {
        let map = [(0, 100, 10), (10, 5, 1)];
        for (id, expected) in [(0, Some(100)), (9, Some(109)), (10, Some(5)), (11, None)] {
            assert_eq!(shift(&map, id), expected, "{id}");
        }
        assert_eq!(shift(&[(0, u32::MAX, 2)], 1), None);
    }

    #[test]
    fn strangers_are_ours_and_not_the_containers() {
        let own = |ranges: &[(u32, u32)]| -> Vec<IdRange> {
            ranges.iter().map(|&(inside, count)| IdRange { inside, outside: 0, count }).collect()
        };
        assert_eq!(stranger(&[(0, 1, 10)], &own(&[(0, 1), (1, 65536)])), Some(65534));
        assert_eq!(stranger(&[(0, 1, 65536)], &own(&[(0, 1), (1, 65536)])), Some(0));
        assert_eq!(stranger(&[(0, 1, 5)], &own(&[(0, 1), (1, 9)])), Some(0));
        assert_eq!(stranger(&[(0, 0, 10)], &own(&[(0, 1), (1, 9)])), None);
        assert_eq!(stranger(&[(0, 0, 1)], &[]), None);
    }

    #[test]
    fn capabilities_get_a_root() {
        let v2 = [&[1, 0, 0, 2][..], &[0; 16]].concat();
        let v3 = shift_capability(v2, 70000);
        assert_eq!((v3.len(), &v3[..4], &v3[20..]), (24, &[1, 0, 0, 3][..], &70000u32.to_le_bytes()[..]));
        assert_eq!(shift_capability(v3.clone(), 70000), v3);
    }
}
