//! Blobs of any size, such as the files of artifacts: written piece by piece, taken over from a file, read as a stream.
//!
//! They lie beside the small ones and appear by a rename, once they are whole. Like those they aren't synced: whoever reads
//! one compares its content with its name.

use crate::blob::NEW_BLOBS;
use crate::error::{At, Error};
use crate::location::Store;
use oci::{Digest, Hasher};
use std::fs::{File, Permissions};
use std::io::{self, Read, Seek, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

/// A blob that is being written; dropped, it leaves nothing.
#[derive(Debug)]
pub struct BlobWriter<'a> {
    store: &'a Store,
    file: File,
    /// In `tmp/`.
    path: PathBuf,
}

impl Store {
    /// Begins a blob. Until it belongs to something that was committed, [`Store::reclaim`] leaves it alone as long as this
    /// process lives.
    pub fn begin_blob(&self) -> Result<BlobWriter<'_>, Error> {
        self.writing()?;
        self.touch(NEW_BLOBS)?;
        let (path, file) = self.temporary_file()?;
        Ok(BlobWriter { store: self, file, path })
    }

    /// Takes over a file's content as a blob; its digest and size in bytes. Where the file system can, no byte is copied.
    pub fn add_file(&self, file: &File) -> Result<(Digest, u64), Error> {
        let blob = self.begin_blob()?;
        let (digest, size) = copy(file, &blob.file, Hasher::sha256()).at("copy a file to", &blob.path)?;
        blob.finish(&digest)?;
        Ok((digest, size))
    }

    /// Opens a blob of this store. Its content is what it was given, unless the disk says otherwise.
    pub fn open_blob(&self, digest: &Digest) -> Result<File, Error> {
        let path = self.blob_path(digest);
        match File::open(&path) {
            Err(e) if e.kind() == io::ErrorKind::NotFound => Err(Error::MissingBlob(digest.clone())),
            file => file.at("open blob", &path),
        }
    }

    /// Where a blob lies that users of a container will read: as long as it is to be, and readable to all (the store's folder keeps
    /// others out). Its content isn't compared, as it may be of any size.
    pub fn readable_blob(&self, digest: &Digest, size: u64) -> Result<PathBuf, Error> {
        let path = self.blob_path(digest);
        let file = self.open_blob(digest)?;
        if file.metadata().at("look at blob", &path)?.len() != size {
            return Err(Error::DamagedBlob(digest.clone()));
        }
        file.set_permissions(Permissions::from_mode(0o644)).at("make readable", &path)?;
        Ok(path)
    }

    /// Writes a blob into an empty file; if it is damaged there is an error, and the file's content is worth nothing.
    pub fn extract_blob(&self, digest: &Digest, target: &File) -> Result<u64, Error> {
        let blob = self.open_blob(digest)?;
        let path = self.blob_path(digest);
        let (found, size) = copy(&blob, target, Hasher::like(digest)).at("copy blob", &path)?;
        if found == *digest { Ok(size) } else { Err(Error::DamagedBlob(digest.clone())) }
    }

    /// Reads a blob to its end: its size in bytes, or why it isn't what its name says.
    pub fn verify_blob(&self, digest: &Digest) -> Result<u64, Error> {
        let mut blob = self.open_blob(digest)?;
        let (found, size) =
            hash(&mut blob, Hasher::like(digest), |_| Ok(())).at("read blob", &self.blob_path(digest))?;
        if found == *digest { Ok(size) } else { Err(Error::DamagedBlob(digest.clone())) }
    }
}

impl BlobWriter<'_> {
    /// Puts it where it belongs. The caller has verified that the content has this digest.
    pub fn finish(self, digest: &Digest) -> Result<(), Error> {
        crate::step::point();
        let path = self.store.blob_path(digest);
        // One that is there already is replaced: it may be damaged.
        rustix::fs::rename(&self.path, &path).at("rename blob to", &path)
    }
}

impl Write for BlobWriter<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for BlobWriter<'_> {
    fn drop(&mut self) {
        // After `finish` it isn't there any more.
        let _ = rustix::fs::unlink(&self.path);
    }
}

/// Pieces in which files are read.
const BUFFER: usize = 256 << 10;

/// Everything that is left of a file into another, and its digest and size. A clone is hashed once it is made: the original
/// may change meanwhile.
fn copy(mut from: &File, mut to: &File, hasher: Hasher) -> io::Result<(Digest, u64)> {
    if is_at_start(from) && rustix::fs::ioctl_ficlone(to, from).is_ok() {
        return hash(&mut to, hasher, |_| Ok(()));
    }
    hash(&mut from, hasher, |bytes| to.write_all(bytes))
}

/// Clones are of whole files.
fn is_at_start(mut file: &File) -> bool {
    matches!(file.stream_position(), Ok(0))
}

fn hash(
    from: &mut impl Read,
    mut hasher: Hasher,
    mut each: impl FnMut(&[u8]) -> io::Result<()>,
) -> io::Result<(Digest, u64)> {
    let mut buffer = vec![0; BUFFER];
    let mut size = 0;
    loop {
        let count = match from.read(&mut buffer) {
            Ok(0) => return Ok((hasher.finish(), size)),
            Err(e) if e.kind() == io::ErrorKind::Interrupted => continue,
            count => count?,
        };
        hasher.update(&buffer[..count]);
        each(&buffer[..count])?;
        size += count as u64;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Fixture;

    #[test]
    fn files_become_blobs_and_come_out_again() {
        let fixture = Fixture::new();
        let store = &fixture.store;
        let content = vec![7; BUFFER * 2 + 5];
        let path = fixture.folder.path().join("file");
        std::fs::write(&path, &content).unwrap();
        let (digest, size) = store.add_file(&File::open(&path).unwrap()).unwrap();
        assert_eq!((&digest, size), (&Digest::sha256(&content), content.len() as u64));
        assert_eq!(store.verify_blob(&digest).unwrap(), size);
        let target = File::options().read(true).write(true).create_new(true).open(path.with_extension("out")).unwrap();
        assert_eq!(store.extract_blob(&digest, &target).unwrap(), size);
        assert_eq!(std::fs::read(path.with_extension("out")).unwrap(), content);
    }

    #[test]
    fn what_is_damaged_or_not_finished_is_none() {
        let fixture = Fixture::new();
        let store = &fixture.store;
        let mut blob = store.begin_blob().unwrap();
        blob.write_all(b"half").unwrap();
        drop(blob);
        assert_eq!(fixture.waste(), [NEW_BLOBS]);
        let digest = Digest::sha256(b"whole");
        assert!(matches!(store.verify_blob(&digest), Err(Error::MissingBlob(_))));
        let mut blob = store.begin_blob().unwrap();
        blob.write_all(b"whole").unwrap();
        blob.finish(&digest).unwrap();
        std::fs::write(store.blob_path(&digest), b"whale").unwrap();
        assert!(matches!(store.verify_blob(&digest), Err(Error::DamagedBlob(_))));
        let target = tempfile::tempfile().unwrap();
        assert!(matches!(store.extract_blob(&digest, &target), Err(Error::DamagedBlob(_))));
        store.written();
        store.reclaim().unwrap();
        assert!(matches!(store.verify_blob(&digest), Err(Error::MissingBlob(_))), "nothing needs it");
        assert_eq!(fixture.waste(), [""; 0]);
    }
}
