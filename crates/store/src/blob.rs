//! Manifests and configurations: small files named by their digest.
//!
//! They are not synced to disk; instead their content is checked against the name whenever it is read.

use crate::error::{At, Error};
use crate::location::Store;
use oci::Digest;
use std::io::{self, Read};
use std::path::Path;

/// Nothing larger is ever stored here, in bytes.
const MAX_BLOB: u64 = 64 << 20;

impl Store {
    /// Stores small content under its digest, checked. Atomic.
    pub fn put_blob(&self, digest: &Digest, content: &[u8]) -> Result<(), Error> {
        let found = digest.same_of(content);
        if found != *digest {
            return Err(Error::WrongDigest { what: "blob", expected: digest.clone(), found });
        }
        self.writing()?;
        if self.own_blob(digest).is_ok() {
            return Ok(());
        }
        self.touch(NEW_BLOBS)?;
        self.write_atomically(&self.blob_path(digest), content)
    }

    /// Reads it back; damage is noticed.
    pub fn blob(&self, digest: &Digest) -> Result<Vec<u8>, Error> {
        match self.own_blob(digest) {
            Err(Error::MissingBlob(_)) => {
                let elsewhere = self.additional().find_map(|content| content.blobs.get(digest));
                read(digest, elsewhere.ok_or_else(|| Error::MissingBlob(digest.clone()))?)
            }
            own => own,
        }
    }

    fn own_blob(&self, digest: &Digest) -> Result<Vec<u8>, Error> {
        read(digest, &self.blob_path(digest))
    }

    /// Makes an empty file in `tmp/`: a note for [`Store::reclaim`].
    pub(crate) fn touch(&self, name: &str) -> Result<(), Error> {
        let path = self.path2("tmp", name);
        std::fs::OpenOptions::new().create(true).append(true).open(&path).at("create file", &path).map(drop)
    }
}

fn read(digest: &Digest, path: &Path) -> Result<Vec<u8>, Error> {
    let file = match std::fs::File::open(path) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Err(Error::MissingBlob(digest.clone())),
        file => file.at("open blob", path)?,
    };
    let mut content = Vec::new();
    file.take(MAX_BLOB).read_to_end(&mut content).at("read blob", path)?;
    if digest.same_of(&content) != *digest {
        return Err(Error::DamagedBlob(digest.clone()));
    }
    Ok(content)
}

/// In `tmp/`: blobs were stored; some may belong to no image.
pub(crate) const NEW_BLOBS: &str = "new-blobs";
