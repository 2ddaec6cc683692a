//! Where the parts of an image go.

use crate::content::{Content, Sum};
use crate::copy::Copied;
use crate::signature::Signature;
use crate::source::{Fetched, Source};
use crate::{Error, Location, Progress};
use oci::image::Descriptor;
use oci::media_type::Compression;
use oci::{Digest, Reference};
use std::sync::atomic::AtomicBool;

/// A place that takes one image (or an index with its images): a registry's repository, an archive, a folder, the store.
///
/// It is told of blobs first, from several threads if it can take that, then of manifests, each after all that it names,
/// then to commit. What was put before a commit that never comes is invisible or waste, but never an image.
pub trait Sink: Sync {
    /// For messages.
    fn name(&self) -> String;
    /// What the user asked for.
    fn location(&self) -> Location;
    /// What it can take; whether indexes, its location says.
    fn needs(&self) -> Needs;
    /// Whether it has the blob already.
    fn has(&self, blob: &Blob<'_>) -> Result<bool, Error>;
    /// Takes a blob over from another repository of the same registry; false if it has to be put.
    fn mount(&self, _blob: &Blob<'_>, _from: &str) -> Result<bool, Error> {
        Ok(false)
    }
    /// Takes a blob; its digest is known at the end only, if it is made on the way. Reads to the end.
    fn put(&self, blob: &Blob<'_>, content: Content<'_>) -> Result<Sum, Error>;
    /// Makes a layer of what is there already and of parts of its blob; `None`: it can't, the whole has to be put.
    fn assemble(&self, _source: &dyn Source, _wanted: &Wanted<'_>) -> Result<Option<Sum>, Error> {
        Ok(None)
    }
    /// Takes a manifest: one of an index's, or the one that the location will stand for.
    fn put_manifest(&self, manifest: &Fetched, place: Place) -> Result<(), Error>;
    /// Takes the signatures of a manifest.
    fn put_signatures(&self, manifest: &Digest, signatures: &[Signature]) -> Result<(), Error> {
        let _ = (manifest, signatures);
        Err(Error::NoSignatures { sink: self.name() })
    }
    /// Makes it visible.
    fn commit(&self, copied: &Copied) -> Result<(), Error>;
    /// The registry and repository that is written.
    fn repository(&self) -> Option<&Reference> {
        None
    }
}

/// What a sink can take.
#[derive(Debug, Clone, Copy)]
pub struct Needs {
    /// Formats of manifests, the usual one first.
    pub formats: &'static [Format],
    /// A layer that isn't what its DiffID says is refused.
    pub proves_diff_ids: bool,
    /// What becomes of layers if nothing else is asked for.
    pub layers: Layers,
    /// Blobs at a time.
    pub parallel: bool,
    /// Only images, no artifacts.
    pub images_only: bool,
    /// The manifest must not change: it is asked for by digest.
    pub exact: bool,
}

/// Formats of manifests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// OCI image manifest and index.
    Oci,
    /// Docker schema 2 and manifest list.
    Docker,
    /// Docker schema 1, signed with a key made for it.
    DockerV1,
}

/// What becomes of layers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layers {
    /// They stay as they are.
    Keep,
    /// Plain ones are compressed.
    Compress,
    /// Compressed ones are decompressed.
    Decompress,
}

/// A blob on its way.
#[derive(Debug, Clone, Copy)]
pub struct Blob<'a> {
    /// As the source names it. If it is compressed anew, its digest comes out at the end.
    pub descriptor: &'a Descriptor,
    /// What it is.
    pub role: Role<'a>,
    /// As what it arrives; `None`: as it is.
    pub made: Option<Compression>,
}

/// A layer that may be made of parts.
#[derive(Clone, Copy)]
pub struct Wanted<'a> {
    /// Its blob.
    pub descriptor: &'a Descriptor,
    /// Of its plain tar.
    pub diff_id: &'a Digest,
    /// Who is told of bytes that were fetched.
    pub progress: &'a dyn Progress,
    /// Set when going on is useless.
    pub stop: &'a AtomicBool,
}

/// What a blob is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role<'a> {
    /// An image's configuration.
    Config,
    /// A layer, with the digest of its plain tar where that is known.
    Layer(Option<&'a Digest>),
}

/// What a manifest is to the copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// One of those that an index names.
    Instance,
    /// What the location will stand for.
    Top,
}
