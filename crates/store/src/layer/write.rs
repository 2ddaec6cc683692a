//! Making one entry of a layer on disk. Owners before modes (a change of owner clears setuid), attributes after both,
//! times last.

mod attributes;
mod hidden;
mod special;

use super::entry::{Entry, Kind};
use super::extra::Extra;
use super::place::{FolderId, Missing, Problem, Tree, both, is_whiteout};
use super::stream::Stream;
use super::tar_meta;
use crate::error::Error;
use crate::location::Ownership;
use rustix::fd::OwnedFd;
use rustix::fs::{AtFlags, FileType, Gid, Mode, OFlags, Uid, XattrFlags};
use rustix::io::Errno;
use std::collections::HashSet;
use std::fs::File;
use std::io::{Seek, SeekFrom, Write};

/// A layer on its way to the disk.
pub(super) struct Extraction {
    /// The layer's folder, with `diff`, `extra` and `tar-meta`.
    pub(super) layer: OwnedFd,
    pub(super) tree: Tree,
    pub(super) meta: tar_meta::Writer,
    pub(super) extra: Extra,
    pub(super) ownership: Ownership,
    pub(super) umask: u32,
    /// Devices that can't be made here: hard links to them are left out as well.
    pub(super) skipped: HashSet<(FolderId, Vec<u8>)>,
}

/// Where an entry goes: always a real folder of the layer.
struct Place<'e> {
    folder: FolderId,
    fd: std::rc::Rc<OwnedFd>,
    name: &'e [u8],
}

impl Extraction {
    /// Makes the entry and takes its content from the stream.
    pub(super) fn entry(&mut self, entry: &Entry, stream: &mut Stream<'_>) -> Result<(), Error> {
        match &entry.kind {
            Kind::File => return self.file(entry, stream, None),
            Kind::Sparse { map, length } => return self.file(entry, stream, Some((map, *length))),
            Kind::Ignored => {}
            Kind::Whiteout(name) => self.whiteout(entry, name).or_else(unless_hidden).map_err(|p| error(entry, p))?,
            Kind::Opaque => self.opaque(entry).or_else(unless_hidden).map_err(|p| error(entry, p))?,
            Kind::Folder => self.folder(entry).map_err(|p| error(entry, p))?,
            _ => self.special(entry).map_err(|p| error(entry, p))?,
        }
        self.discard_content(entry.payload, stream)
    }

    /// Content of something that isn't a file belongs to the stream only.
    fn discard_content(&mut self, mut left: u64, stream: &mut Stream<'_>) -> Result<(), Error> {
        while left > 0 {
            let bytes = stream.content(left)?;
            left -= bytes.len() as u64;
            self.meta.literal(bytes)?;
        }
        Ok(())
    }

