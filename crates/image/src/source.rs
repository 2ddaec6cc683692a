//! Where the parts of an image come from.

use crate::verified::{Expected, Verified};
use crate::{Error, Progress, Quiet};
use oci::Digest;
use oci::image::Descriptor;
use std::io::Read;
use std::sync::atomic::AtomicBool;

/// A registry's repository, an archive, a folder. Nothing it gives is believed.
pub(crate) trait Source: Sync {
    /// For messages: `docker.io/library/alpine:latest`, `archive.tar`.
    fn name(&self) -> String;
    /// The content of a descriptor, from its beginning.
    fn blob(&self, descriptor: &Descriptor) -> Result<Box<dyn Read + '_>, Error>;
    /// A manifest by digest: elsewhere than other blobs only in registries.
    fn manifest(&self, descriptor: &Descriptor) -> Result<Vec<u8>, Error> {
        let what = format!("manifest {} of {}", descriptor.digest, self.name());
        small_blob(self, descriptor, &what, oci::image::manifest::MAX_BYTES as u64)
    }
}

/// A manifest's bytes and what the source calls them.
#[derive(Clone)]
pub(crate) struct Fetched {
    pub(crate) bytes: Vec<u8>,
    /// `Content-Type`, or the descriptor's media type.
    pub(crate) media_type: Option<String>,
    pub(crate) digest: Digest,
}

/// Content that is needed in one piece, verified; `limit` in bytes.
pub(crate) fn small_blob<S: Source + ?Sized>(
    source: &S,
    descriptor: &Descriptor,
    what: &str,
    limit: u64,
) -> Result<Vec<u8>, Error> {
    small_blob_with(source, descriptor, what, limit, &Quiet)
}

pub(crate) fn small_blob_with<S: Source + ?Sized>(
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
    let mut reader = Verified::new(source.blob(descriptor)?, expected);
    let mut bytes = Vec::new();
    reader.read_to_end(&mut bytes).map_err(Error::io(format!("read {what}")))?;
    reader.finish()?;
    Ok(bytes)
}
