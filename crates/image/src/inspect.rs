//! `image inspect`: what is known of an image, in the shape of Podman's JSON.

use crate::{Context, Error, Resolved, find};
use oci::Digest;
use oci::image::{ContainerConfig, Document, Healthcheck, History};
use serde::Serialize;
use std::collections::BTreeMap;
use store::Store;

/// Podman's `image inspect` object.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ImageInspect {
    /// Hex digits.
    pub id: String,
    /// Of the manifest.
    pub digest: String,
    /// `registry/repository:tag`.
    pub repo_tags: Vec<String>,
    /// `registry/repository@digest`.
    pub repo_digests: Vec<String>,
    /// Always empty: images made elsewhere know no parent.
    pub parent: String,
    /// Of the newest step.
    pub comment: String,
    /// RFC 3339.
    pub created: Option<String>,
    /// What containers take from it.
    pub config: ContainerConfig,
    /// Docker's version that made it.
    pub version: String,
    /// Who made it.
    pub author: String,
    /// GOARCH.
    pub architecture: String,
    /// GOOS.
    pub os: String,
    /// Bytes of its layers.
    pub size: u64,
    /// Always equal to `size`.
    pub virtual_size: u64,
    /// How it is stored.
    pub graph_driver: GraphDriver,
    /// Its layers.
    #[serde(rename = "RootFS")]
    pub root_fs: RootFs,
    /// Of the configuration.
    pub labels: Option<BTreeMap<String, String>>,
    /// Of the manifest.
    pub annotations: BTreeMap<String, String>,
    /// Media type.
    pub manifest_type: String,
    /// Of the configuration.
    pub user: String,
    /// Lowest first.
    pub history: Vec<History>,
    /// Names it has.
    pub names_history: Vec<String>,
    /// Docker's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub health_check: Option<Healthcheck>,
}

/// `GraphDriver`.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct GraphDriver {
    /// Always `overlay`.
    pub name: String,
    /// Folders are the store's own business.
    pub data: BTreeMap<String, String>,
}

/// `RootFS`.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct RootFs {
    /// Always `layers`.
    #[serde(rename = "Type")]
    pub kind: String,
    /// DiffIDs, lowest first.
    pub layers: Vec<Digest>,
}

/// All about one image.
pub fn inspect(store: &Store, context: &Context, name: &str) -> Result<ImageInspect, Error> {
    let found = find(store, context, name)?;
    let bytes = store.blob(&found.image.manifest)?;
    let invalid = |source| Error::Manifest { what: found.name.clone(), source };
    let (media_type, annotations) = match Document::parse(&bytes, None).map_err(invalid)? {
        Document::Manifest(manifest) => (manifest.media_type, manifest.annotations),
        Document::Index(index) => (index.media_type, index.annotations),
    };
    let manifest_type = media_type.unwrap_or_else(|| oci::media_type::OCI_MANIFEST.to_owned());
    Ok(assemble(found, manifest_type, annotations))
}

fn assemble(found: Resolved, manifest_type: String, annotations: BTreeMap<String, String>) -> ImageInspect {
    let Resolved { image, config, .. } = found;
    let container = config.config.unwrap_or_default();
    ImageInspect {
        id: image.id.hex().to_owned(),
        digest: image.manifest.to_string(),
        repo_digests: repo_digests(&image),
        names_history: image.names.clone(),
        repo_tags: image.names,
        parent: String::new(),
        comment: config.history.last().and_then(|step| step.comment.clone()).unwrap_or_default(),
        created: config.created,
        version: String::new(),
        author: config.author.unwrap_or_default(),
        architecture: config.architecture,
        os: config.os,
        size: image.size,
        virtual_size: image.size,
        graph_driver: GraphDriver { name: "overlay".to_owned(), data: BTreeMap::new() },
        root_fs: RootFs { kind: "layers".to_owned(), layers: image.layers },
        labels: Some(container.labels.clone()).filter(|labels| !labels.is_empty()),
        annotations,
        manifest_type,
        user: container.user.clone(),
        history: config.history,
        health_check: container.healthcheck.clone(),
        config: container,
    }
}

/// By which it was pulled, and every name's repository with the manifest's digest, sorted.
pub fn repo_digests(image: &store::Image) -> Vec<String> {
    let own = |name: &String| Some(format!("{}@{}", name.rsplit_once(':')?.0, image.manifest));
    let mut all: Vec<_> = image.names.iter().filter_map(own).chain(image.repo_digests.iter().cloned()).collect();
    all.sort();
    all.dedup();
    all
}
