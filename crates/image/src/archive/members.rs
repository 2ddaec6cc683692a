//! The index of an archive's members, and reading them.

use crate::Error;
use crate::error::printable;
use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::FileExt;
use tar_core::EntryType;
use tar_core::parse::{Limits, ParseEvent, Parser};

/// More members than any image archive has.
const MAX_MEMBERS: usize = 100_000;
/// Links to links to links.
const MAX_LINKS: usize = 8;
/// Headers are read in pieces of so many bytes.
const PIECE: usize = 16 << 10;

/// Named content: members of an archive or files of a folder.
pub trait Members: Sync {
    /// For messages.
    fn name(&self) -> &str;
    /// `None` if there is no such member.
    fn open(&self, path: &str) -> Result<Option<Member<'_>>, Error>;
    /// The whole of a small member, at most `limit` bytes.
    fn read_small(&self, path: &str, limit: u64) -> Result<Option<Vec<u8>>, Error> {
        let Some(member) = self.open(path)? else { return Ok(None) };
        let what = format!("`{}` in {}", printable(path), self.name());
        if member.size > limit {
            return Err(Error::TooLarge { what, size: member.size, limit });
        }
        let mut bytes = Vec::new();
        member.reader.take(limit + 1).read_to_end(&mut bytes).map_err(Error::io(format!("read {what}")))?;
        Ok(Some(bytes))
    }
}

/// One member's content.
pub struct Member<'m> {
    /// Bytes.
    pub size: u64,
    /// Its content.
    pub reader: Box<dyn Read + Send + 'm>,
}

impl<'m> Member<'m> {
    /// The content without its first bytes.
    pub(crate) fn from(mut self, from: u64) -> Result<Box<dyn Read + Send + 'm>, Error> {
        io::copy(&mut self.reader.by_ref().take(from), &mut io::sink()).map_err(Error::io("read a member"))?;
        Ok(self.reader)
    }
}

impl<M: Members + Send + ?Sized> Members for std::sync::Arc<M> {
    fn name(&self) -> &str {
        (**self).name()
    }

    fn open(&self, path: &str) -> Result<Option<Member<'_>>, Error> {
        (**self).open(path)
    }
}

#[derive(Debug, Clone, PartialEq)]
enum Entry {
    File {
        offset: u64,
        size: u64,
    },
    /// Of another member, as it must be called.
    Link(String),
    /// A link that leads out of the archive.
    Outside,
    /// The name occurs twice with different content.
    Twice,
    /// Folders, devices.
    Other,
}

/// One header of the tar file.
struct Header {
    /// Bytes, extensions included.
    length: u64,
    /// Bytes behind it, without padding.
    content: u64,
    path: String,
    /// `None` for what describes no member.
    entry: Option<Entry>,
}

/// A tar file with an index.
pub struct Archive {
    name: String,
    file: File,
    entries: HashMap<String, Entry>,
}

impl Archive {
    /// Reads all headers, no content.
    pub(crate) fn index(file: File, name: String) -> Result<Archive, Error> {
        let length = file.metadata().map_err(Error::io(format!("read {name}")))?.len();
        let mut archive = Archive { name, file, entries: HashMap::new() };
        let mut parser = Parser::new(Limits { max_path_len: Some(4096), ..Limits::default() });
        parser.set_ignore_pax_errors(true);
        let mut position = 0;
        while let Some(header) = archive.header(&mut parser, position, length)? {
            let begin = position + header.length;
            if length - begin < header.content {
                return Err(archive.broken(&format!(
                    "member `{}` claims {} bytes, but only {} are left",
                    printable(&header.path),
                    header.content,
                    length - begin
                )));
            }
            let padded = header.content.checked_next_multiple_of(512).unwrap_or(length);
            position = begin.saturating_add(padded).min(length);
            if let Some(entry) = header.entry {
                archive.add(header.path, entry)?;
            }
        }
        Ok(archive)
    }

    /// The next member's header at `position`; `None` at the end.
    fn header(&self, parser: &mut Parser, position: u64, length: u64) -> Result<Option<Header>, Error> {
        let mut buffer = Vec::new();
        loop {
            let least = match parser.parse(&buffer) {
                Err(e) => return Err(self.broken(&format!("it is no valid tar archive: {}", store::malformed(&e)))),
                Ok(ParseEvent::End { .. }) => return Ok(None),
                Ok(ParseEvent::NeedData { min_bytes }) => min_bytes,
                Ok(ParseEvent::GlobalExtensions { consumed, .. }) => {
                    let (length, path) = (consumed as u64, String::new());
                    return Ok(Some(Header { length, content: 0, path, entry: None }));
                }
                Ok(ParseEvent::SparseEntry { entry, .. }) => {
                    let name = printable(&entry.path_lossy());
                    return Err(self.broken(&format!("member `{name}` is a sparse file")));
                }
                Ok(ParseEvent::Entry { consumed, entry }) => {
                    let length = consumed as u64;
                    let (path, kind) = describe(&entry, position + length);
                    let content = if matches!(kind, Entry::File { .. }) { entry.size } else { 0 };
                    return Ok(Some(Header { length, content, path, entry: Some(kind) }));
                }
            };
            if !self.more(&mut buffer, position, least, length)? {
                return Ok(None);
            }
        }
    }

