//! Sigstore signatures in a registry: an artifact under the tag `sha256-HEX.sig` beside the image, one layer a signature.

use super::Sigstore;
use crate::Error;
use crate::signature::MAX_SIGNATURES;
use crate::signature::claim::MAX_BYTES;
use oci::image::manifest::MAX_LAYERS;
use oci::image::{Descriptor, Document, ImageConfig, Manifest};
use oci::{Digest, media_type};
use registry::Client;
use std::io::Read;

/// Under which tag the signatures of a manifest lie.
pub(crate) fn tag(digest: &Digest) -> String {
    format!("{}-{}.sig", digest.algorithm(), digest.hex())
}

/// The signatures of a manifest; none when there is no such artifact.
pub(crate) fn read(client: &Client, repository: &str, digest: &Digest) -> Result<Vec<Sigstore>, Error> {
    let Some(manifest) = fetch(client, repository, digest)? else { return Ok(Vec::new()) };
    let mut found = Vec::new();
    for layer in manifest.layers.into_iter().take(MAX_SIGNATURES) {
        if layer.size > MAX_BYTES as u64 {
            let what = format!("attachment {} of {repository}", layer.digest);
            return Err(Error::TooLarge { what, size: layer.size, limit: MAX_BYTES as u64 });
        }
        let mut payload = Vec::new();
        let mut blob = client.blob(repository, &layer.digest, layer.size, 0)?;
        let what = || format!("read attachment {} of {repository}", layer.digest);
        blob.by_ref().take(MAX_BYTES as u64 + 1).read_to_end(&mut payload).map_err(Error::io(what()))?;
        let computed = Digest::sha256(&payload);
        if computed != layer.digest {
            return Err(Error::WrongDigest { what: what(), expected: layer.digest, found: computed });
        }
        found.push(Sigstore { media_type: layer.media_type, payload, annotations: layer.annotations });
    }
    Ok(found)
}

/// Adds signatures to those that are there.
pub(crate) fn add(client: &Client, repository: &str, digest: &Digest, new: &[Sigstore]) -> Result<(), Error> {
    let mut layers = fetch(client, repository, digest)?.map(|manifest| manifest.layers).unwrap_or_default();
    for signature in new {
        let layer = descriptor(signature);
        if layers.contains(&layer) {
            continue;
        }
        client.put_blob(repository, &layer.digest, layer.size, &mut signature.payload.as_slice())?;
        layers.push(layer);
    }
    if layers.len() > MAX_LAYERS {
        let why = format!("there are {MAX_LAYERS} already");
        return Err(Error::Signature { what: format!("store a signature of {repository}@{digest}"), why });
    }
    let (config, manifest) = artifact(layers)?;
    client.put_blob(repository, &Digest::sha256(&config), config.len() as u64, &mut config.as_slice())?;
    client.put_manifest(repository, &tag(digest), media_type::OCI_MANIFEST, &manifest)?;
    Ok(())
}

fn fetch(client: &Client, repository: &str, digest: &Digest) -> Result<Option<Manifest>, Error> {
    let fetched = match client.manifest(repository, &tag(digest)) {
        Err(error) if error.is_absence() => return Ok(None),
        fetched => fetched?,
    };
    let what = || format!("signatures of {repository}@{digest}");
    match Document::parse(&fetched.bytes, fetched.media_type.as_deref()) {
        Ok(Document::Manifest(manifest)) => Ok(Some(*manifest)),
        Ok(Document::Index(_)) => {
            Err(Error::Signature { what: what(), why: "there is an index where a manifest should be".to_owned() })
        }
        Err(source) => Err(Error::Manifest { what: what(), source }),
    }
}

fn descriptor(signature: &Sigstore) -> Descriptor {
    let payload = &signature.payload;
    let plain = Descriptor::new(&signature.media_type, Digest::sha256(payload), payload.len() as u64);
    Descriptor { annotations: signature.annotations.clone(), ..plain }
}

/// Configuration and manifest of the artifact. The layers are no archives, so their digests stand for DiffIDs.
fn artifact(layers: Vec<Descriptor>) -> Result<(Vec<u8>, Vec<u8>), Error> {
    let mut config = ImageConfig::default();
    config.rootfs.kind = "layers".to_owned();
    config.rootfs.diff_ids = layers.iter().map(|layer| layer.digest.clone()).collect();
    let config = encode(&config)?;
    let manifest = Manifest {
        schema_version: 2,
        media_type: Some(media_type::OCI_MANIFEST.to_owned()),
        artifact_type: None,
        config: Descriptor::new(media_type::OCI_CONFIG, Digest::sha256(&config), config.len() as u64),
        layers,
        subject: None,
        annotations: Default::default(),
    };
    Ok((config, encode(&manifest)?))
}

fn encode(value: &impl serde::Serialize) -> Result<Vec<u8>, Error> {
    serde_json::to_vec(value)
        .map_err(|e| Error::Signature { what: "write the artifact of signatures".to_owned(), why: e.to_string() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::signature::sigstore::MEDIA_TYPE;
    use std::collections::BTreeMap;

    #[test]
    fn an_artifact_is_a_manifest_like_others() {
        let digest = Digest::sha256(b"x");
        assert_eq!(tag(&digest), format!("sha256-{}.sig", digest.hex()));
        let annotations = BTreeMap::from([("a".to_owned(), "b".to_owned())]);
        let signature = Sigstore { media_type: MEDIA_TYPE.into(), payload: b"doc".to_vec(), annotations };
        let (config, manifest) = artifact(vec![descriptor(&signature)]).unwrap();
        let Ok(Document::Manifest(manifest)) = Document::parse(&manifest, None) else { panic!("no manifest") };
        assert_eq!(manifest.config.digest, Digest::sha256(&config));
        assert_eq!(manifest.layers[0].annotations["a"], "b");
        assert!(ImageConfig::parse(&config, Some(1)).is_ok());
    }
}
