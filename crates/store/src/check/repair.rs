//! Taking away what a check found damaged. Whoever calls decides what becomes of images and containers that need it.

use super::{Damage, Stray};
use crate::error::Error;
use crate::location::Store;
use oci::Digest;

impl Store {
    /// Moves damaged layers into the trash, so that they count as missing and are fetched again; returns what they are called.
    /// Layers that nothing refers to go only if that is still so.
    pub fn drop_damaged_layers(&self, damage: &Damage) -> Result<Vec<String>, Error> {
        let mut dropped = Vec::new();
        let mut unneeded = Vec::new();
        for (name, faults) in &damage.layers {
            match Digest::from_sha256_hex(name) {
                Ok(layer) if faults.iter().all(|fault| fault.ends_with(UNREFERENCED)) => unneeded.push(layer),
                Ok(layer) => self.drop_layer(&layer)?,
                Err(_) => self.discard(&self.path2("layers", name))?,
            }
            dropped.push(name.clone());
        }
        self.drop_strays(&unneeded, true)?;
        Ok(dropped)
    }

    /// Moves the record of an image that can't be read into the trash.
    pub fn drop_image_record(&self, name: &str) -> Result<(), Error> {
        let _lock = self.lock()?;
        let file = match Digest::from_sha256_hex(name) {
            Ok(id) => self.image_path(&id),
            Err(_) => self.path2("images", name),
        };
        self.discard(&file)
    }

    /// Moves blobs that aren't what they are called into the trash: they are fetched again.
    pub fn drop_damaged_blobs(&self, blobs: &[&Digest]) -> Result<(), Error> {
        for blob in blobs {
            if matches!(self.blob(blob), Err(Error::DamagedBlob(_))) {
                self.discard(&self.blob_path(blob))?;
            }
        }
        Ok(())
    }

    /// Moves strays into the trash: the caller leaves out what is precious unless it was told to.
    pub fn drop_stray(&self, stray: &Stray) -> Result<(), Error> {
        let _lock = self.lock()?;
        self.discard(&stray.path)
    }

    fn drop_layer(&self, layer: &Digest) -> Result<(), Error> {
        self.discard(&self.layer_path(layer))?;
        self.remove_note(&crate::layer::note(layer))
    }
}

const UNREFERENCED: &str = "not referenced by any images or containers";
