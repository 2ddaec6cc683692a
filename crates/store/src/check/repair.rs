//! Taking away what a check found damaged. Whoever calls decides what becomes of images and containers that need it.

use super::{Damage, Stray};
use crate::error::{At, Error};
use crate::location::Store;
use oci::Digest;
use rustix::fd::OwnedFd;
use rustix::io::Errno;
use std::path::PathBuf;

/// Damaged layers that were put out of the way, so that they count as missing and can be fetched again. Dropped, they go.
pub struct Aside<'a> {
    store: &'a Store,
    folder: PathBuf,
    /// Of the folder, which is in `tmp/`.
    _lock: OwnedFd,
}

impl Aside<'_> {
    /// Puts a layer back where none has come in its place: a damaged one may be better than none.
    pub fn put_back(&self, layer: &Digest) -> Result<(), Error> {
        let path = self.store.layer_path(layer);
        match rustix::fs::rename(self.folder.join(layer.hex()), &path) {
            Err(Errno::NOENT | Errno::EXIST | Errno::NOTEMPTY) => Ok(()),
            result => result.at("put back layer to", &path),
        }
    }
}

impl Drop for Aside<'_> {
    fn drop(&mut self) {
        if let Err(e) = self.store.discard(&self.folder) {
            log::warn!("{e}");
        }
    }
}

impl Store {
    /// Puts damaged layers out of the way.
    pub fn set_aside(&self, layers: &[Digest]) -> Result<Aside<'_>, Error> {
        let (folder, lock) = self.temporary_folder()?;
        let aside = Aside { store: self, folder, _lock: lock };
        for layer in layers {
            let path = self.layer_path(layer);
            match rustix::fs::rename(&path, aside.folder.join(layer.hex())) {
                Err(Errno::NOENT) => {}
                result => result.at("put aside layer", &path)?,
            }
        }
        Ok(aside)
    }

    /// Moves layers that nothing refers to (unless that has changed) and folders that are no layers into the trash; returns
    /// what they are called.
    pub fn drop_stray_layers(&self, damage: &Damage) -> Result<Vec<String>, Error> {
        let mut unneeded = Vec::new();
        for name in damage.layers.keys() {
            match Digest::from_sha256_hex(name) {
                Ok(layer) => unneeded.push(layer),
                Err(_) => self.discard(&self.path2("layers", name))?,
            }
        }
        self.drop_strays(&unneeded, true)?;
        let gone = |name: &&String| !self.path2("layers", name).exists();
        Ok(damage.layers.keys().filter(gone).cloned().collect())
    }

    /// Moves an image's record that can't be read into the trash.
    pub fn drop_image_record(&self, name: &str) -> Result<(), Error> {
        let _lock = self.lock()?;
        let file = match Digest::from_sha256_hex(name) {
            Ok(id) => self.image_path(&id),
            Err(_) => self.path2("images", name),
        };
        self.discard(&file)
    }

    /// Moves the record of a damaged artifact into the trash, and what nothing else needs of it.
    pub fn drop_artifact(&self, name: &str) -> Result<(), Error> {
        if self.artifact(name)?.is_some() {
            return self.remove_artifact(name).map(drop);
        }
        // One that can't be read: of such the file's name is known.
        let _lock = self.lock()?;
        self.discard(&self.path2("artifacts", name))
    }

    /// Moves strays into the trash: the caller leaves out what is precious unless it was told to.
    pub fn drop_stray(&self, stray: &Stray) -> Result<(), Error> {
        let _lock = self.lock()?;
        self.discard(&stray.path)
    }
}
