//! Images that are made here, not copied: what `import` reads, what a build makes, and the image inside the binary. Their layers
//! must be in the store already.

use crate::Error;
use oci::image::{Descriptor, ImageConfig, Manifest};
use oci::{Digest, media_type};
use std::collections::BTreeMap;
use store::{NewImage, Store};

/// What an image consists of beside its configuration.
#[derive(Debug, Clone, Default)]
pub struct Parts {
    /// DiffIDs and bytes of the plain tars, lowest first.
    pub layers: Vec<(Digest, u64)>,
    /// Of the manifest; Docker's form has none.
    pub annotations: BTreeMap<String, String>,
    /// In Docker's form (schema 2), not OCI's.
    pub docker: bool,
    /// `registry/repository:tag`, taken from whoever had them.
    pub names: Vec<String>,
}

/// Stores configuration and manifest, and the image under its names; its id, and what the manifest is.
///
/// # Errors
/// A layer isn't there (any more); the disk is full.
pub fn assemble(store: &Store, config: &ImageConfig, parts: &Parts) -> Result<(Digest, Descriptor), Error> {
    let config = json(config);
    let manifest = manifest(&config, parts);
    let manifest_type = manifest.media_type.clone().unwrap_or_default();
    let manifest_bytes = json(&manifest);
    let (id, manifest) = (Digest::sha256(&config), Digest::sha256(&manifest_bytes));
    let layers = parts.layers.iter().map(|(diff_id, _)| diff_id.clone()).collect();
    let new =
        NewImage { id: id.clone(), manifest: manifest.clone(), layers, repo_digest: None, names: parts.names.clone() };
    store.commit_image_with(&[(&id, &config), (&manifest, &manifest_bytes)], new)?;
    Ok((id, Descriptor::new(manifest_type, manifest, manifest_bytes.len() as u64)))
}

fn manifest(config: &[u8], parts: &Parts) -> Manifest {
    let [manifest_type, config_type, layer_type] = match parts.docker {
        false => [media_type::OCI_MANIFEST, media_type::OCI_CONFIG, media_type::OCI_LAYER],
        true => [media_type::DOCKER_MANIFEST, media_type::DOCKER_CONFIG, media_type::DOCKER_LAYER],
    };
    let layer = |(diff_id, size): &(Digest, u64)| Descriptor::new(layer_type, diff_id.clone(), *size);
    Manifest {
        schema_version: 2,
        media_type: Some(manifest_type.to_owned()),
        artifact_type: None,
        config: Descriptor::new(config_type, Digest::sha256(config), config.len() as u64),
        layers: parts.layers.iter().map(layer).collect(),
        subject: None,
        annotations: if parts.docker { BTreeMap::new() } else { parts.annotations.clone() },
    }
}

fn json(value: &impl serde::Serialize) -> Vec<u8> {
    // Plain structs with text keys: there is nothing that could fail.
    serde_json::to_vec(value).unwrap_or_default()
}
