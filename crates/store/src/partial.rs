//! The beginnings of blobs whose transfer broke off: `partial/<algorithm>-<hex>`, locked by whoever appends to one.
//!
//! What is in such a file is believed by nobody: the whole blob is hashed when it is complete. They go when they are old.

use crate::error::{At, Error};
use crate::location::Store;
use crate::lock::{claim, try_lock};
use oci::Digest;
use rustix::fs::{Mode, OFlags};
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// So long the beginning of a blob is kept.
const MAX_AGE: Duration = Duration::from_secs(7 * 24 * 3600);

/// The beginning of a blob. Read it from its start, then append.
#[derive(Debug)]
pub struct Partial {
    file: File,
    path: PathBuf,
    length: u64,
}

impl Store {
    /// Opens the beginning of a blob, or makes an empty one; `None` if somebody else is just fetching that blob.
    pub fn partial(&self, blob: &Digest) -> Result<Option<Partial>, Error> {
        let path = self.partial_path(blob);
        // Stores of older versions haven't got the folder.
        let _ = rustix::fs::mkdir(self.folder("partial"), Mode::from_raw_mode(0o700));
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let fd = rustix::fs::open(&path, flags, Mode::from_raw_mode(0o600)).at("open", &path)?;
        if !try_lock(&fd) {
            return Ok(None);
        }
        let file = File::from(fd);
        let length = file.metadata().at("look at", &path)?.len();
        Ok(Some(Partial { file, path, length }))
    }

    /// Forgets the beginning of a blob.
    pub fn drop_partial(&self, blob: &Digest) -> Result<(), Error> {
        self.discard(&self.partial_path(blob))
    }

    /// Drops those that nobody has gone on with for a long time.
    pub(crate) fn drop_old_partials(&self) -> Result<(), Error> {
        self.drop_partials_that(is_old)
    }

    /// Drops all that nobody is just fetching.
    pub fn drop_partials(&self) -> Result<(), Error> {
        self.drop_partials_that(|_| true)
    }

    fn drop_partials_that(&self, may_go: fn(&Path) -> bool) -> Result<(), Error> {
        let folder = self.folder("partial");
        let entries = match std::fs::read_dir(&folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            entries => entries.at("list", &folder)?,
        };
        for entry in entries {
            let path = entry.at("list", &folder)?.path();
            if !may_go(&path) {
                continue;
            }
            // Held until it is gone, else somebody could begin to append in between.
            let claimed = claim(&path).at("look at", &path)?;
            if claimed.is_some() {
                self.discard(&path)?;
            }
        }
        Ok(())
    }

    fn partial_path(&self, blob: &Digest) -> PathBuf {
        self.path2("partial", &format!("{}-{}", blob.algorithm(), blob.hex()))
    }
}

/// Whether a file is called as the beginning of a blob.
pub(crate) fn is_name(name: &str) -> bool {
    name.split_once('-').is_some_and(|(algorithm, hex)| format!("{algorithm}:{hex}").parse::<Digest>().is_ok())
}

fn is_old(path: &Path) -> bool {
    let age = path.symlink_metadata().and_then(|metadata| metadata.modified()).map(|time| time.elapsed());
    matches!(age, Ok(Ok(age)) if age >= MAX_AGE)
}

impl Partial {
    /// Bytes that are there.
    pub fn length(&self) -> u64 {
        self.length
    }

    /// Reads what is there; 0 at its end.
    pub fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.file.read(buffer)
    }

    /// Appends; the file has been read to its end, or was empty.
    pub fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all(bytes)
    }

    /// Begins anew.
    pub fn clear(&mut self) -> io::Result<()> {
        self.file.set_len(0)?;
        self.file.seek(SeekFrom::Start(0))?;
        self.length = 0;
        Ok(())
    }

    /// It is of no more use.
    pub fn remove(self) {
        // If it stays it is one of those that go when they are old.
        let _ = std::fs::remove_file(&self.path);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Fixture;

    #[test]
    fn a_beginning_is_kept_until_it_is_old() {
        let fixture = Fixture::new();
        let (store, blob) = (&fixture.store, Digest::sha256(b"blob"));
        let mut first = store.partial(&blob).unwrap().unwrap();
        assert!(store.partial(&blob).unwrap().is_none(), "locked");
        first.append(b"bl").unwrap();
        drop(first);
        store.drop_old_partials().unwrap();
        let mut again = store.partial(&blob).unwrap().unwrap();
        assert_eq!(again.length(), 2);
        let mut bytes = [0; 8];
        assert_eq!(again.read(&mut bytes).unwrap(), 2);
        again.append(b"ob").unwrap();
        drop(again);
        let path = store.partial_path(&blob);
        assert_eq!(std::fs::read(&path).unwrap(), b"blob");
        let old = std::time::SystemTime::now() - MAX_AGE;
        File::options().write(true).open(&path).unwrap().set_modified(old).unwrap();
        store.drop_old_partials().unwrap();
        assert!(!path.exists());
        drop(store.partial(&blob).unwrap());
        let other = store.partial(&Digest::sha256(b"other")).unwrap();
        store.drop_partials().unwrap();
        assert!(!path.exists());
        assert!(store.partial_path(&Digest::sha256(b"other")).exists(), "it is just fetched");
        drop(other);
    }

    #[test]
    fn names() {
        let hex = Digest::sha256(b"").hex().to_owned();
        assert!(is_name(&format!("sha256-{hex}")));
        assert!(!is_name("sha256-x") && !is_name(&hex));
    }
}
