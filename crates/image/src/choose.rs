//! From whatever a name stands for, through indexes, to one image's manifest.

use crate::Error;
use crate::error::printable;
use crate::source::{Fetched, Source};
use oci::Platform;
use oci::image::{Document, Index, Manifest};

/// Indexes may lie in indexes, but not deeper than this.
const MAX_DEPTH: usize = 4;

/// One image's manifest, parsed and as bytes.
pub(crate) struct Choice {
    pub(crate) manifest: Manifest,
    pub(crate) fetched: Fetched,
}

/// Follows indexes to the image that suits `wanted` best.
pub(crate) fn choose(source: &dyn Source, top: Fetched, wanted: &Platform) -> Result<Choice, Error> {
    let mut current = top;
    for _ in 0..=MAX_DEPTH {
        let index = match parse(source, &current)? {
            Document::Manifest(manifest) => return Ok(Choice { manifest: *manifest, fetched: current }),
            Document::Index(index) => index,
        };
        let descriptor = index.choose(wanted).ok_or_else(|| no_platform(source, wanted, &index))?;
        let bytes = source.manifest(descriptor)?;
        current = Fetched { bytes, media_type: Some(descriptor.media_type.clone()), digest: descriptor.digest.clone() };
    }
    Err(Error::TooDeep { what: source.name(), limit: MAX_DEPTH })
}

/// The index, if it is one.
pub(crate) fn as_index(source: &dyn Source, top: &Fetched) -> Result<Option<Index>, Error> {
    match parse(source, top)? {
        Document::Index(index) => Ok(Some(index)),
        Document::Manifest(_) => Ok(None),
    }
}

fn parse(source: &dyn Source, fetched: &Fetched) -> Result<Document, Error> {
    Document::parse(&fetched.bytes, fetched.media_type.as_deref())
        .map_err(|e| Error::Manifest { what: source.name(), source: e })
}

/// The error for an index without a suiting image.
pub(crate) fn no_platform(source: &dyn Source, wanted: &Platform, index: &Index) -> Error {
    Error::NoPlatform { what: source.name(), wanted: Box::new(wanted.clone()), offered: offered(index) }
}

pub(crate) fn offered(index: &Index) -> String {
    const SHOWN: usize = 12;
    let all: Vec<_> = index.manifests.iter().filter_map(|d| d.platform.as_ref()).map(ToString::to_string).collect();
    match all.len() {
        0 => "none".to_owned(),
        count if count > SHOWN => format!("{} and {} more", printable(&all[..SHOWN].join(", ")), count - SHOWN),
        _ => printable(&all.join(", ")),
    }
}
