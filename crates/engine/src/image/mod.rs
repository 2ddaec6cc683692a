//! Images with the engine's knowledge of who uses them; everything else is the image crate's work.

mod copy;
mod filter;
mod history;
mod import;
mod inspect;
mod list;
mod mount;
mod prune;
pub(crate) mod remove;
pub mod scp;
pub mod sync;
mod tree;
mod untag;

pub use copy::{archive_tags, copy, delete, look, tags};
pub use history::history;
pub use import::{ImportOptions, Tar, import};
pub use inspect::inspect;
pub use list::list;
pub use mount::{Mounted, mount, mounted_images, unmount};
pub use prune::{PruneOptions, prune};
pub use remove::remove;
pub use tree::{Tree, TreeLayer, tree};
pub use untag::untag;

use crate::{Engine, Error};
use ::image::{Context, Copied, Destination, Input, Loaded, Options, Progress, PullPolicy, Resolved, Retry, Saving};
use oci::Platform;
use oci::reference::Name;
use serde::Serialize;
use std::collections::BTreeMap;

/// What a command says about registries, on top of the configuration files.
#[derive(Debug, Clone, Default)]
pub struct RegistryOptions {
    /// `--authfile`.
    pub authfile: Option<std::path::PathBuf>,
    /// `--creds`.
    pub credentials: Option<(String, String)>,
    /// A bearer token instead.
    pub token: Option<String>,
    /// Nobody, whatever is kept.
    pub anonymous: bool,
    /// `--retry`, `--retry-delay`.
    pub retry: Option<Retry>,
    /// `--tls-verify`.
    pub tls_verify: Option<bool>,
    /// `--cert-dir`.
    pub cert_dir: Option<std::path::PathBuf>,
    /// `--signature-policy`.
    pub policy: Option<std::path::PathBuf>,
    /// `--insecure-policy`.
    pub accept_anything: bool,
    /// `--decryption-key`.
    pub decryption_keys: Vec<String>,
    /// `--user-agent-prefix`.
    pub user_agent_prefix: Option<String>,
    /// `--registries.d`.
    pub registries_d: Option<std::path::PathBuf>,
    /// `--daemon-host`.
    pub daemon_host: Option<String>,
    /// `--shared-blob-dir`.
    pub shared_blobs: Option<std::path::PathBuf>,
    /// `--additional-tag`: full names.
    pub additional_names: Vec<String>,
    /// `--dest-precompute-digests`.
    pub precompute_digests: bool,
}

/// `images`.
#[derive(Debug, Clone, Default)]
pub struct ListOptions {
    /// `-a`: also those without a name that others are built on.
    pub all: bool,
    /// `reference=`, `dangling=`, `label=`, `before=`, `since=`, `id=`, `digest=`, `containers=`, `manifest=`,
    /// `readonly=`, `intermediate=`, `until=`; a key that ends in `!` wants the opposite.
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
    /// Neither a name nor a digest by which it was asked for.
    pub dangling: bool,
    /// Of the list by which it was pulled, else its manifest's.
    pub digest: String,
    /// Names, newest first; digests by which it was asked for are names, too.
    pub names: Vec<String>,
    /// As its configuration says, else 1970.
    pub created: jiff::Timestamp,
    /// RFC 3339.
    pub created_at: String,
    /// GOARCH.
    pub arch: String,
    /// GOOS.
    pub os: String,
    /// An index, not an image.
    pub is_manifest_list: bool,
    /// In an additional store.
    pub read_only: bool,
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
    /// An image's id where this step was its last, else `<missing>`.
    pub id: String,
    /// RFC 3339.
    pub created: String,
    /// The step.
    #[serde(rename = "CreatedBy")]
    pub created_by: String,
    /// Names of the images whose top layer this is.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// Bytes of its layer.
    pub size: u64,
    /// Free text.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub comment: String,
}

/// The image crate's context from the configuration and `options`.
pub fn context(engine: &Engine, options: &RegistryOptions) -> Result<Context, Error> {
    let usual = Context::new(engine.environment.clone());
    let decryption = ::image::encryption::Decryptor::parse(&options.decryption_keys).map_err(Error::Invalid)?;
    let trust = match options.accept_anything {
        true => ::image::Trust::anything(),
        false => ::image::Trust::following(options.policy.clone()),
    };
    Ok(Context {
        trust,
        decryption: decryption.map(std::sync::Arc::new),
        authfile: options.authfile.clone(),
        credentials: options.credentials.clone(),
        token: options.token.clone(),
        anonymous: options.anonymous,
        tls_verify: options.tls_verify,
        cert_dir: options.cert_dir.clone(),
        retry: options.retry.unwrap_or(usual.retry),
        user_agent_prefix: options.user_agent_prefix.clone(),
        registries_d: options.registries_d.clone(),
        daemon_host: options.daemon_host.clone(),
        shared_blobs: options.shared_blobs.clone(),
        additional_names: options.additional_names.clone(),
        precompute_digests: options.precompute_digests,
        ..usual
    })
}

