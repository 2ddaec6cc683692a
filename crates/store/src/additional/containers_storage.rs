//! A store that containers/storage wrote with its overlay driver, e.g. Podman's own.
//!
//! ```text
//! overlay-images/images.json          records: id, names, top layer
//! overlay-images/<id>/<name>          manifest and configuration; names with other than a-z0-9. are base64 behind a `=`
//! overlay-images/images.lock          POSIX record lock, shared while we read
//! overlay-layers/layers.json          records: id, parent, DiffID, size
//! overlay-layers/<id>.tar-split.gz    what of the tar stream isn't file content
//! overlay/<id>/diff/                  files, with overlay's own whiteouts
//! ```

use super::{Content, Layer, Stream};
use crate::error::{At, Error};
use crate::image::Image;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use oci::Digest;
use oci::image::ImageConfig;
use rustix::fs::{FlockOperation, Mode, OFlags};
use serde::Deserialize;
use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};

/// A record file longer than this isn't one.
const LONGEST_RECORDS: u64 = 256 << 20;
/// More layers no image has.
const MOST_LAYERS: usize = 512;

#[derive(Deserialize)]
struct ImageRecord {
    id: String,
    #[serde(default)]
    digest: Option<String>,
    #[serde(default)]
    names: Option<Vec<String>>,
    #[serde(default)]
    layer: String,
    #[serde(default, rename = "big-data-names")]
    data: Option<Vec<String>>,
    #[serde(default, rename = "big-data-sizes")]
    sizes: Option<HashMap<String, u64>>,
}

#[derive(Deserialize)]
struct LayerRecord {
    id: String,
    #[serde(default)]
    parent: String,
    #[serde(default, rename = "diff-digest")]
    diff_id: Option<Digest>,
    #[serde(default, rename = "diff-size")]
    size: Option<u64>,
    #[serde(default)]
    flags: Option<serde_json::Map<String, serde_json::Value>>,
}

/// Nothing, if there is no such store at `root`.
pub(super) fn read(root: &Path) -> Result<Content, Error> {
    let images: Vec<ImageRecord> = records(&root.join("overlay-images"), "images")?;
    if images.is_empty() {
        return Ok(Content::default());
    }
    if with_mount_program(root) {
        log::warn!("additional image store {}: made with a mount program, left out", root.display());
        return Ok(Content::default());
    }
    let layers: Vec<LayerRecord> = records(&root.join("overlay-layers"), "layers")?;
    let layers: HashMap<String, LayerRecord> =
        layers.into_iter().filter(is_whole).map(|layer| (layer.id.clone(), layer)).collect();
    let mut content = Content::default();
    for record in images {
        if let Err(why) = add(root, &record, &layers, &mut content) {
            log::debug!("additional image store {}: image {}: {why}", root.display(), record.id);
        }
    }
    Ok(content)
}

/// FUSE programs keep whiteouts and owners in ways of their own.
fn with_mount_program(root: &Path) -> bool {
    std::fs::read(root.join("overlay/.has-mount-program")).is_ok_and(|text| text.trim_ascii() == b"true")
}

fn is_whole(layer: &LayerRecord) -> bool {
    let unfinished = layer.flags.as_ref().and_then(|flags| flags.get("incomplete")).and_then(|v| v.as_bool());
    is_id(&layer.id) && unfinished != Some(true)
}

/// 64 hex digits, so that it is safe as a folder's name.
fn is_id(id: &str) -> bool {
    Digest::from_sha256_hex(id).is_ok()
}

/// A file of records, read under its lock; none if there is no such file.
fn records<T: serde::de::DeserializeOwned>(folder: &Path, name: &str) -> Result<Vec<T>, Error> {
    let path = folder.join(format!("{name}.json"));
    let _lock = shared_lock(&folder.join(format!("{name}.lock")))?;
    let length = match path.metadata() {
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        meta => meta.at("look at", &path)?.len(),
    };
    if length > LONGEST_RECORDS {
        return Err(io::Error::from(io::ErrorKind::FileTooLarge)).at("read", &path);
    }
    let text = std::fs::read(&path).at("read", &path)?;
    serde_json::from_slice(&text).map_err(io::Error::from).at("parse", &path)
}

/// As containers/storage locks: a POSIX record lock. Without a lock file (a read-only copy) nobody writes.
fn shared_lock(path: &Path) -> Result<Option<rustix::fd::OwnedFd>, Error> {
    match rustix::fs::open(path, OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty()) {
        Err(rustix::io::Errno::NOENT) => Ok(None),
        fd => {
            let fd = fd.at("open lock", path)?;
            rustix::io::retry_on_intr(|| rustix::fs::fcntl_lock(&fd, FlockOperation::LockShared)).at("lock", path)?;
            Ok(Some(fd))
        }
    }
}

