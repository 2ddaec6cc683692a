//! The files of an OCI layout in a folder, with its blobs elsewhere if several layouts share them.

use crate::Error;
use crate::archive::{Member, Members};
use crate::folder::Folder;
use std::path::Path;

/// See the module.
pub(crate) struct Layout {
    folder: Folder,
    shared: Option<Folder>,
}

impl Layout {
    /// Nothing is read yet.
    pub(crate) fn new(path: &Path, shared: Option<&Path>) -> Layout {
        Layout { folder: Folder::new(path), shared: shared.map(Folder::new) }
    }
}

impl Members for Layout {
    fn name(&self) -> &str {
        self.folder.name()
    }

    fn open(&self, path: &str) -> Result<Option<Member<'_>>, Error> {
        match (&self.shared, path.strip_prefix("blobs/")) {
            (Some(shared), Some(blob)) => shared.open(blob),
            _ => self.folder.open(path),
        }
    }
}
