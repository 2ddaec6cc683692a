//! docker-archive: what `docker save` writes. `manifest.json` lists images; layers are tars, usually not compressed.

use super::{Archive, Members};
use crate::Error;
use crate::choose::Chosen;
use crate::decompress::{Magic, magic};
use crate::error::printable;
use crate::source::Source;
use oci::image::{Descriptor, ImageConfig, Manifest};
use oci::media_type::{self, Compression};
use oci::{Digest, Reference};
use serde::Deserialize;
use sha2::Digest as _;
use std::collections::HashMap;
use std::io::{self, Read};

/// The longest `manifest.json`, in bytes.
const MAX_MANIFEST: u64 = 4 << 20;
/// The most images of one archive.
const MAX_IMAGES: usize = 1000;

/// One image of `manifest.json`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Item {
    config: String,
    #[serde(default)]
    repo_tags: Option<Vec<String>>,
    #[serde(default)]
    layers: Option<Vec<String>>,
}

/// One image of an archive as a source: its blobs are members.
pub(crate) struct DockerImage<'a> {
    archive: &'a Archive,
    /// By digest.
    paths: HashMap<Digest, String>,
    pub(crate) chosen: Chosen,
    pub(crate) names: Vec<Reference>,
}

/// The images, if it is such an archive.
pub(crate) fn items(archive: &Archive) -> Result<Option<Vec<Item>>, Error> {
    let Some(bytes) = archive.read_small("manifest.json", MAX_MANIFEST)? else { return Ok(None) };
    let wrong = |why: String| Error::Archive { archive: archive.name().to_owned(), why };
    let items: Vec<Item> =
        serde_json::from_slice(&bytes).map_err(|e| wrong(format!("manifest.json is malformed: {e}")))?;
    match items.len() {
        0 => Err(wrong("manifest.json lists no image".to_owned())),
        count if count > MAX_IMAGES => {
            Err(wrong(format!("manifest.json lists {count} images, more than the {MAX_IMAGES} that are allowed")))
        }
        _ => Ok(Some(items)),
    }
}

impl<'a> DockerImage<'a> {
    /// Makes the manifest that the archive doesn't have: schema 2, with the layers as they lie there.
    pub(crate) fn open(archive: &'a Archive, item: &Item) -> Result<DockerImage<'a>, Error> {
        let limit = oci::image::config::MAX_BYTES as u64;
        let config_bytes = archive.read_small(&item.config, limit)?.ok_or_else(|| missing(archive, &item.config))?;
        let layers = item.layers.as_deref().unwrap_or_default();
        let config = ImageConfig::parse(&config_bytes, Some(layers.len())).map_err(|source| Error::Config {
            what: format!("configuration `{}` in {}", printable(&item.config), archive.name()),
            source,
        })?;
        let id = Digest::sha256(&config_bytes);
        let mut paths = HashMap::from([(id.clone(), item.config.clone())]);
        let mut descriptors = Vec::new();
        for (path, diff_id) in layers.iter().zip(&config.rootfs.diff_ids) {
            let layer = layer_descriptor(archive, path, diff_id)?;
            paths.insert(layer.digest.clone(), path.clone());
            descriptors.push(layer);
        }
        let manifest = Manifest {
            schema_version: 2,
            media_type: Some(media_type::DOCKER_MANIFEST.to_owned()),
            artifact_type: None,
            config: descriptor(media_type::DOCKER_CONFIG, id, config_bytes.len() as u64),
            layers: descriptors,
            subject: None,
            annotations: Default::default(),
        };
        let bytes = serde_json::to_vec(&manifest)
            .map_err(|e| Error::Io { what: "encode a manifest".to_owned(), source: e.into() })?;
        let chosen = Chosen { manifest, digest: Digest::sha256(&bytes), bytes };
        let tags = item.repo_tags.as_deref().unwrap_or_default();
        let names = tags.iter().map(|tag| name(archive, tag)).collect::<Result<_, _>>()?;
        Ok(DockerImage { archive, paths, chosen, names })
    }
}

/// A plain tar has its DiffID as digest; only of a compressed one the digest must be computed.
fn layer_descriptor(archive: &Archive, path: &str, diff_id: &Digest) -> Result<Descriptor, Error> {
    let what = || format!("read `{}` in {}", printable(path), archive.name());
    let mut member = archive.open(path)?.ok_or_else(|| missing(archive, path))?;
    let mut start = Vec::new();
    member.reader.by_ref().take(6).read_to_end(&mut start).map_err(Error::io(what()))?;
    if magic(&start) == Magic::Known(Compression::None) {
        return Ok(descriptor(media_type::DOCKER_LAYER, diff_id.clone(), member.size));
    }
    let mut hasher = sha2::Sha256::new();
    hasher.update(&start);
    let mut buffer = vec![0; 256 << 10];
    loop {
        match member.reader.read(&mut buffer) {
            Ok(0) => break,
            Ok(count) => hasher.update(&buffer[..count]),
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(Error::io(what())(e)),
        }
    }
    let digest = Digest::from_sha256(hasher.finalize().into());
    Ok(descriptor(media_type::DOCKER_LAYER_GZIP, digest, member.size))
}

fn descriptor(media_type: &str, digest: Digest, size: u64) -> Descriptor {
    Descriptor {
        media_type: media_type.to_owned(),
        digest,
        size,
        urls: Vec::new(),
        annotations: Default::default(),
        platform: None,
        artifact_type: None,
    }
}

/// Names without a registry are Docker Hub's: it is Docker's format.
fn name(archive: &Archive, tag: &str) -> Result<Reference, Error> {
    let name: oci::reference::Name = tag
        .parse()
        .map_err(|e| Error::Archive { archive: archive.name().to_owned(), why: format!("manifest.json: {e}") })?;
    let mut reference = name.in_registry("docker.io").with_default_tag();
    reference.digest = None;
    Ok(reference.with_default_tag())
}

fn missing(archive: &Archive, path: &str) -> Error {
    let why = format!("manifest.json names `{}`, which isn't in it", printable(path));
    Error::Archive { archive: archive.name().to_owned(), why }
}

impl Source for DockerImage<'_> {
    fn name(&self) -> String {
        self.archive.name().to_owned()
    }

    fn blob(&self, wanted: &Descriptor) -> Result<Box<dyn Read + '_>, Error> {
        let path = self.paths.get(&wanted.digest).map(String::as_str).unwrap_or_default();
        let member = self.archive.open(path)?.ok_or_else(|| missing(self.archive, path))?;
        Ok(member.reader)
    }
}
