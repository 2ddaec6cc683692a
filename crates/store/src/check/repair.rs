//! Taking away what a check found damaged. Whoever calls decides what becomes of images and containers that need it.

use super::seen::Seen;
use super::{Damage, Known, Stray};
use crate::error::{At, Error};
use crate::image::Image;
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

    /// Whether everything that an image needs is there, layers unread: damaged ones were put aside.
    pub fn is_whole(&self, image: &Image) -> bool {
        image.needed_blobs().all(|blob| self.blob(blob).is_ok())
            && image.needed_layers().all(|layer| self.has_layer(layer))
    }

    /// Moves the record of a damaged artifact into the trash, and what nothing else needs of it. False if it is sound now,
    /// or another has come in its place.
    pub fn drop_artifact(&self, name: &str) -> Result<bool, Error> {
        let path = match self.artifact(name)? {
            Some(_) => self.artifact_path(name),
            // One that can't be read: of such the file's name is known.
            None => self.path2("artifacts", name),
        };
        let Some(seen) = Seen::open(&path)? else { return Ok(false) };
        let artifact = self.read_artifact(&path)?;
        if artifact.as_ref().is_some_and(|artifact| self.artifact_faults(artifact, false).is_empty()) {
            return Ok(false);
        }
        let _lock = self.lock()?;
        if !seen.is_there()? {
            return Ok(false);
        }
        match artifact {
            Some(artifact) => self.forget_artifact(&artifact)?,
            None => self.discard(&path)?,
        }
        Ok(true)
    }

    /// Moves those strays into the trash that still are strays, by what is known now; returns them. The caller leaves out what
    /// is precious unless it was told to.
    pub fn drop_stray_files(&self, strays: &[Stray], known: &Known) -> Result<Vec<Stray>, Error> {
        let _lock = self.lock()?;
        let mut now = Damage::default();
        self.check_files(known, &self.references()?, &mut now)?;
        // Blobs are put to use without the lock of records.
        let blobs = self.folder("blobs");
        let quiet = self.nobody_writes()?;
        let is_stray =
            |stray: &&Stray| now.strays.contains(stray) && (quiet.is_some() || !stray.path.starts_with(&blobs));
        let strays: Vec<_> = strays.iter().filter(is_stray).cloned().collect();
        for stray in &strays {
            self.discard(&stray.path)?;
        }
        Ok(strays)
    }
}
