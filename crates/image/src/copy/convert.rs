//! Manifests and indexes as bytes, field by field in the order in which the usual tools write them, so that the same
//! content gets the same digest.

use super::plan;
use crate::Error;
use crate::sink::Format;
use crate::source::Fetched;
use oci::image::{Descriptor, Index, Manifest};
use oci::media_type::{self, Kind, classify};
use oci::{Digest, Platform};
use serde::Serialize;

/// The manifest with other layers, in another format.
pub(super) fn manifest(old: &Manifest, layers: Vec<Descriptor>, format: Format) -> Manifest {
    let layers = layers.into_iter().map(|layer| converted_layer(layer, format)).collect();
    let config_type = match (classify(&old.config.media_type), format) {
        (Kind::Config, Format::Oci) => media_type::OCI_CONFIG.to_owned(),
        (Kind::Config, _) => media_type::DOCKER_CONFIG.to_owned(),
        _ => old.config.media_type.clone(),
    };
    let mut new = Manifest { layers, ..old.clone() };
    new.config.media_type = config_type;
    new.media_type = Some(match format {
        Format::Oci => media_type::OCI_MANIFEST.to_owned(),
        _ => media_type::DOCKER_MANIFEST.to_owned(),
    });
    new
}

fn converted_layer(layer: Descriptor, format: Format) -> Descriptor {
    Descriptor { media_type: plan::converted_type(&layer.media_type, format), ..layer }
}

/// The index with other entries, in another format.
pub(super) fn index(old: &Index, manifests: Vec<Descriptor>, format: Format) -> Index {
    let media_type = match format {
        Format::Oci => media_type::OCI_INDEX,
        _ => media_type::DOCKER_INDEX,
    };
    Index { media_type: Some(media_type.to_owned()), manifests, ..old.clone() }
}

/// An OCI manifest is written as it is, a Docker one without what that format doesn't have.
pub(super) fn encode_manifest(manifest: &Manifest, format: Format) -> Result<Fetched, Error> {
    match format {
        Format::Oci => encode(manifest, manifest.media_type.clone()),
        _ => {
            let docker = DockerManifest {
                schema_version: 2,
                media_type: media_type::DOCKER_MANIFEST,
                config: DockerDescriptor::of(&manifest.config),
                layers: manifest.layers.iter().map(DockerDescriptor::of).collect(),
            };
            encode(&docker, manifest.media_type.clone())
        }
    }
}

pub(super) fn encode_index(index: &Index, format: Format) -> Result<Fetched, Error> {
    match format {
        Format::Oci => encode(index, index.media_type.clone()),
        _ => {
            let entries = index.manifests.iter().map(|entry| DockerInstance {
                descriptor: DockerDescriptor::of(entry),
                platform: entry.platform.clone().unwrap_or_else(|| Platform::new("", "", "")),
            });
            let docker =
                DockerIndex { schema_version: 2, media_type: media_type::DOCKER_INDEX, manifests: entries.collect() };
            encode(&docker, index.media_type.clone())
        }
    }
}

fn encode(value: &impl Serialize, media_type: Option<String>) -> Result<Fetched, Error> {
    let bytes =
        serde_json::to_vec(value).map_err(|e| Error::Io { what: "encode a manifest".to_owned(), source: e.into() })?;
    Ok(Fetched::new(bytes, media_type))
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct DockerManifest<'a> {
    schema_version: u32,
    media_type: &'a str,
    config: DockerDescriptor<'a>,
    layers: Vec<DockerDescriptor<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct DockerDescriptor<'a> {
    media_type: &'a str,
    size: u64,
    digest: &'a Digest,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    urls: &'a [String],
}

impl DockerDescriptor<'_> {
    fn of(descriptor: &Descriptor) -> DockerDescriptor<'_> {
        let Descriptor { media_type, size, digest, urls, .. } = descriptor;
        DockerDescriptor { media_type, size: *size, digest, urls }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct DockerIndex<'a> {
    schema_version: u32,
    media_type: &'a str,
    manifests: Vec<DockerInstance<'a>>,
}

#[derive(Serialize)]
struct DockerInstance<'a> {
    #[serde(flatten)]
    descriptor: DockerDescriptor<'a>,
    platform: Platform,
}

#[cfg(test)]
mod tests {
    use super::*;
    use oci::image::Document;

    const SHA: &str = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    #[test]
    fn a_docker_manifest_becomes_oci_and_back_with_the_same_bytes() {
        let docker = format!(
            r#"{{"schemaVersion":2,"mediaType":"{}","config":{{"mediaType":"{}","size":7,"digest":"{SHA}"}},"layers":[{{"mediaType":"{}","size":9,"digest":"{SHA}"}}]}}"#,
            media_type::DOCKER_MANIFEST,
            media_type::DOCKER_CONFIG,
            media_type::DOCKER_LAYER_GZIP
        );
        let Document::Manifest(parsed) = Document::parse(docker.as_bytes(), None).unwrap() else { panic!() };
        let oci = manifest(&parsed, parsed.layers.clone(), Format::Oci);
        assert_eq!(oci.layers[0].media_type, media_type::OCI_LAYER_GZIP);
        assert_eq!(oci.config.media_type, media_type::OCI_CONFIG);
        let back = manifest(&oci, oci.layers.clone(), Format::Docker);
        assert_eq!(String::from_utf8(encode_manifest(&back, Format::Docker).unwrap().bytes).unwrap(), docker);
    }
}
