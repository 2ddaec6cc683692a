//! A folder's files as named content: for `oci:` and `dir:`.

use crate::Error;
use crate::archive::{Member, Members};
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

/// A folder's files.
pub struct Folder {
    path: PathBuf,
    name: String,
}

impl Folder {
    /// Nothing is read yet.
    pub fn new(path: &Path) -> Folder {
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
