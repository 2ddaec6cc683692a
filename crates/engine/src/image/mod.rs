//! Images with the engine's knowledge of who uses them; everything else is the image crate's work.

use crate::{Engine, Error};
use ::image::{Context, Input, Loaded, Progress, PullPolicy, Resolved};
use oci::{Digest, Platform};
use serde::Serialize;
use std::collections::BTreeMap;

/// What a command says about registries, on top of the configuration files.
#[derive(Debug, Clone, Default)]
pub struct RegistryOptions {
    /// `--authfile`.
    pub authfile: Option<std::path::PathBuf>,
    /// `--creds`.
    pub credentials: Option<(String, String)>,
    /// `--tls-verify`.
    pub tls_verify: Option<bool>,
    /// `--cert-dir`.
    pub cert_dir: Option<std::path::PathBuf>,
}

/// `images`.
#[derive(Debug, Clone, Default)]
pub struct ListOptions {
    /// `-a`: also those without a name that others are built on.
    pub all: bool,
    /// `reference=`, `dangling=`, `label=`, `before=`, `since=`, `id=`, `containers=`, `readonly=`, `intermediate=`, `until=`.
    pub filters: Vec<(String, String)>,
    /// Only images this name or id means.
    pub name: Option<String>,
}

/// One image in a listing; `--format json`'s fields.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ImageSummary {
    /// Hex digits, without `sha256:`.
    pub id: String,
    /// Unused.
    pub parent_id: String,
    /// `None`: nameless; `registry/repository:tag`.
    pub repo_tags: Option<Vec<String>>,
    /// `registry/repository@digest`.
    pub repo_digests: Vec<String>,
    /// Bytes.
    pub size: u64,
    /// Bytes shared with other images.
    pub shared_size: u64,
    /// Bytes.
    pub virtual_size: u64,
    /// From the configuration.
    pub labels: BTreeMap<String, String>,
    /// How many containers use it.
    pub containers: usize,
    /// No name.
    pub dangling: bool,
    /// Manifest's digest.
    pub digest: String,
    /// Names.
    pub names: Vec<String>,
    /// Seconds since 1970.
    pub created: i64,
    /// RFC 3339.
    pub created_at: String,
    /// GOARCH.
    pub arch: String,
    /// GOOS.
    pub os: String,
}

/// `rmi`.
#[derive(Debug, Clone, Default)]
pub struct RemoveOptions {
    /// `-a`.
    pub all: bool,
    /// `-f`: also its containers.
    pub force: bool,
    /// `-i`: a missing image is no error.
    pub ignore: bool,
}

/// What one `rmi` argument did.
#[derive(Debug, Clone, Default)]
pub struct Removed {
    /// Names taken away.
    pub untagged: Vec<String>,
    /// Images deleted (hex digits).
    pub deleted: Vec<String>,
}

/// Podman's `image inspect` object.
#[derive(Debug, Clone, Serialize)]
#[serde(transparent)]
pub struct ImageInspect(
    /// The whole object.
    pub serde_json::Value,
);

/// One line of `history`.
#[derive(Debug, Clone, Serialize)]
pub struct HistoryEntry {
    /// Image id for the newest entry, else `<missing>`.
    pub id: String,
    /// RFC 3339.
    pub created: String,
    /// The step.
    #[serde(rename = "CreatedBy")]
    pub created_by: String,
    /// Bytes of its layer.
    pub size: u64,
    /// Free text.
    pub comment: String,
    /// Names of the image, at the newest entry.
    pub tags: Vec<String>,
}

/// The image crate's context from the configuration and `options`.
pub fn context(_engine: &Engine, _options: &RegistryOptions) -> Result<Context, Error> {
    todo!()
}
/// All images, newest first.
pub fn list(_engine: &Engine, _options: &ListOptions) -> Result<Vec<ImageSummary>, Error> {
    todo!()
}
/// Removes; goes on after errors.
pub fn remove(_engine: &Engine, _names: &[String], _options: &RemoveOptions) -> (Vec<Removed>, Vec<Error>) {
    todo!()
}
/// One image.
pub fn inspect(_engine: &Engine, _name: &str) -> Result<ImageInspect, Error> {
    todo!()
}
/// Newest first.
pub fn history(_engine: &Engine, _name: &str) -> Result<Vec<HistoryEntry>, Error> {
    todo!()
}
/// Gives more names.
pub fn tag(_engine: &Engine, _name: &str, _names: &[String]) -> Result<(), Error> {
    todo!()
}
/// Pulls by `policy`.
pub fn pull(
    _engine: &Engine,
    _name: &str,
    _policy: PullPolicy,
    _platform: Option<&Platform>,
    _options: &RegistryOptions,
    _progress: &dyn Progress,
) -> Result<Resolved, Error> {
    todo!()
}
/// Pushes.
pub fn push(
    _engine: &Engine,
    _name: &str,
    _destination: &str,
    _options: &RegistryOptions,
    _progress: &dyn Progress,
) -> Result<Digest, Error> {
    todo!()
}
/// Loads an archive.
pub fn load(_engine: &Engine, _input: Input<'_>, _progress: &dyn Progress) -> Result<Vec<Loaded>, Error> {
    todo!()
}
/// Whether an image of that name is here.
pub fn exists(_engine: &Engine, _name: &str) -> Result<bool, Error> {
    todo!()
}