/// Finds an image by name, id or beginning of an id.
pub(crate) fn find(engine: &Engine, name: &str) -> Result<Resolved, Error> {
    Ok(::image::find(engine.store(), &context(engine, &RegistryOptions::default())?, name)?)
}

/// The record of an image or a list, and by which full name it was found (or the ID).
pub(crate) fn find_record(engine: &Engine, name: &str) -> Result<(store::Image, String), Error> {
    Ok(::image::find_record(engine.store(), &context(engine, &RegistryOptions::default())?, name)?)
}

/// Whether an image of that name is here.
pub fn exists(engine: &Engine, name: &str) -> Result<bool, Error> {
    match find(engine, name) {
        Ok(_) => Ok(true),
        Err(Error::Image(::image::Error::NotKnown { .. } | ::image::Error::NoInstance { .. })) => Ok(false),
        Err(error) => Err(error),
    }
}

/// Gives more names. A name without registry is one of `localhost`.
pub fn tag(engine: &Engine, name: &str, names: &[String]) -> Result<(), Error> {
    let names = names.iter().map(|name| full_name(name)).collect::<Result<Vec<_>, _>>()?;
    let (image, _) = find_record(engine, name)?;
    for name in names {
        engine.store().tag(&image.id, &name)?;
    }
    Ok(())
}

pub(crate) fn full_name(text: &str) -> Result<String, Error> {
    let name: Name =
        text.parse().map_err(|error: oci::reference::InvalidReference| Error::Invalid(error.to_string()))?;
    if name.digest.is_some() {
        return Err(Error::Invalid(format!("tag by digest not supported: \"{text}\"")));
    }
    let registry = name.registry.clone().unwrap_or_else(|| "localhost".to_owned());
    Ok(name.in_registry(&registry).with_default_tag().to_string())
}

/// Pulls by `policy`.
pub fn pull(
    engine: &Engine,
    name: &str,
    policy: PullPolicy,
    platform: Option<&Platform>,
    options: &RegistryOptions,
    progress: &dyn Progress,
) -> Result<Resolved, Error> {
    let context = context(engine, options)?;
    Ok(::image::resolve(engine.store(), &context, name, policy, platform, progress)?)
}

/// Pulls all tags of a repository.
pub fn pull_all_tags(
    engine: &Engine,
    name: &str,
    platform: Option<&Platform>,
    options: &RegistryOptions,
    progress: &dyn Progress,
) -> Result<Vec<Resolved>, Error> {
    Ok(::image::pull_all_tags(engine.store(), &context(engine, options)?, name, platform, progress)?)
}

/// Pushes a stored image; what was written there.
pub fn push(
    engine: &Engine,
    name: &str,
    destination: Destination<'_>,
    registry: &RegistryOptions,
    options: &Options<'_>,
) -> Result<Copied, Error> {
    // A list goes with all that is on it.
    if let Ok((image, _)) = find_record(engine, name)
        && image.list.is_some()
    {
        let options = Options { instances: ::image::Instances::All, ..options.again() };
        return crate::manifest::push(engine, name, destination, registry, &options);
    }
    let options = Options { memory: Some(engine.store()), ..options.again() };
    Ok(::image::push(engine.store(), &context(engine, registry)?, name, destination, &options)?)
}

/// Writes stored images to an archive or a folder.
pub fn save(engine: &Engine, names: &[String], saving: &Saving<'_>, progress: &dyn Progress) -> Result<(), Error> {
    Ok(::image::save(engine.store(), &context(engine, &RegistryOptions::default())?, names, saving, progress)?)
}

/// Loads an archive.
pub fn load(
    engine: &Engine,
    input: Input<'_>,
    options: &RegistryOptions,
    progress: &dyn Progress,
) -> Result<Vec<Loaded>, Error> {
    Ok(::image::load(engine.store(), &context(engine, options)?, input, progress)?)
}
