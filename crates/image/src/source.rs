//! Where the parts of an image come from.

use crate::signature::Signature;
use crate::verified::{Expected, Verified};
use crate::{Error, Location, Progress, Quiet};
use oci::image::Descriptor;
use oci::{Digest, Reference};
use std::io::Read;
use std::ops::Range;
use std::sync::atomic::AtomicBool;

/// An immutable view of one image or index: in a registry's repository, an archive, a folder, the store. Nothing it gives
/// is believed.
pub trait Source: Sync {
    /// For messages: `docker.io/library/alpine:latest`, `archive.tar`.
    fn name(&self) -> String;
    /// What the user asked for, mirrors aside: by this a trust policy decides.
    fn location(&self) -> Location;
    /// The manifest that the location stands for: an image's or an index. Asked for again, it is the same.
    fn top(&self) -> Result<Fetched, Error>;
    /// The content of a descriptor, from byte `from` on.
    fn blob(&self, descriptor: &Descriptor, from: u64) -> Result<Box<dyn Read + Send + '_>, Error>;
    /// The same from its first byte on, where what an earlier try has fetched needn't be fetched again.
    fn resumed_blob(&self, descriptor: &Descriptor) -> Result<Box<dyn Read + Send + '_>, Error> {
        self.blob(descriptor, 0)
    }
    /// Some bytes of a descriptor's content; `None`: it can't be had in parts.
    fn part(&self, _descriptor: &Descriptor, _part: Range<u64>) -> Result<Option<Box<dyn Read + Send + '_>>, Error> {
        Ok(None)
    }
    /// A manifest by digest: elsewhere than other blobs only in registries.
    fn manifest(&self, descriptor: &Descriptor) -> Result<Vec<u8>, Error> {
        let what = format!("manifest {} of {}", descriptor.digest, self.name());
        small_blob(self, descriptor, &what, oci::image::manifest::MAX_BYTES as u64, &Quiet)
    }
    /// As what a layer really is kept, where that isn't the blob that the manifest names: the store has plain tars.
    fn kept_as(&self, _diff_id: &Digest) -> Result<Option<Descriptor>, Error> {
        Ok(None)
    }
    /// Forgets what it had of a blob from an earlier transfer; false if there was nothing, so that another try is no use.
    fn distrust(&self, _descriptor: &Descriptor) -> bool {
        false
    }
    /// The signatures of a manifest.
    fn signatures(&self, _manifest: &Digest) -> Result<Vec<Signature>, Error> {
        Ok(Vec::new())
    }
    /// The registry and repository that is read, for mounts.
    fn repository(&self) -> Option<&Reference> {
        None
    }
}

/// A manifest's bytes and what the source calls them.
#[derive(Debug, Clone)]
pub struct Fetched {
    /// As they came.
    pub bytes: Vec<u8>,
    /// `Content-Type`, or the descriptor's media type.
    pub media_type: Option<String>,
    /// Of the bytes.
    pub digest: Digest,
}

impl Fetched {
    /// From bytes alone.
    pub fn new(bytes: Vec<u8>, media_type: Option<String>) -> Fetched {
        let digest = Digest::sha256(&bytes);
        Fetched { bytes, media_type, digest }
    }
}

/// Content that is needed in one piece, verified; `limit` in bytes.
pub(crate) fn small_blob<S: Source + ?Sized>(
    source: &S,
    descriptor: &Descriptor,
    what: &str,
    limit: u64,
    progress: &dyn Progress,
) -> Result<Vec<u8>, Error> {
    if descriptor.size > limit {
        return Err(Error::TooLarge { what: what.to_owned(), size: descriptor.size, limit });
    }
    let stop = AtomicBool::new(false);
    let expected = Expected { what, digest: &descriptor.digest, size: descriptor.size, progress, stop: &stop };
    let mut reader = Verified::new(source.blob(descriptor, 0)?, expected);
    let mut bytes = Vec::new();
    reader.read_to_end(&mut bytes).map_err(Error::io(format!("read {what}")))?;
    reader.finish()?;
    Ok(bytes)
}
