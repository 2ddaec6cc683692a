//! Images of one layer that are made here, not copied: what `import` reads and the image inside the binary. The layer must
//! be in the store already.

use crate::Error;
use oci::image::{Descriptor, ImageConfig, Manifest};
use oci::{Digest, media_type};
use store::{NewImage, Store};

/// Stores configuration and manifest, and the image under `names`; its id. `layer`: DiffID and bytes of its plain tar.
pub(crate) fn commit(
    store: &Store,
    config: &ImageConfig,
    layer: (&Digest, u64),
    names: Vec<String>,
) -> Result<Digest, Error> {
    let config = json(config);
    let manifest_bytes = json(&manifest(&config, layer));
    let (id, manifest) = (Digest::sha256(&config), Digest::sha256(&manifest_bytes));
    store.put_blob(&id, &config)?;
    store.put_blob(&manifest, &manifest_bytes)?;
    let layers = vec![layer.0.clone()];
    store.commit_image(NewImage { id: id.clone(), manifest, layers, repo_digest: None, names })?;
    Ok(id)
}

fn manifest(config: &[u8], (diff_id, size): (&Digest, u64)) -> Manifest {
    Manifest {
        schema_version: 2,
        media_type: Some(media_type::OCI_MANIFEST.to_owned()),
        artifact_type: None,
        config: Descriptor::new(media_type::OCI_CONFIG, Digest::sha256(config), config.len() as u64),
        layers: vec![Descriptor::new(media_type::OCI_LAYER, diff_id.clone(), size)],
        subject: None,
        annotations: Default::default(),
    }
}

fn json(value: &impl serde::Serialize) -> Vec<u8> {
    // Plain structs with text keys: there is nothing that could fail.
    serde_json::to_vec(value).unwrap_or_default()
}
