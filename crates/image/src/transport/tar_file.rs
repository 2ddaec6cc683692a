//! Writing an image archive: a tar whose members stream in, their names and sizes known at the end only.
//!
//! Into a file, a member's header is written when its content is there. A pipe can't be gone back in: content of unknown
//! size goes through an unlinked temporary file.

use crate::Error;
use crate::archive::temporary_file;
use crate::content::{Content, Sum};
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use store::Store;
use tar_core::EntryType;
use tar_core::builder::EntryBuilder;

/// A header, always of this length: names are short.
const HEADER: u64 = 512;

/// Where an archive is written.
#[derive(Debug, Clone, Copy)]
pub enum Output<'a> {
    /// A file that isn't there yet, a pipe, a device.
    Path(&'a Path),
    /// Something open that is written from where it is.
    Stream(&'a File),
}

impl Output<'_> {
    /// For a location.
    pub(crate) fn path(&self) -> &Path {
        match self {
            Output::Path(path) => path,
            Output::Stream(_) => Path::new("/dev/stdout"),
        }
    }
}

/// A tar that is being written.
pub(super) struct TarFile<'a> {
    store: &'a Store,
    name: String,
    file: File,
    /// `None`: a pipe.
    at: Option<u64>,
    /// A file that was made for this and isn't whole yet.
    unfinished: Option<PathBuf>,
}

/// Half an archive is of no use to anybody, and in the way of the next try.
impl Drop for TarFile<'_> {
    fn drop(&mut self) {
        if let Some(path) = &self.unfinished {
            // If it stays, the next try says so.
            let _ = std::fs::remove_file(path);
        }
    }
}

impl<'a> TarFile<'a> {
    /// A new file, or a pipe or device that is there. A file with content is refused.
    pub(super) fn create(store: &'a Store, output: Output<'_>) -> Result<TarFile<'a>, Error> {
        match output {
            Output::Path(path) => TarFile::at(store, path),
            Output::Stream(stream) => {
                let name = "standard output".to_owned();
                let file = stream.try_clone().map_err(Error::io("clone a file descriptor"))?;
                Ok(TarFile { store, name, file, at: None, unfinished: None })
            }
        }
    }

    fn at(store: &'a Store, path: &Path) -> Result<TarFile<'a>, Error> {
        let name = path.display().to_string();
        let failed = |e| Error::io(format!("create archive {name}"))(e);
        let (file, made) = match File::create_new(path) {
            Err(e) if e.kind() == io::ErrorKind::AlreadyExists => {
                let there = File::options().write(true).create(true).truncate(false).open(path);
                (there.map_err(failed)?, false)
            }
            made => (made.map_err(failed)?, true),
        };
        let metadata = file.metadata().map_err(failed)?;
        if metadata.is_file() && metadata.len() > 0 {
            let why = "it exists, and an archive can't be added to: remove it first".to_owned();
            return Err(Error::Archive { archive: name, why });
        }
        let at = metadata.is_file().then_some(0);
        Ok(TarFile { store, name, file, at, unfinished: made.then(|| path.to_owned()) })
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// A small member.
    pub(super) fn small(&mut self, name: &str, bytes: &[u8]) -> Result<(), Error> {
        self.put(Content::of(bytes), |_| name.to_owned()).map(drop)
    }

    /// A member whose name its sum may decide.
    pub(super) fn put(&mut self, mut content: Content<'_>, path: impl Fn(&Sum) -> String) -> Result<Sum, Error> {
        if let Some(sum) = content.sum().cloned() {
            self.header(&path(&sum), sum.size)?;
            let count = self.stream(&mut content)?;
            let sum = content.finish()?;
            self.pad(count)?;
            return Ok(sum);
        }
        match self.at {
            Some(at) => self.put_and_go_back(at, content, path),
            None => {
                let mut spool = temporary_file(self.store)?;
                let what = format!("write {} to a temporary file", content.what());
                io::copy(&mut content, &mut spool).map_err(Error::io(what.clone()))?;
                let sum = content.finish()?;
                spool.seek(SeekFrom::Start(0)).map_err(Error::io(what.clone()))?;
                self.header(&path(&sum), sum.size)?;
                io::copy(&mut spool, &mut self.file).map_err(Error::io(format!("write {}", self.name)))?;
                self.pad(sum.size)?;
                Ok(sum)
            }
        }
    }

    fn put_and_go_back(
        &mut self,
        at: u64,
        mut content: Content<'_>,
        path: impl Fn(&Sum) -> String,
    ) -> Result<Sum, Error> {
        self.write(&[0; HEADER as usize])?;
        let count = self.stream(&mut content)?;
        let sum = content.finish()?;
        self.pad(count)?;
        let header = self.header_bytes(&path(&sum), sum.size)?;
        self.file.write_all_at(&header, at).map_err(Error::io(format!("write {}", self.name)))?;
        self.at = Some(at + HEADER + count.next_multiple_of(512));
        Ok(sum)
    }

    /// The end; nothing can follow.
    pub(super) fn finish(&mut self) -> Result<(), Error> {
        self.write(&[0; 1024])?;
        self.unfinished = None;
        Ok(())
    }

    fn header(&mut self, path: &str, size: u64) -> Result<(), Error> {
        let header = self.header_bytes(path, size)?;
        self.write(&header)?;
        self.at = self.at.map(|at| at + HEADER + size.next_multiple_of(512));
        Ok(())
    }

    fn header_bytes(&self, path: &str, size: u64) -> Result<Vec<u8>, Error> {
        let mut entry = EntryBuilder::new_ustar();
        entry.path(path).entry_type(EntryType::Regular);
        let header = finish(entry, size, 0o644).map_err(|_| self.failed("make a header for"))?;
        if header.len() as u64 == HEADER { Ok(header) } else { Err(self.failed("make a short header for")) }
    }

    fn failed(&self, what: &str) -> Error {
        Error::Archive { archive: self.name.clone(), why: format!("{what} a member") }
    }

    fn stream(&mut self, content: &mut Content<'_>) -> Result<u64, Error> {
        let mut buffer = vec![0; 256 << 10];
        let mut total = 0;
        loop {
            match content.read(&mut buffer) {
                Ok(0) => return Ok(total),
                Ok(count) => {
                    self.write(&buffer[..count])?;
                    total += count as u64;
                }
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => return Err(Error::io(format!("read {}", content.what()))(e)),
            }
        }
    }

    fn pad(&mut self, size: u64) -> Result<(), Error> {
        let missing = size.next_multiple_of(512) - size;
        self.write(&[0; 512][..usize::try_from(missing).unwrap_or_default()])
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.file.write_all(bytes).map_err(Error::io(format!("write {}", self.name)))
    }
}

/// The same content makes the same bytes: no owner, no time.
fn finish(mut entry: EntryBuilder, size: u64, mode: u32) -> Result<Vec<u8>, tar_core::HeaderError> {
    entry.mode(mode)?.size(size)?.uid(0)?.gid(0)?.mtime(0)?;
    Ok(entry.finish_bytes())
}

/// A small file, whole or not at all.
pub(super) fn write_file(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    let what = format!("write {}", path.display());
    let mut beside = path.as_os_str().to_owned();
    beside.push(format!(".{}", std::process::id()));
    std::fs::write(&beside, bytes).map_err(Error::io(what.clone()))?;
    std::fs::rename(&beside, path).map_err(Error::io(what))
}
