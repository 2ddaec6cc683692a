//! One layer in one pass: source → sha256 and size of the blob → decompression → files and DiffID.

use crate::decompress::Decompressed;
use crate::source::Source;
use crate::verified::{Expected, Verified};
use crate::{Error, Progress};
use oci::Digest;
use oci::image::Descriptor;
use std::sync::atomic::AtomicBool;
use store::Store;

/// The longest tar stream of a layer, in bytes: far above any image, far below what never ends.
const MAX_UNCOMPRESSED: u64 = 1 << 40;
/// After an error, so many bytes are read on to find out whether the source lied, in bytes.
const MAX_BLAME: u64 = 64 << 20;

/// A layer to be stored.
#[derive(Clone)]
pub(crate) struct Job {
    /// The blob.
    pub(crate) descriptor: Descriptor,
    /// Of the uncompressed tar.
    pub(crate) diff_id: Digest,
}

/// Fetches and stores it; nothing is visible before both digests are right.
pub(crate) fn store_layer(
    store: &Store,
    source: &dyn Source,
    job: &Job,
    progress: &dyn Progress,
    stop: &AtomicBool,
) -> Result<(), Error> {
    let Descriptor { digest, size, .. } = &job.descriptor;
    let what = format!("layer {digest}");
    let expected = Expected { what: &what, digest, size: *size, progress, stop };
    progress.begin(digest, *size);
    let verified = Verified::new(source.blob(&job.descriptor)?, expected);
    let mut tar = Decompressed::new(verified, &what)?;
    let mut layer = store.begin_layer()?;
    let applied = layer.apply(&mut tar, MAX_UNCOMPRESSED);
    let rest = tar.into_inner();
    if let Err(error) = applied {
        return Err(blame(Error::layer(digest, error), rest, *size));
    }
    rest.finish()?;
    layer.finish(&job.diff_id).map_err(|e| Error::layer(digest, e))?;
    progress.end(digest, false);
    Ok(())
}

/// A layer that can't be applied may be one that isn't what was asked for: that is the better message.
fn blame<R: std::io::Read>(error: Error, rest: Verified<'_, R>, size: u64) -> Error {
    let content_is_wrong = match &error {
        Error::Layer { source, .. } => matches!(
            source,
            store::Error::Stream(_)
                | store::Error::Tar(_)
                | store::Error::Truncated { .. }
                | store::Error::Refused { .. }
        ),
        _ => false,
    };
    if !content_is_wrong || size > MAX_BLAME {
        return error;
    }
    match rest.finish() {
        Err(lie @ (Error::WrongDigest { .. } | Error::WrongSize { .. })) => lie,
        _ => error,
    }
}
