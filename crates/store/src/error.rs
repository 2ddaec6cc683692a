//! What can go wrong in the store.

use crate::draft::MAX_LAYERS;
use oci::Digest;
use std::io;
use std::path::{Path, PathBuf};

/// Every way a store operation fails; each names the thing and the path.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// `what` says what was tried.
    #[error("{what} `{path}`")]
    Io {
        /// e.g. "write layer file".
        what: &'static str,
        /// Where.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A layer isn't in the store (any more): it has to be fetched again.
    #[error("layer {0} is not in the store")]
    MissingLayer(Digest),
    /// The kernel stacks no more of them (overlayfs: 500 folders).
    #[error("{0} layers are too many: the kernel can show {MAX_LAYERS} at most (join steps, or squash what is below)")]
    TooManyLayers(usize),
    /// A manifest or configuration isn't in the store.
    #[error("blob {0} is not in the store (pull or load it again, or run `system check --repair`)")]
    MissingBlob(Digest),
    /// A blob on disk has not the content its name says, e.g. after a power cut.
    #[error("blob {0} is damaged on disk (pull or load it again, or run `system check --repair`)")]
    DamagedBlob(Digest),
    /// Content handed in has another digest than promised.
    #[error("{what} has digest {found}, expected {expected}")]
    WrongDigest {
        /// e.g. "uncompressed layer".
        what: &'static str,
        /// Promised.
        expected: Digest,
        /// Computed.
        found: Digest,
    },
    /// A layer's DiffID by another algorithm than SHA-256.
    #[error("layer {0}: only sha256 DiffIDs are supported")]
    DigestAlgorithm(Digest),
    /// A configuration's digest by another algorithm than SHA-256.
    #[error("image {0}: only images whose configuration has a sha256 digest are stored")]
    ImageAlgorithm(Digest),
    /// A stored layer's files are not what its record says.
    #[error("layer at `{path}` is damaged: {why} (remove the image and pull it again)")]
    DamagedLayer {
        /// The layer's folder.
        path: PathBuf,
        /// What is wrong.
        why: &'static str,
    },
    /// No such image.
    #[error("image {0} is not in the store")]
    NoSuchImage(Digest),
    /// An image where a list is meant.
    #[error("image {0} is not a manifest list")]
    NoList(Digest),
    /// An image of an additional store.
    #[error("cannot remove read-only image \"{0}\"")]
    ReadOnlyImage(String),
    /// No such artifact.
    #[error("{0}: artifact does not exist")]
    NoSuchArtifact(String),
    /// Something has that name already.
    #[error("{0}: artifact already exists")]
    ArtifactExists(String),
    /// Not `[registry/]repository[:tag]`.
    #[error("`{0}` is no name for an artifact ([registry/]repository[:tag])")]
    InvalidArtifactName(String),
    /// An image configuration that can't be read.
    #[error("configuration of image {id}")]
    Config {
        /// The image.
        id: Digest,
        /// Why.
        #[source]
        source: oci::image::config::InvalidConfig,
    },
    /// Not `registry/repository:tag`.
    #[error("`{0}` is no fully qualified image name (registry/repository:tag)")]
    InvalidName(String),
    /// A container ID or volume name that can't be a folder's name.
    #[error("`{0}` can't be the name of a folder in the store")]
    InvalidFolder(String),
    /// The folders of a container aren't there.
    #[error("container {0} has no root folder in the store")]
    NoSuchRoot(String),
    /// The source of a layer failed (network, decompression).
    #[error("read layer")]
    Stream(#[source] io::Error),
    /// A layer is no tar stream.
    #[error("layer is no valid tar archive: {}", crate::malformed(.0))]
    Tar(tar_core::parse::ParseError),
    /// A tar stream ends within an entry.
    #[error("layer ends in the middle of a tar entry, after {at} bytes")]
    Truncated {
        /// Bytes read.
        at: u64,
    },
    /// More bytes than allowed.
    #[error("layer is longer than the {limit} bytes that are allowed")]
    TooLong {
        /// Bytes.
        limit: u64,
    },
    /// An entry of a layer that isn't applied, e.g. because it would leave the layer's folder.
    #[error("layer entry `{entry}`: {why}")]
    Refused {
        /// Its name, made printable.
        entry: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// An entry that the file system didn't take.
    #[error("layer entry `{entry}`: {what}")]
    Entry {
        /// Its name, made printable.
        entry: String,
        /// What was tried.
        what: &'static str,
        /// Why it failed.
        #[source]
        source: io::Error,
    },
    /// No room.
    #[error("no space left on the file system of `{path}`")]
    Full {
        /// Where it was written.
        path: PathBuf,
        /// The kernel's word.
        #[source]
        source: io::Error,
    },
    /// An owner that can't be represented here.
    #[error(
        "layer entry `{entry}`: its owner {uid}:{gid} is outside of the ids of this user namespace (give the user a longer range in /etc/subuid and /etc/subgid)"
    )]
    Owner {
        /// Its name, made printable.
        entry: String,
        /// In the image.
        uid: u32,
        /// In the image.
        gid: u32,
    },
}

/// Adds what was tried and where to an `io::Error` or `Errno`.
pub(crate) trait At<T> {
    fn at(self, what: &'static str, path: &Path) -> Result<T, Error>;
}

impl<T, E: Into<io::Error>> At<T> for Result<T, E> {
    fn at(self, what: &'static str, path: &Path) -> Result<T, Error> {
        self.map_err(|e| Error::Io { what, path: path.to_owned(), source: e.into() })
    }
}

/// A hostile name for an error message: no control characters, no endless text.
pub(crate) fn printable(name: &[u8]) -> String {
    const LONGEST: usize = 200;
    let mut text = String::new();
    for c in String::from_utf8_lossy(&name[..name.len().min(LONGEST)]).chars() {
        if c.is_control() { text.extend(c.escape_default()) } else { text.push(c) }
    }
    if name.len() > LONGEST {
        text.push('…');
    }
    text
}
