//! Folders of `tmp/` for work in progress that becomes no layer, such as a fetched repository.

use crate::error::Error;
use crate::location::Store;
use rustix::fd::OwnedFd;
use std::path::{Path, PathBuf};

/// A folder that goes when it is dropped; a killed process leaves it unlocked, and [`Store::reclaim`] takes it.
pub struct TemporaryFolder<'a> {
    store: &'a Store,
    path: PathBuf,
    _lock: OwnedFd,
}

impl Store {
    /// An empty one.
    pub fn begin_folder(&self) -> Result<TemporaryFolder<'_>, Error> {
        let (path, lock) = self.temporary_folder()?;
        Ok(TemporaryFolder { store: self, path, _lock: lock })
    }
}

impl TemporaryFolder<'_> {
    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for TemporaryFolder<'_> {
    fn drop(&mut self) {
        if let Err(error) = self.store.discard(&self.path) {
            log::debug!("{error}");
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::Fixture;

    #[test]
    fn a_folder_goes_with_its_holder() {
        let fixture = Fixture::new();
        let folder = fixture.store.begin_folder().unwrap();
        let path = folder.path().to_owned();
        std::fs::write(path.join("f"), "x").unwrap();
        fixture.store.reclaim().unwrap();
        assert!(path.join("f").exists());
        drop(folder);
        assert!(!path.exists());
    }
}
