//! Folders as sources: an OCI layout (`oci:`), and skopeo's `dir:` (`manifest.json` and files named by hex digits).

use crate::Error;
use crate::archive::{Member, Members};
use crate::source::{Fetched, Source};
use oci::Digest;
use oci::image::Descriptor;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// A folder's files.
pub(crate) struct Folder {
    path: PathBuf,
    name: String,
}

impl Folder {
    pub(crate) fn new(path: &Path) -> Folder {
        Folder { path: path.to_owned(), name: path.display().to_string() }
    }
}

impl Members for Folder {
    fn name(&self) -> &str {
        &self.name
    }

    fn open(&self, path: &str) -> Result<Option<Member<'_>>, Error> {
        let full = self.path.join(path);
        let what = || format!("open {}", full.display());
        let file = match File::open(&full) {
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
            file => file.map_err(Error::io(what()))?,
        };
        let metadata = file.metadata().map_err(Error::io(what()))?;
        if !metadata.is_file() {
            let why = format!("`{path}` is no regular file");
            return Err(Error::Archive { archive: self.name.clone(), why });
        }
        Ok(Some(Member { size: metadata.len(), reader: Box::new(file) }))
    }
}

/// `dir:`.
pub(crate) struct Dir(Folder);

impl Dir {
    /// With its manifest, which may be an index.
    pub(crate) fn open(path: &Path) -> Result<(Dir, Fetched), Error> {
        let folder = Folder::new(path);
        let limit = oci::image::manifest::MAX_BYTES as u64;
        let bytes = folder.read_small("manifest.json", limit)?.ok_or_else(|| Error::Archive {
            archive: folder.name.clone(),
            why: "there is no manifest.json in it".to_owned(),
        })?;
        let digest = Digest::sha256(&bytes);
        Ok((Dir(folder), Fetched { bytes, media_type: None, digest }))
    }
}

impl Source for Dir {
    fn name(&self) -> String {
        self.0.name.clone()
    }

    /// Manifests of an index are called `<hex>.manifest.json`.
    fn blob(&self, descriptor: &Descriptor) -> Result<Box<dyn Read + '_>, Error> {
        let hex = descriptor.digest.hex();
        for path in [hex.to_owned(), format!("{hex}.manifest.json")] {
            if let Some(member) = self.0.open(&path)? {
                return Ok(member.reader);
            }
        }
        Err(Error::Archive { archive: self.0.name.clone(), why: format!("blob {} is missing", descriptor.digest) })
    }
}
