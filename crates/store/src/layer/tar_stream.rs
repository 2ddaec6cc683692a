//! From files to a tar stream, as layers have it: names in order, owners by number, whole seconds, no access times. Overlay's marks
//! of what is hidden become whiteouts (OCI image specification, "layer.md"). What becomes of the stream is an [`Output`]'s affair.

use super::opaque_attribute;
use super::stream::HASH_BUFFER;
use crate::error::{At, Error, printable};
use crate::location::Ownership;
use crate::walk::Found;
use rustix::fd::OwnedFd;
use rustix::fs::{AtFlags, FileType, Mode, OFlags, Stat};
use std::collections::HashMap;
use std::fs::File;
use std::io::Read;
use std::path::Path;
use tar_core::EntryType;
use tar_core::builder::EntryBuilder;

/// Times of files in a stream, in seconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Times {
    /// The files' own.
    #[default]
    Own,
    /// None is later.
    AtMost(i64),
    /// All are the same.
    Exactly(i64),
}

impl Times {
    /// Of a file with this one.
    pub fn of(self, own: i64) -> i64 {
        match self {
            Times::Own => own,
            Times::AtMost(latest) => latest.min(own),
            Times::Exactly(time) => time,
        }
    }
}

/// Where a stream goes.
pub(crate) trait Output {
    /// Headers and what fills blocks.
    fn literal(&mut self, bytes: &[u8]) -> Result<(), Error>;
    /// The content of a file comes next, this many bytes.
    fn begin_content(&mut self, path: &[u8], size: u64) -> Result<(), Error>;
    /// Some of it.
    fn content(&mut self, bytes: &[u8]) -> Result<(), Error>;
}

/// A stream being made.
pub(crate) struct TarStream<'a, O> {
    root: &'a Path,
    pub(crate) output: O,
    /// Files with several names: the first one.
    links: HashMap<(u64, u64), Vec<u8>>,
    /// The attribute of a folder that hides those below.
    opaque: &'static str,
    /// How the names of overlay's own attributes begin.
    own: &'static [u8],
    times: Times,
}

/// A layer's root folder as it is made.
const ROOT_MODE: u32 = 0o755;