/// Adds an image if its configuration agrees with its layers.
fn add(
    root: &Path,
    record: &ImageRecord,
    layers: &HashMap<String, LayerRecord>,
    content: &mut Content,
) -> Result<(), &'static str> {
    let id = Digest::from_sha256_hex(&record.id).map_err(|_| "its ID is no digest")?;
    let folder = root.join("overlay-images").join(&record.id);
    let config_path = folder.join(data_file(&id.to_string()));
    let config = std::fs::read(&config_path).map_err(|_| "its configuration can't be read")?;
    if Digest::sha256(&config) != id {
        return Err("its configuration isn't what the ID says");
    }
    let config = ImageConfig::parse(&config, None).map_err(|_| "its configuration can't be parsed")?;
    let (manifest, manifest_path) = manifest(record, &folder).ok_or("it has no manifest")?;
    let chain = chain(&record.layer, layers)?;
    let diff_ids: Vec<Digest> = chain.iter().filter_map(|layer| layer.diff_id.clone()).collect();
    if diff_ids != config.rootfs.diff_ids {
        return Err("its layers aren't those of its configuration");
    }
    for (layer, diff_id) in chain.iter().zip(&diff_ids) {
        content.layers.entry(diff_id.clone()).or_insert_with(|| place(root, layer));
    }
    content.blobs.extend([(id.clone(), config_path), (manifest.clone(), manifest_path)]);
    let size = chain.iter().filter_map(|layer| layer.size).sum::<u64>()
        + record.sizes.as_ref().map(|sizes| sizes.values().sum::<u64>()).unwrap_or_default();
    content.images.push(image(record, id, manifest, diff_ids, size, &config));
    Ok(())
}

fn image(
    record: &ImageRecord,
    id: Digest,
    manifest: Digest,
    layers: Vec<Digest>,
    size: u64,
    config: &ImageConfig,
) -> Image {
    let names = record.names.iter().flatten();
    let (digests, mut names): (Vec<String>, Vec<String>) = names.cloned().partition(|name| name.contains('@'));
    names.retain(|name| crate::name::canonical(name).is_ok());
    let untagged = |name: &String| name.rsplit_once(':').map(|(repository, _)| format!("{repository}@{manifest}"));
    let pinned = digests.clone();
    let mut repo_digests: Vec<String> = digests.into_iter().chain(names.iter().filter_map(untagged)).collect();
    repo_digests.sort();
    repo_digests.dedup();
    Image {
        id,
        manifest,
        layers,
        repo_digests,
        pinned,
        names,
        created: config.created.clone(),
        size,
        platform: config.platform(),
        labels: config.config.as_ref().map(|config| config.labels.clone()).unwrap_or_default(),
        read_only: true,
        list: None,
    }
}

/// Under its digest, or plainly as `manifest`.
fn manifest(record: &ImageRecord, folder: &Path) -> Option<(Digest, PathBuf)> {
    let digest: Digest = record.digest.as_ref()?.parse().ok()?;
    let named = format!("manifest-{digest}");
    let key = if record.data.iter().flatten().any(|name| *name == named) { named } else { "manifest".to_owned() };
    let path = folder.join(data_file(&key));
    path.exists().then_some((digest, path))
}

/// The layers from the lowest up to `top`.
fn chain<'a>(top: &str, layers: &'a HashMap<String, LayerRecord>) -> Result<Vec<&'a LayerRecord>, &'static str> {
    let mut chain = Vec::new();
    let mut next = top;
    while !next.is_empty() {
        let layer = layers.get(next).ok_or("a layer is missing")?;
        chain.push(layer);
        if chain.len() > MOST_LAYERS {
            return Err("its layers have no end");
        }
        next = &layer.parent;
    }
    chain.reverse();
    Ok(chain)
}

fn place(root: &Path, layer: &LayerRecord) -> Layer {
    Layer {
        diff: root.join("overlay").join(&layer.id).join("diff"),
        size: layer.size.unwrap_or_default(),
        opaque: false,
        stream: Stream::TarSplit(root.join("overlay-layers").join(format!("{}.tar-split.gz", layer.id))),
    }
}

/// The file of an item of big data: its name, or that in base64.
fn data_file(key: &str) -> String {
    if key.bytes().all(|b| b == b'.' || b.is_ascii_digit() || b.is_ascii_lowercase()) {
        return key.to_owned();
    }
    format!("={}", BASE64_STANDARD.encode(key))
}

#[cfg(test)]
mod unit {
    use super::data_file;

    #[test]
    fn data_files_are_named_as_by_containers_storage() {
        assert_eq!(data_file("manifest"), "manifest");
        assert_eq!(data_file("sha256:ab"), "=c2hhMjU2OmFi");
    }
}
