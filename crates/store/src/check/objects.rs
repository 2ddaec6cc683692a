//! Images, artifacts and containers: is all that they need there and sound?

use super::seen::Seen;
use super::{CheckOptions, Damage, Known};
use crate::artifact::Artifact;
use crate::error::{At, Error};
use crate::image::Image;
use crate::location::Store;
use oci::Digest;
use oci::image::ImageConfig;

impl Store {
    pub(super) fn check_images(&self, damage: &mut Damage) -> Result<(), Error> {
        let folder = self.folder("images");
        for entry in std::fs::read_dir(&folder).at("list", &folder)? {
            let name = entry.at("list", &folder)?.file_name().to_string_lossy().into_owned();
            let id = name.strip_suffix(".json").and_then(|hex| Digest::from_sha256_hex(hex).ok());
            let Some(seen) = Seen::open(&folder.join(&name))? else { continue };
            let faults = match &id {
                None => vec!["no image record is called so".to_owned()],
                Some(id) => match self.own_record(id)? {
                    None => vec!["image record can't be read".to_owned()],
                    Some(image) => self.image_faults(&image, damage),
                },
            };
            // Replaced or removed meanwhile: nothing to complain of.
            if !faults.is_empty() && seen.is_there()? {
                let key = id.as_ref().map_or(name.as_str(), Digest::hex);
                damage.images.insert(key.to_owned(), faults);
            }
        }
        Ok(())
    }

    fn image_faults(&self, image: &Image, damage: &Damage) -> Vec<String> {
        let own = |what: String| format!("image {}: {what}", image.id.hex());
        let mut faults = Vec::new();
        for blob in image.needed_blobs() {
            let item = |why| own(format!("data item \"{blob}\": {why}"));
            match self.blob(blob) {
                Ok(_) => {}
                Err(Error::MissingBlob(_)) => faults.push(item("image data item is missing")),
                Err(Error::DamagedBlob(_)) => faults.push(item("image data item has incorrect digest")),
                Err(e) => faults.push(own(e.to_string())),
            }
        }
        let config = self.blob(&image.id).ok().and_then(|text| ImageConfig::parse(&text, None).ok());
        if image.list.is_none() && config.is_some_and(|config| config.rootfs.diff_ids != image.layers) {
            faults.push(own("image record names other layers than its configuration".to_owned()));
        }
        let layers: Vec<_> = image.needed_layers().cloned().collect();
        faults.extend(self.layer_faults_of(&layers, damage));
        faults
    }

    /// The faults of the layers that something consists of, with their ids.
    fn layer_faults_of(&self, layers: &[Digest], damage: &Damage) -> Vec<String> {
        let mut faults = Vec::new();
        for layer in layers {
            let hex = layer.hex();
            match damage.layers.get(hex) {
                Some(list) => faults.extend(list.iter().map(|fault| format!("layer {hex}: {fault}"))),
                None if !self.layer_path(layer).exists() && self.additional_layer(layer).is_none() => {
                    faults.push(format!("layer {hex}: image layer is missing"));
                }
                None => {}
            }
        }
        faults
    }

    pub(super) fn check_artifacts(&self, options: &CheckOptions, damage: &mut Damage) -> Result<(), Error> {
        for path in self.artifact_files()? {
            let file = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let Some(seen) = Seen::open(&path)? else { continue };
            let (key, faults) = match self.read_artifact(&path)? {
                None => (file, vec!["artifact record can't be read".to_owned()]),
                Some(artifact) => {
                    let faults = self.artifact_faults(&artifact, options.quick);
                    (artifact.name, faults)
                }
            };
            // Replaced or removed meanwhile: nothing to complain of.
            if !faults.is_empty() && seen.is_there()? {
                damage.artifacts.insert(key, faults);
            }
        }
        Ok(())
    }

    pub(super) fn artifact_faults(&self, artifact: &Artifact, quick: bool) -> Vec<String> {
        let look = |blob: &Digest| match quick {
            true => self.open_blob(blob).map(drop),
            false => self.verify_blob(blob).map(drop),
        };
        let fault = |blob: &Digest| match look(blob) {
            Ok(()) => None,
            Err(Error::MissingBlob(_)) => Some(format!("blob {blob} is missing")),
            Err(Error::DamagedBlob(_)) => Some(format!("blob {blob} has incorrect digest")),
            Err(e) => Some(e.to_string()),
        };
        let faults = artifact.needed_blobs().filter_map(fault);
        faults.map(|fault| format!("artifact {}: {fault}", artifact.name)).collect()
    }

    pub(super) fn check_containers(&self, known: &Known, damage: &mut Damage) -> Result<(), Error> {
        for id in self.roots()? {
            if known.containers.contains(&id) {
                let faults = self.layer_faults_of(&self.root_layers(&id)?, damage);
                if !faults.is_empty() && self.root_path(&id).exists() {
                    damage.containers.insert(id, faults);
                }
            }
        }
        for id in self.workings()? {
            let faults = self.layer_faults_of(&crate::root::recorded_layers(&self.working_path(&id)), damage);
            if !faults.is_empty() && self.working_path(&id).exists() {
                damage.containers.insert(id, faults);
            }
        }
        Ok(())
    }
}
