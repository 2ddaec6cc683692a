//! Artifacts: files that the store and registries keep like images, and that nobody looks into.
//!
//! The store has blobs and records, the image crate manifests and transfers; here is what the commands make of them.

mod add;
mod extract;
mod inspect;
mod list;
mod mount;
mod pull;
mod push;
mod rm;

pub use add::{Adding, add};
pub use extract::{Selection, extract};
pub use inspect::inspect;
pub use list::list;
pub(crate) use mount::files as mounted_files;
pub use pull::pull;
pub(crate) use pull::pull_again;
pub use push::push;
pub use rm::{remove, remove_all};

use crate::{Engine, Error};
use ::image::artifact::parse;
use oci::Digest;
use oci::image::Manifest;

/// One artifact and what its manifest says.
#[derive(Debug, Clone)]
pub struct Artifact {
    /// As it was given.
    pub name: String,
    /// Of its manifest.
    pub digest: Digest,
    /// The manifest.
    pub manifest: Manifest,
}

/// By its name, spelt as it was given, or by the beginning of its digest.
fn find(engine: &Engine, name: &str) -> Result<store::Artifact, Error> {
    if name.is_empty() {
        return Err(Error::Invalid("artifact name cannot be empty".to_owned()));
    }
    if let Some(artifact) = engine.store().artifact(name)? {
        return Ok(artifact);
    }
    let hex = name.strip_prefix("sha256:").unwrap_or(name);
    let mut found = match !hex.is_empty() && hex.bytes().all(|b| b.is_ascii_hexdigit()) {
        true => engine.store().artifacts()?,
        false => Vec::new(),
    };
    found.retain(|artifact| artifact.manifest.hex().starts_with(hex));
    if found.iter().any(|artifact| artifact.manifest != found[0].manifest) {
        return Err(Error::Invalid(format!("{name}: several artifacts have digests that begin so: give more digits")));
    }
    found.into_iter().next().ok_or_else(|| store::Error::NoSuchArtifact(name.to_owned()).into())
}

fn open(engine: &Engine, artifact: store::Artifact) -> Result<Artifact, Error> {
    let bytes = engine.store().blob(&artifact.manifest)?;
    let manifest = parse(&bytes, &format!("artifact {}", artifact.name))?;
    Ok(Artifact { name: artifact.name, digest: artifact.manifest, manifest })
}