    fn place<'e>(&mut self, parents: &[Vec<u8>], name: &'e [u8], missing: Missing) -> Result<Place<'e>, Problem> {
        let folder = self.tree.resolve(parents, missing)?;
        for folder in self.tree.take_unhidden() {
            self.set_opaque(folder)?;
        }
        Ok(Place { folder, fd: self.tree.fd(folder)?, name })
    }

    /// `holes` is the map and the length of a sparse file.
    fn file(
        &mut self,
        entry: &Entry,
        stream: &mut Stream<'_>,
        holes: Option<(&[(u64, u64)], u64)>,
    ) -> Result<(), Error> {
        let fail = |what| move |e: std::io::Error| Error::Entry { entry: entry.name.clone(), what, source: e };
        let place = self.place(&entry.parents, &entry.last, Missing::Make).map_err(|p| error(entry, p))?;
        let fd = self.create_file(&place, entry.mode).map_err(|p| error(entry, p))?;
        if entry.payload > 0 {
            let path = self.tree.path(place.folder, place.name);
            self.meta.file(&path, entry.payload, holes.map(|(map, _)| map))?;
        }
        let mut file = File::from(fd);
        let whole = [(0, entry.payload)];
        let (parts, length) = holes.map_or((&whole[..], None), |(map, length)| (map, Some(length)));
        for (offset, size) in parts {
            if *offset > 0 {
                file.seek(SeekFrom::Start(*offset)).map_err(fail("seek in file"))?;
            }
            let mut left = *size;
            while left > 0 {
                let bytes = stream.content(left)?;
                left -= bytes.len() as u64;
                file.write_all(bytes).map_err(fail("write file"))?;
            }
        }
        if let Some(length) = length {
            file.set_len(length).map_err(fail("set size of file"))?;
        }
        self.finish_file(&place, &file, entry).map_err(|p| error(entry, p))
    }

    fn create_file(&mut self, place: &Place<'_>, mode: u32) -> Result<OwnedFd, Problem> {
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let create = || rustix::fs::openat(&*place.fd, place.name, flags, Mode::from_raw_mode(mode & 0o777));
        match create() {
            Err(Errno::EXIST) => {
                self.clear(place)?;
                create()
            }
            result => result,
        }
        .map_err(|e| Problem::Failed("create file", e))
    }

    fn finish_file(&mut self, place: &Place<'_>, file: &File, entry: &Entry) -> Result<(), Problem> {
        let (uid, gid) = (Uid::from_raw(entry.uid), Gid::from_raw(entry.gid));
        let chown = self.must_chown(place.folder, entry);
        if chown {
            rustix::fs::fchown(file, Some(uid), Some(gid)).map_err(|e| Problem::Failed(CHOWN, e))?;
        }
        if self.must_chmod(entry.mode) {
            let mode = Mode::from_raw_mode(entry.mode);
            rustix::fs::fchmod(file, mode).map_err(|e| Problem::Failed("change mode", e))?;
        }
        self.set_xattrs(entry, FileType::RegularFile, |key, value| {
            rustix::fs::fsetxattr(file, key, value, XattrFlags::empty())
        })?;
        rustix::fs::futimens(file, &both(entry.time)).map_err(|e| Problem::Failed("set times", e))
    }

    fn folder(&mut self, entry: &Entry) -> Result<(), Problem> {
        if entry.last.is_empty() {
            return self.describe_root(entry);
        }
        let place = self.place(&entry.parents, &entry.last, Missing::Make)?;
        let known = self.tree.child(place.folder, place.name);
        let (id, hides) = match known {
            Some(id) => (id, false),
            None => self.create_folder(&place, entry.mode)?,
        };
        // A folder that exists already may have any owner and mode.
        if (known.is_some() && self.ownership != Ownership::SingleId) || self.must_chown(place.folder, entry) {
            self.chown(&place, entry)?;
        }
        if known.is_some() || self.tree.setgid(place.folder) || self.must_chmod(entry.mode) {
            self.chmod(&place, entry.mode)?;
        }
        self.tree.describe(id, entry.time, entry.mode & 0o2000 != 0);
        if hides {
            self.set_opaque(id)?;
        }
        self.set_folder_xattrs(id, entry)
    }

    /// Also: whether it took the place of a whiteout.
    fn create_folder(&mut self, place: &Place<'_>, mode: u32) -> Result<(FolderId, bool), Problem> {
        let create = || rustix::fs::mkdirat(&*place.fd, place.name, Mode::from_raw_mode(mode & 0o777));
        let mut hides = false;
        match create() {
            Err(Errno::EXIST) => {
                hides = is_whiteout(&place.fd, place.name);
                self.clear(place)?;
                create()
            }
            result => result,
        }
        .map_err(|e| Problem::Failed("create folder", e))?;
        Ok((self.tree.add(place.folder, place.name)?, hides))
    }

    fn describe_root(&mut self, entry: &Entry) -> Result<(), Problem> {
        let fd = self.tree.fd(0)?;
        if self.ownership != Ownership::SingleId {
            let (uid, gid) = (Uid::from_raw(entry.uid), Gid::from_raw(entry.gid));
            rustix::fs::fchown(&*fd, Some(uid), Some(gid)).map_err(|e| Problem::Failed(CHOWN, e))?;
        }
        let mode = Mode::from_raw_mode(entry.mode);
        rustix::fs::fchmod(&*fd, mode).map_err(|e| Problem::Failed("change mode", e))?;
        self.tree.describe(0, entry.time, entry.mode & 0o2000 != 0);
        self.set_folder_xattrs(0, entry)
    }

    fn set_folder_xattrs(&mut self, folder: FolderId, entry: &Entry) -> Result<(), Problem> {
        if entry.xattrs.is_empty() {
            return Ok(());
        }
        let fd = self.tree.fd(folder)?;
        self.set_xattrs(entry, FileType::Directory, |key, value| {
            rustix::fs::fsetxattr(&*fd, key, value, XattrFlags::empty())
        })
    }

    /// Takes away what an earlier entry put here. Content is kept in `extra/`: it belongs to the tar stream.
    fn clear(&mut self, place: &Place<'_>) -> Result<(), Problem> {
        let stat = rustix::fs::statat(&*place.fd, place.name, AtFlags::SYMLINK_NOFOLLOW)
            .map_err(|e| Problem::Failed("look at", e))?;
        let kind = FileType::from_raw_mode(stat.st_mode);
        let has_content = kind == FileType::RegularFile && stat.st_size > 0;
        if kind != FileType::Directory && !has_content {
            return rustix::fs::unlinkat(&*place.fd, place.name, AtFlags::empty())
                .map_err(|e| Problem::Failed("replace", e));
        }
        if self.extra.is_empty() {
            rustix::fs::mkdirat(&self.layer, "extra", Mode::RWXU).map_err(|e| Problem::Failed("create folder", e))?;
        }
        rustix::fs::renameat(&*place.fd, place.name, &self.layer, self.extra.next_name())
            .map_err(|e| Problem::Failed("replace", e))?;
        self.extra.push(self.tree.path(place.folder, place.name), self.meta.files());
        self.tree.forget(place.folder, place.name);
        Ok(())
    }
}

const CHOWN: &str = "change owner";

/// A whiteout below a whiteout: hidden already.
fn unless_hidden(problem: Problem) -> Result<(), Problem> {
    if matches!(problem, Problem::Hidden) { Ok(()) } else { Err(problem) }
}

fn error(entry: &Entry, problem: Problem) -> Error {
    let name = entry.name.clone();
    match problem {
        Problem::Refused(why) => Error::Refused { entry: name, why },
        Problem::NotThere | Problem::Hidden => Error::Refused { entry: name, why: "a part of its path doesn't exist" },
        Problem::Failed(CHOWN, Errno::INVAL) => Error::Owner { entry: name, uid: entry.uid, gid: entry.gid },
        Problem::Failed(what, e) => Error::Entry { entry: name, what, source: e.into() },
    }
}