impl<'a, O: Output> TarStream<'a, O> {
    /// `root` is for messages.
    pub(crate) fn new(root: &'a Path, ownership: Ownership, times: Times, output: O) -> TarStream<'a, O> {
        TarStream {
            root,
            output,
            links: HashMap::new(),
            opaque: opaque_attribute(ownership),
            own: match ownership {
                Ownership::Root => b"trusted.overlay.",
                Ownership::UserNamespace | Ownership::SingleId => b"user.overlay.",
            },
            times,
        }
    }

    /// The next file, as it was found.
    pub(crate) fn found(&mut self, found: &Found<'_>) -> Result<(), Error> {
        let stat = found.stat;
        let mode = stat.st_mode & 0o7777;
        if found.path.is_empty() {
            // Only where it is unusual: other tools leave it out, too.
            return match (mode, stat.st_uid, stat.st_gid) == (ROOT_MODE, 0, 0) {
                true => Ok(()),
                false => self.entry(b"./", stat, EntryType::Directory, Vec::new()),
            };
        }
        // A removed file would have that name in the stream, byte for byte.
        if found.name.to_bytes().starts_with(b".wh.") {
            let why = "a file of such a name can't be in a layer: `.wh.` says that a file was removed";
            return Err(Error::Refused { entry: printable(found.path), why });
        }
        match found.kind() {
            FileType::Directory => self.folder(found),
            FileType::RegularFile => self.file(found),
            FileType::Symlink => self.symlink(found),
            FileType::CharacterDevice if stat.st_rdev == 0 => self.whiteout(found),
            FileType::CharacterDevice => self.entry(found.path, stat, EntryType::Char, Vec::new()),
            FileType::BlockDevice => self.entry(found.path, stat, EntryType::Block, Vec::new()),
            FileType::Fifo => self.entry(found.path, stat, EntryType::Fifo, Vec::new()),
            // Sockets mean nothing without their process. No stream has them, so the files mustn't either.
            _ => rustix::fs::unlinkat(found.folder, found.name, AtFlags::empty()).at("remove a socket in", self.root),
        }
    }

    fn folder(&mut self, found: &Found<'_>) -> Result<(), Error> {
        let fd = self.open(found, OFlags::DIRECTORY)?;
        let xattrs = self.xattrs(&fd, found)?;
        let mut path = found.path.to_vec();
        path.push(b'/');
        self.entry(&path, found.stat, EntryType::Directory, xattrs)?;
        let is_opaque = || {
            let mut value = [0; 1];
            rustix::fs::fgetxattr(&fd, self.opaque, &mut value) == Ok(1) && value[0] == b'y'
        };
        match found.hides.unwrap_or_else(is_opaque) {
            true => self.hides_below(&path),
            false => Ok(()),
        }
    }

    /// The folder of this path (empty, or with a slash at its end) hides all that is below it.
    pub(crate) fn hides_below(&mut self, path: &[u8]) -> Result<(), Error> {
        self.mark(&[path, b".wh..wh..opq"].concat())
    }

    fn file(&mut self, found: &Found<'_>) -> Result<(), Error> {
        let stat = found.stat;
        if stat.st_nlink > 1 {
            let identity = (stat.st_dev, stat.st_ino);
            if let Some(first) = self.links.get(&identity).cloned() {
                let mut entry = self.builder(found.path, stat, EntryType::Link)?;
                entry.link_name(first);
                return self.literal(&entry.finish_bytes());
            }
            self.links.insert(identity, found.path.to_vec());
        }
        let fd = self.open(found, OFlags::empty())?;
        let xattrs = self.xattrs(&fd, found)?;
        self.entry(found.path, stat, EntryType::Regular, xattrs)?;
        let size = stat.st_size as u64;
        if size == 0 {
            return Ok(());
        }
        self.output.begin_content(found.path, size)?;
        self.content(File::from(fd), size, found)?;
        let padding = (size.next_multiple_of(512) - size) as usize;
        self.literal(&[0; 512][..padding])
    }

    fn content(&mut self, mut file: File, size: u64, found: &Found<'_>) -> Result<(), Error> {
        let mut buffer = vec![0; HASH_BUFFER.min(usize::try_from(size).unwrap_or(HASH_BUFFER))];
        let mut left = size;
        while left > 0 {
            let most = buffer.len().min(usize::try_from(left).unwrap_or(usize::MAX));
            let count = file.read(&mut buffer[..most]).at("read file in", self.root)?;
            if count == 0 {
                let why = "a file got shorter while the layer was made";
                let entry = printable(found.path);
                return Err(Error::Refused { entry, why });
            }
            self.output.content(&buffer[..count])?;
            left -= count as u64;
        }
        Ok(())
    }

    fn symlink(&mut self, found: &Found<'_>) -> Result<(), Error> {
        let target = rustix::fs::readlinkat(found.folder, found.name, Vec::new()).at("read link in", self.root)?;
        let mut entry = self.builder(found.path, found.stat, EntryType::Symlink)?;
        entry.link_name(target.to_bytes());
        self.literal(&entry.finish_bytes())
    }

    fn whiteout(&mut self, found: &Found<'_>) -> Result<(), Error> {
        let cut = found.path.iter().rposition(|byte| *byte == b'/').map_or(0, |at| at + 1);
        let (folder, name) = found.path.split_at(cut);
        self.mark(&[folder, b".wh.", name].concat())
    }

    /// An empty file whose name says it all.
    fn mark(&mut self, path: &[u8]) -> Result<(), Error> {
        let mut entry = EntryBuilder::new_ustar();
        entry.path(path).entry_type(EntryType::Regular);
        self.literal(&entry.finish_bytes())
    }

    fn entry(&mut self, path: &[u8], stat: &Stat, kind: EntryType, xattrs: Attributes) -> Result<(), Error> {
        let mut entry = self.builder(path, stat, kind)?;
        for (name, value) in xattrs {
            entry.add_pax(&format!("SCHILY.xattr.{name}"), value);
        }
        self.literal(&entry.finish_bytes())
    }

    fn builder(&self, path: &[u8], stat: &Stat, kind: EntryType) -> Result<EntryBuilder, Error> {
        let mut entry = EntryBuilder::new_ustar();
        let time = self.times.of(stat.st_mtime);
        let size = if kind == EntryType::Regular { stat.st_size as u64 } else { 0 };
        let fill = |entry: &mut EntryBuilder| -> Result<(), tar_core::HeaderError> {
            entry.path(path).entry_type(kind);
            entry.mode(stat.st_mode & 0o7777)?.uid(stat.st_uid.into())?.gid(stat.st_gid.into())?.size(size)?;
            if matches!(kind, EntryType::Char | EntryType::Block) {
                entry.device(rustix::fs::major(stat.st_rdev), rustix::fs::minor(stat.st_rdev))?;
            }
            match u64::try_from(time) {
                Ok(time) => drop(entry.mtime(time)?),
                // Before 1970.
                Err(_) => drop(entry.add_pax("mtime", time.to_string())),
            }
            Ok(())
        };
        fill(&mut entry).map_err(|_| Error::Refused {
            entry: printable(path),
            why: "its owner, mode or device has no place in a tar header",
        })?;
        Ok(entry)
    }

    fn open(&self, found: &Found<'_>, flags: OFlags) -> Result<OwnedFd, Error> {
        let flags = flags | OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let opened = rustix::fs::openat(found.folder, found.name, flags, Mode::empty());
        opened.at("open file in", self.root)
    }

    /// Sorted. Labels are the host's affair, and overlay's marks its own; those that it keeps for others have their names back.
    fn xattrs(&self, fd: &OwnedFd, found: &Found<'_>) -> Result<Attributes, Error> {
        let mut names = vec![0; 64 << 10];
        let length = match rustix::fs::flistxattr(fd, &mut names) {
            Err(rustix::io::Errno::NOTSUP) => return Ok(Vec::new()),
            length => length.at("list attributes in", self.root)?,
        };
        let mut xattrs = Vec::new();
        for name in names[..length].split(|byte| *byte == 0).filter(|name| !name.is_empty()) {
            let Some(shown) = self.shown(name) else { continue };
            let mut value = vec![0; 64 << 10];
            let length = rustix::fs::fgetxattr(fd, name, &mut value).at("read attribute in", self.root)?;
            value.truncate(length);
            let Ok(shown) = String::from_utf8(shown) else {
                let why = "the name of an extended attribute is not UTF-8";
                return Err(Error::Refused { entry: printable(found.path), why });
            };
            // The name ends at the first one: `a=b` with the value `c` would be `a` with the value `b=c`.
            if shown.contains('=') {
                let why = "the name of an extended attribute has a =, which a tar can't tell";
                return Err(Error::Refused { entry: printable(found.path), why });
            }
            xattrs.push((shown, value));
        }
        xattrs.sort_unstable();
        Ok(xattrs)
    }

    fn shown(&self, name: &[u8]) -> Option<Vec<u8>> {
        if name == b"security.selinux" || name.starts_with(b"system.") {
            return None;
        }
        match name.strip_prefix(self.own) {
            None => Some(name.to_vec()),
            Some(own) => own.strip_prefix(b"overlay.").map(|rest| [self.own, rest].concat()),
        }
    }

    /// Two blocks of zeros end it.
    pub(crate) fn end(mut self) -> Result<O, Error> {
        self.literal(&[0; 1024])?;
        Ok(self.output)
    }

    fn literal(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.output.literal(bytes)
    }
}

type Attributes = Vec<(String, Vec<u8>)>;
