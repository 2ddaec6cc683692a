//! Upper layers that a container's mounts get for one run (`:O` volumes, mounted images): `containers/<id>/overlays/<n>`, and
//! the layers of those images: `overlays/needs.json`. With the run's end all of it goes, so that nothing is kept for a run before.

use crate::error::{At, Error};
use crate::location::{Ownership, Store, check_folder_name, make_dir};
use crate::root::RootAttributes;
use oci::Digest;
use std::io;
use std::path::{Path, PathBuf};

pub(crate) const FOLDER: &str = "overlays";

/// Folders for one overlay.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UpperDirs {
    /// Writable layer.
    pub upper: PathBuf,
    /// Overlay's work folder.
    pub work: PathBuf,
    /// Mount with `userxattr`.
    pub userxattr: bool,
}

impl Store {
    /// New folders for the container's overlay number `index`, or those that the user has (`given`: upper and work); the
    /// upper one gets the owner and the mode of `source`, the highest lower folder.
    pub fn upper_dirs(
        &self,
        container: &str,
        index: usize,
        source: &Path,
        given: Option<(PathBuf, PathBuf)>,
    ) -> Result<UpperDirs, Error> {
        let userxattr = self.location.ownership != Ownership::Root;
        let (upper, work) = match given {
            Some(given) => given,
            None => {
                let folder = self.overlays(container)?;
                let own = folder.join(index.to_string());
                let dirs = (own.join("upper"), own.join("work"));
                for dir in [&folder, &own, &dirs.0, &dirs.1] {
                    make_dir(dir)?;
                }
                dirs
            }
        };
        RootAttributes::of(source).at("look at", source)?.apply(&upper)?;
        Ok(UpperDirs { upper, work, userxattr })
    }

    /// Moves what the last run had into the trash.
    pub fn remove_upper_dirs(&self, container: &str) -> Result<(), Error> {
        self.discard(&self.overlays(container)?)
    }

    /// The folders of `layers` (lowest first) for an overlay of the container, highest first. They aren't removed until
    /// [`Store::remove_upper_dirs`].
    pub fn lower_dirs(&self, container: &str, layers: &[Digest]) -> Result<Vec<PathBuf>, Error> {
        let lock = self.lock_shared()?;
        self.require_layers(layers)?;
        self.need_also(container, layers)?;
        drop(lock);
        Ok(layers.iter().rev().map(|layer| self.diff_path(layer)).collect())
    }

    /// The caller holds the lock of records.
    fn need_also(&self, container: &str, layers: &[Digest]) -> Result<(), Error> {
        let folder = self.overlays(container)?;
        make_dir(&folder)?;
        let mut all = needs(&folder)?;
        all.extend_from_slice(layers);
        all.sort_unstable();
        all.dedup();
        let path = folder.join(NEEDS);
        let json = serde_json::to_vec(&all).map_err(io::Error::from).at("encode", &path)?;
        self.write_atomically(&path, &json)
    }

    fn overlays(&self, container: &str) -> Result<PathBuf, Error> {
        check_folder_name(container)?;
        Ok(self.container_dir(container).join(FOLDER))
    }
}

const NEEDS: &str = "needs.json";

/// The layers that a folder of overlays needs.
pub(crate) fn needs(overlays: &Path) -> Result<Vec<Digest>, Error> {
    let path = overlays.join(NEEDS);
    match std::fs::read(&path) {
        Ok(text) => serde_json::from_slice(&text).map_err(io::Error::from).at("read", &path),
        Err(e) if matches!(e.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => Ok(Vec::new()),
        Err(e) => Err(e).at("read", &path),
    }
}