    /// Reads on behind what is in the buffer; false at a clean end.
    fn more(&self, buffer: &mut Vec<u8>, position: u64, least: usize, length: u64) -> Result<bool, Error> {
        let have = buffer.len();
        let wanted = least.max(have + 1).max(PIECE);
        let left = usize::try_from(length - position).unwrap_or(usize::MAX);
        if left <= have || least > left {
            // Some writers leave out the zero blocks at the end.
            self.fill(buffer, position, left)?;
            return if buffer.iter().all(|b| *b == 0) {
                Ok(false)
            } else {
                Err(self.broken("it ends in the middle of a header"))
            };
        }
        self.fill(buffer, position, wanted.min(left))?;
        Ok(true)
    }

    fn fill(&self, buffer: &mut Vec<u8>, position: u64, wanted: usize) -> Result<(), Error> {
        let have = buffer.len();
        if wanted <= have {
            return Ok(());
        }
        buffer.resize(wanted, 0);
        let read = self.file.read_exact_at(&mut buffer[have..], position + have as u64);
        read.map_err(Error::io(format!("read {}", self.name)))
    }

    fn add(&mut self, path: String, entry: Entry) -> Result<(), Error> {
        if self.entries.len() >= MAX_MEMBERS {
            return Err(self.broken(&format!("it has more than {MAX_MEMBERS} members")));
        }
        let twice = match self.entries.get(&path) {
            None => false,
            // Docker writes folders again and again.
            Some(old) => *old != entry && (*old != Entry::Other || entry != Entry::Other),
        };
        self.entries.insert(path, if twice { Entry::Twice } else { entry });
        Ok(())
    }

    fn broken(&self, why: &str) -> Error {
        Error::Archive { archive: self.name.clone(), why: why.to_owned() }
    }
}

impl Members for Archive {
    fn name(&self) -> &str {
        &self.name
    }

    /// Follows links among the members: old `docker save` writes a layer once and links to it.
    fn open(&self, path: &str) -> Result<Option<Member<'_>>, Error> {
        let wrong = |why: &str| self.broken(&format!("member `{}` {why}", printable(path)));
        let Some(mut current) = clean(path.as_bytes()) else { return Err(wrong("lies outside of the archive")) };
        for _ in 0..=MAX_LINKS {
            match self.entries.get(&current) {
                None => return Ok(None),
                Some(Entry::File { offset, size }) => {
                    let reader = Box::new(Slice { file: &self.file, at: *offset, left: *size });
                    return Ok(Some(Member { size: *size, reader }));
                }
                Some(Entry::Link(target)) => current = target.clone(),
                Some(Entry::Outside) => return Err(wrong("is a link that leads out of the archive")),
                Some(Entry::Twice) => return Err(wrong("occurs twice with different content")),
                Some(Entry::Other) => return Err(wrong("is no regular file")),
            }
        }
        Err(wrong("is a link in a circle"))
    }
}

fn describe(entry: &tar_core::parse::ParsedEntry<'_>, offset: u64) -> (String, Entry) {
    // Names outside of the archive can't be asked for; they are kept apart by their raw spelling.
    let path = clean(&entry.path).unwrap_or_else(|| format!("/{}", entry.path_lossy()));
    let target = entry.link_target.as_deref().unwrap_or_default();
    let link = |target: Option<String>| target.map_or(Entry::Outside, Entry::Link);
    let kind = match entry.entry_type {
        EntryType::Regular | EntryType::Continuous => Entry::File { offset, size: entry.size },
        EntryType::Link => link(clean(target)),
        EntryType::Symlink if target.starts_with(b"/") => Entry::Outside,
        EntryType::Symlink => {
            let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
            link(clean(&[folder.as_bytes(), b"/", target].concat()))
        }
        _ => Entry::Other,
    };
    (path, kind)
}

/// Without `.`, `..` and empty components; `None` if it leads out.
fn clean(path: &[u8]) -> Option<String> {
    let path = String::from_utf8_lossy(path);
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

/// A part of a file, read without moving the file's position.
struct Slice<'f> {
    file: &'f File,
    at: u64,
    left: u64,
}

impl Read for Slice<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let most = usize::try_from(self.left).unwrap_or(usize::MAX).min(buffer.len());
        let count = self.file.read_at(&mut buffer[..most], self.at)?;
        if count == 0 && most > 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.at += count as u64;
        self.left -= count as u64;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_cleaned() {
        for (path, cleaned) in [
            ("a/b", Some("a/b")),
            ("./a//b/", Some("a/b")),
            ("/a", Some("a")),
            ("a/../b", Some("b")),
            ("../a", None),
            ("a/../../b", None),
        ] {
            assert_eq!(clean(path.as_bytes()).as_deref(), cleaned, "{path}");
        }
    }
}
