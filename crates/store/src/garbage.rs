//! What images, artifacts and containers refer to, and dropping what nothing refers to.

use crate::error::{At, Error};
use crate::location::Store;
use oci::Digest;
use std::collections::HashSet;

/// Everything that must stay.
#[derive(Default)]
pub(crate) struct References {
    pub(crate) layers: HashSet<Digest>,
    pub(crate) blobs: HashSet<Digest>,
}

impl Store {
    /// Reads all records; the caller holds the store's lock.
    pub(crate) fn references(&self) -> Result<References, Error> {
        let mut all = References::default();
        for image in self.image_records()? {
            all.blobs.extend(image.needed_blobs().cloned());
            all.layers.extend(image.needed_layers().cloned());
        }
        for path in self.artifact_files()? {
            all.blobs.extend(self.read_artifact(&path)?.iter().flat_map(|artifact| artifact.needed_blobs()).cloned());
        }
        for container in self.roots()? {
            all.layers.extend(self.root_layers(&container)?);
        }
        // Before those: a new one comes from there.
        all.layers.extend(self.draft_layers()?);
        all.layers.extend(self.working_layers()?);
        all.layers.extend(self.cached_layers()?);
        Ok(all)
    }

    /// Whether some layer is in no image: the quick look before all containers are read.
    pub(crate) fn any_without_image(&self, layers: &[Digest]) -> Result<bool, Error> {
        let images = self.image_records()?;
        let needed: HashSet<_> = images.iter().flat_map(|image| image.needed_layers()).collect();
        Ok(layers.iter().any(|layer| !needed.contains(layer)))
    }

    /// Moves those of `layers` and `blobs` into the trash that nothing needs; the caller holds the store's lock.
    pub(crate) fn drop_unreferenced(&self, layers: &[Digest], blobs: &[Digest]) -> Result<(), Error> {
        let keep = self.references()?;
        for layer in layers.iter().filter(|layer| !keep.layers.contains(layer)) {
            crate::step::point();
            self.discard(&self.layer_path(layer))?;
            crate::step::point();
            self.remove_note(&crate::layer::note(layer))?;
        }
        for blob in blobs.iter().filter(|blob| !keep.blobs.contains(blob)) {
            crate::step::point();
            self.discard(&self.blob_path(blob))?;
        }
        Ok(())
    }

    /// All blobs that no image needs; the caller holds the store's lock and knows that nobody is storing any.
    pub(crate) fn drop_stray_blobs(&self) -> Result<(), Error> {
        let mut blobs = Vec::new();
        for algorithm in ["sha256", "sha512"] {
            let folder = self.path2("blobs", algorithm);
            for entry in std::fs::read_dir(&folder).at("list", &folder)? {
                let name = entry.at("list", &folder)?.file_name();
                let digest = name.to_str().map(|hex| format!("{algorithm}:{hex}"));
                blobs.extend(digest.and_then(|digest| digest.parse().ok()));
            }
        }
        self.drop_unreferenced(&[], &blobs)
    }

    pub(crate) fn remove_note(&self, name: &str) -> Result<(), Error> {
        let path = self.path2("tmp", name);
        match std::fs::remove_file(&path) {
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(()),
            result => result.at("remove file", &path),
        }
    }
}
