//! An index with all its images, or the index alone.

use super::{Instances, Options, Way, convert, image, plan};
use crate::Error;
use crate::compress::Algorithm;
use crate::sink::{Format, Place};
use crate::source::{Fetched, Source};
use oci::image::{Descriptor, Document, Index, Manifest};

/// Where the variant of an image that is compressed otherwise is marked in an index.
const COMPRESSION_ANNOTATION: &str = "io.github.containers.compression.zstd";

/// Copies it; what was written.
pub(super) fn copy(way: Way<'_>, top: &Fetched, index: Index) -> Result<Fetched, Error> {
    let needs = way.sink.needs();
    if !way.sink.location().takes_indexes() {
        return Err(Error::NoIndexes { sink: way.sink.name() });
    }
    if !way.options.remove_signatures {
        way.progress().line("Getting image list signatures");
    }
    let signatures = image::signatures(way, &top.digest)?;
    if let Some(gate) = way.options.hooks.gate {
        gate.allow(way.source, top, &signatures)?;
    }
    let found = plan::format_of(top.media_type.as_deref().or(index.media_type.as_deref()));
    let format = plan::format(found, &needs, way.options.format, None, &way.sink.name())?;
    let chosen = narrowed(way.source, way.options, &index)?;
    let entries = match way.options.instances {
        Instances::All | Instances::Chosen => images(way, &chosen)?,
        _ => index.manifests.clone(),
    };
    let written = if entries == index.manifests && format == found {
        let media_type = top.media_type.clone().or_else(|| index.media_type.clone());
        Fetched { media_type: media_type.or_else(|| Some(default_type(format).to_owned())), ..top.clone() }
    } else {
        let signed = !signatures.is_empty() && !way.options.remove_signatures;
        if way.options.preserve_digests || needs.exact || signed {
            return Err(Error::Changed { what: way.source.name(), why: "its index would have to be changed" });
        }
        convert::encode_index(&convert::index(&index, entries, format), format)?
    };
    way.progress().line("Writing manifest list to image destination");
    way.sink.put_manifest(&written, Place::Top)?;
    image::put_signatures(way, &written, signatures)?;
    Ok(written)
}

/// The index without what is not to be copied.
pub(super) fn narrowed(source: &dyn Source, options: &Options<'_>, index: &Index) -> Result<Index, Error> {
    if options.instances != Instances::Chosen {
        return Ok(index.clone());
    }
    let is_chosen = |entry: &&Descriptor| {
        let platform = entry.platform.as_ref();
        platform.is_some_and(|found| options.platforms.iter().any(|wanted| wanted.rank(found).is_some()))
    };
    // Not less than was asked for.
    let has = |wanted: &oci::Platform| {
        index.manifests.iter().filter_map(|entry| entry.platform.as_ref()).any(|found| wanted.rank(found).is_some())
    };
    if let Some(missing) = options.platforms.iter().find(|wanted| !has(wanted)) {
        return Err(crate::choose::no_platform(source, missing, index));
    }
    let manifests = index.manifests.iter().filter(is_chosen).cloned().collect();
    Ok(Index { manifests, ..index.clone() })
}

/// What [`copy`] writes if nothing else changes.
pub(super) fn foreseen(
    source: &dyn Source,
    options: &Options<'_>,
    top: &Fetched,
    index: &Index,
) -> Result<Fetched, Error> {
    let chosen = narrowed(source, options, index)?;
    if chosen.manifests == index.manifests {
        return Ok(top.clone());
    }
    let format = plan::format_of(top.media_type.as_deref().or(index.media_type.as_deref()));
    convert::encode_index(&convert::index(index, chosen.manifests, format), format)
}

fn default_type(format: Format) -> &'static str {
    match format {
        Format::Oci => oci::media_type::OCI_INDEX,
        _ => oci::media_type::DOCKER_INDEX,
    }
}

/// All images, one after the other; each one's layers go side by side.
fn images(way: Way<'_>, index: &Index) -> Result<Vec<Descriptor>, Error> {
    let count = index.manifests.len();
    way.progress().line(&format!("Copying {count} images generated from {count} images in list"));
    let mut entries = Vec::with_capacity(count);
    for (at, entry) in index.manifests.iter().enumerate() {
        way.progress().line(&format!("Copying image {} ({}/{count})", entry.digest, at + 1));
        let (manifest, fetched) = instance(way, entry)?;
        let (written, _) = image::copy(way, manifest, fetched, Place::Instance)?;
        entries.push(changed(entry, &written));
    }
    let mut variants = Vec::new();
    for algorithm in &way.options.add_compression {
        variants.extend(compressed(way, index, *algorithm)?);
    }
    entries.extend(variants);
    Ok(entries)
}

fn instance(way: Way<'_>, entry: &Descriptor) -> Result<(Manifest, Fetched), Error> {
    let bytes = way.source.manifest(entry)?;
    let what = format!("{} of {}", entry.digest, way.source.name());
    let invalid = |source| Error::Manifest { what: what.clone(), source };
    match Document::parse(&bytes, Some(&entry.media_type)).map_err(invalid)? {
        Document::Manifest(manifest) => {
            let fetched = Fetched { bytes, media_type: Some(entry.media_type.clone()), digest: entry.digest.clone() };
            Ok((*manifest, fetched))
        }
        Document::Index(_) => Err(Error::TooDeep { what, limit: 1 }),
    }
}

fn changed(entry: &Descriptor, written: &Fetched) -> Descriptor {
    if written.digest == entry.digest {
        return entry.clone();
    }
    Descriptor {
        digest: written.digest.clone(),
        size: written.bytes.len() as u64,
        media_type: written.media_type.clone().unwrap_or_else(|| entry.media_type.clone()),
        ..entry.clone()
    }
}

/// A variant of each image that isn't there with this compression yet.
fn compressed(way: Way<'_>, index: &Index, algorithm: Algorithm) -> Result<Vec<Descriptor>, Error> {
    let mut entries = Vec::new();
    for entry in &index.manifests {
        let (manifest, fetched) = instance(way, entry)?;
        if is_compressed(&manifest, algorithm) {
            continue;
        }
        let options = super::Options {
            compression: Some(algorithm),
            force_compression: true,
            platform: None,
            add_compression: Vec::new(),
            ..way.options.again()
        };
        let (written, _) = image::copy(Way { options: &options, ..way }, manifest, fetched, Place::Instance)?;
        let mut variant = changed(entry, &written);
        if algorithm != Algorithm::Gzip {
            variant.annotations.insert(COMPRESSION_ANNOTATION.to_owned(), "true".to_owned());
        }
        entries.push(variant);
    }
    Ok(entries)
}

fn is_compressed(manifest: &Manifest, algorithm: Algorithm) -> bool {
    use oci::media_type::{Kind, classify};
    let chunked = |layer| algorithm != Algorithm::ZstdChunked || crate::chunked::is_chunked(layer);
    manifest.layers.iter().all(|layer| {
        chunked(layer)
            && matches!(classify(&layer.media_type), Kind::Layer { compression, .. } if compression == Some(algorithm.compression()))
    })
}
