//! One image, or an index with its images, from any source into any sink.
//!
//! Layers stream side by side and are never whole in memory or in a file between the two; what the sink has, or can take
//! over from another repository, isn't read at all. Digests stay as they are unless something has to change: `plan`
//! decides that without touching anything, `image` and `layer` do it, `convert` writes the manifest that comes out.

mod convert;
mod image;
mod index;
mod layer;
mod options;
mod parallel;
mod plan;

pub use options::{Gate, Hooks, Instances, LayerCipher, Options, Reader, Sealed, Sign};

use crate::choose::{Choice, choose};
use crate::compress::Algorithm;
use crate::sink::{Place, Sink};
use crate::source::{Fetched, Source};
use crate::{Error, Location, Progress};
use oci::Digest;
use oci::image::{ImageConfig, Manifest};

/// A Docker schema 2 manifest as bytes.
pub(crate) fn encode_docker(manifest: &Manifest) -> Result<Fetched, Error> {
    convert::encode_manifest(manifest, crate::sink::Format::Docker)
}

/// What came out of a copy.
#[derive(Debug, Clone)]
pub struct Copied {
    /// What the source's location stands for: of an image or of an index.
    pub top: Digest,
    /// What the sink's location stands for now.
    pub written: Fetched,
    /// If that is one image: it.
    pub image: Option<CopiedImage>,
}

/// An image as it was written.
#[derive(Debug, Clone)]
pub struct CopiedImage {
    /// Its manifest.
    pub manifest: Manifest,
    /// Its configuration; `None` for artifacts.
    pub config: Option<ImageConfig>,
}

/// From where to where and how.
#[derive(Clone, Copy)]
struct Way<'a> {
    source: &'a dyn Source,
    sink: &'a dyn Sink,
    options: &'a Options<'a>,
}

impl Way<'_> {
    fn progress(&self) -> &dyn Progress {
        self.options.progress
    }
}

/// So often somebody else may remove in the middle what was found in the sink.
const MOST_AGAIN: usize = 4;

/// Copies. If a layer that the sink had is removed by somebody else meanwhile, it is fetched again.
pub fn copy(source: &dyn Source, sink: &dyn Sink, options: &Options<'_>) -> Result<Copied, Error> {
    let way = Way { source, sink, options };
    // Whether anything will have to be compressed or not: nonsense is an error.
    let usual = options.compression.unwrap_or(Algorithm::Gzip);
    for algorithm in options.add_compression.iter().chain([&usual]) {
        algorithm.level(options.level)?;
    }
    let top = source.top()?;
    for attempt in 0.. {
        let copied = once(way, top.clone())?;
        match sink.commit(&copied) {
            Ok(()) => return Ok(copied),
            Err(Error::Store(store::Error::MissingLayer(_) | store::Error::MissingBlob(_))) if attempt < MOST_AGAIN => {
            }
            Err(e) => return Err(e),
        }
    }
    unreachable!("the number of attempts is limited")
}

/// Whether there is a place for what would be copied: asked before anything is made there.
pub fn check_place(source: &dyn Source, sink: &Location, options: &Options<'_>) -> Result<(), Error> {
    if sink.takes_indexes() || options.instances == Instances::Suiting {
        return Ok(());
    }
    match crate::choose::as_index(source, &source.top()?)? {
        Some(_) => Err(Error::NoIndexes { sink: sink.to_string() }),
        None => Ok(()),
    }
}

/// The digest of what a copy writes, as long as nothing has to be converted or compressed.
pub fn foresee(source: &dyn Source, options: &Options<'_>) -> Result<Digest, Error> {
    let top = source.top()?;
    if options.instances != Instances::Suiting
        && let Some(index) = crate::choose::as_index(source, &top)?
    {
        return Ok(index::foreseen(source, options, &top, &index)?.digest);
    }
    let host = oci::Platform::host();
    Ok(choose(source, top, options.platform.as_ref().unwrap_or(&host))?.fetched.digest)
}

fn once(way: Way<'_>, top: Fetched) -> Result<Copied, Error> {
    let digest = top.digest.clone();
    if way.options.instances != Instances::Suiting
        && let Some(index) = crate::choose::as_index(way.source, &top)?
    {
        let written = index::copy(way, &top, index)?;
        return Ok(Copied { top: digest, written, image: None });
    }
    let host = oci::Platform::host();
    let Choice { manifest, fetched } = choose(way.source, top, way.options.platform.as_ref().unwrap_or(&host))?;
    if !way.options.remove_signatures {
        way.progress().line("Getting image source signatures");
    }
    let (written, image) = image::copy(way, manifest, fetched, Place::Top)?;
    Ok(Copied { top: digest, written, image: Some(image) })
}
