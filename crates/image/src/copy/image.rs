//! One image: trust, configuration, layers side by side, manifest, signatures.

use super::layer::{self, Job, Rules};
use super::{CopiedImage, Way, convert, parallel, plan};
use crate::content::Content;
use crate::error::printable;
use crate::signature::Signature;
use crate::sink::{Blob, Format, Layers, Place, Role};
use crate::source::{Fetched, small_blob};
use crate::{Error, Progress};
use oci::image::{Descriptor, ImageConfig, Manifest};
use oci::media_type::{Kind, classify};
use oci::{Digest, Platform};

/// The configuration's bytes, and what they say if they are an image's.
struct Config {
    bytes: Vec<u8>,
    parsed: Option<ImageConfig>,
}

/// Copies it; what was written.
pub(super) fn copy(
    way: Way<'_>,
    manifest: Manifest,
    fetched: Fetched,
    place: Place,
) -> Result<(Fetched, CopiedImage), Error> {
    let signatures = signatures(way, &fetched.digest)?;
    if let Some(gate) = way.options.hooks.gate {
        gate.allow(way.source, &fetched, &signatures)?;
    }
    check_types(way, &manifest)?;
    check_digest(way, &manifest)?;
    let config = config(way, &manifest)?;
    let rules = rules(way, &manifest, !signatures.is_empty())?;
    let layers = layers(way, rules, &manifest, config.parsed.as_ref())?;
    put_config(way, &manifest.config, &config.bytes)?;
    let (written, manifest) = written(way, rules, manifest, fetched, layers)?;
    way.progress().line("Writing manifest to image destination");
    way.sink.put_manifest(&written, place)?;
    put_signatures(way, &written, signatures)?;
    Ok((written, CopiedImage { manifest, config: config.parsed }))
}

/// Those that go along.
pub(super) fn signatures(way: Way<'_>, manifest: &Digest) -> Result<Vec<Signature>, Error> {
    let asked = way.options.hooks.gate.map_or(Ok(false), |gate| gate.needs_signatures(way.source))?;
    if way.options.remove_signatures && !asked {
        return Ok(Vec::new());
    }
    way.source.signatures(manifest)
}

pub(super) fn put_signatures(way: Way<'_>, written: &Fetched, mut signatures: Vec<Signature>) -> Result<(), Error> {
    if way.options.remove_signatures {
        signatures.clear();
    }
    for signer in way.options.hooks.signers {
        signatures.push(signer.sign(written, &way.sink.location())?);
    }
    if signatures.is_empty() {
        return Ok(());
    }
    way.progress().line("Storing signatures");
    way.sink.put_signatures(&written.digest, &signatures)
}

fn rules(way: Way<'_>, manifest: &Manifest, signed: bool) -> Result<Rules, Error> {
    let needs = way.sink.needs();
    let options = way.options;
    let may_change = !options.preserve_digests && !needs.exact && (!signed || options.remove_signatures);
    let found = plan::format_of(manifest.media_type.as_deref());
    let only_oci = match options.compression {
        Some(algorithm) if !algorithm.fits_docker() => Some("it has no zstd layers"),
        _ if options.hooks.encrypt.is_some() => Some("it has no encrypted layers"),
        _ if found == Format::Oci && classify(&manifest.config.media_type) != Kind::Config => {
            Some("this is an artifact, and only images can be converted")
        }
        _ => None,
    };
    let format = plan::format(found, &needs, options.format, only_oci, &way.sink.name())?;
    if format != found && !may_change {
        return Err(Error::Changed { what: way.source.name(), why: "its manifest would have to be converted" });
    }
    let wish = match (options.layers, options.compression) {
        (Some(wish), _) => wish,
        (None, Some(_)) if needs.layers == Layers::Keep => Layers::Compress,
        (None, _) => needs.layers,
    };
    Ok(Rules { format, wish, asked: options.compression, may_change })
}

fn config(way: Way<'_>, manifest: &Manifest) -> Result<Config, Error> {
    let descriptor = &manifest.config;
    let what = way.source.name();
    let name = format!("configuration {} of {what}", descriptor.digest);
    let limit = oci::image::config::MAX_BYTES as u64;
    let bytes = small_blob(way.source, descriptor, &name, limit, way.progress())?;
    if classify(&descriptor.media_type) != Kind::Config {
        return Ok(Config { bytes, parsed: None });
    }
    let parsed = ImageConfig::parse(&bytes, Some(manifest.layers.len()))
        .map_err(|source| Error::Config { what: what.clone(), source })?;
    if let Some(wanted) = &way.options.platform {
        warn_of_platform(wanted, &parsed, &what, way.progress());
    }
    Ok(Config { bytes, parsed: Some(parsed) })
}

/// Each blob once: images do have the same (empty) layer several times. The largest first, so that the last to end is a
/// small one.
fn layers(
    way: Way<'_>,
    rules: Rules,
    manifest: &Manifest,
    config: Option<&ImageConfig>,
) -> Result<Vec<Descriptor>, Error> {
    let count = manifest.layers.len();
    let diff_id = |at: usize| config.and_then(|config| config.rootfs.diff_ids.get(at));
    let mut jobs: Vec<Job<'_>> = Vec::new();
    for (at, descriptor) in manifest.layers.iter().enumerate() {
        if !jobs.iter().any(|job| job.descriptor == descriptor && job.diff_id == diff_id(at)) {
            jobs.push(Job { descriptor, diff_id: diff_id(at), place: (at, count) });
        }
    }
    if way.sink.needs().parallel {
        jobs.sort_by_key(|job| std::cmp::Reverse(job.descriptor.size));
    }
    let at_a_time = match way.sink.needs().parallel {
        true => way.options.parallel.filter(|count| *count > 0).unwrap_or(parallel::USUAL),
        false => 1,
    };
    let done = parallel::each(&jobs, at_a_time, |job, stop| layer::copy(way, rules, job, stop))?;
    let result = |at: usize, descriptor: &Descriptor| {
        let position = jobs.iter().position(|job| job.descriptor == descriptor && job.diff_id == diff_id(at));
        position.and_then(|position| done.get(position)).cloned().unwrap_or_else(|| descriptor.clone())
    };
    Ok(manifest.layers.iter().enumerate().map(|(at, descriptor)| result(at, descriptor)).collect())
}

fn put_config(way: Way<'_>, descriptor: &Descriptor, bytes: &[u8]) -> Result<(), Error> {
    way.progress().line(&format!("Copying config {}", descriptor.digest));
    let blob = Blob { descriptor, role: Role::Config, made: None };
    if !way.sink.has(&blob)? {
        way.sink.put(&blob, Content::verified(descriptor, bytes))?;
    }
    Ok(())
}

/// The original bytes if nothing has changed.
fn written(
    way: Way<'_>,
    rules: Rules,
    manifest: Manifest,
    fetched: Fetched,
    layers: Vec<Descriptor>,
) -> Result<(Fetched, Manifest), Error> {
    let same_format = plan::format_of(manifest.media_type.as_deref()) == rules.format;
    let new = convert::manifest(&manifest, layers, rules.format);
    if same_format && new.layers == manifest.layers {
        let media_type = fetched.media_type.clone().filter(|media_type| classify(media_type) == Kind::Manifest);
        let own = manifest.media_type.clone().or(media_type);
        let media_type = own.or_else(|| Some(oci::media_type::OCI_MANIFEST.to_owned()));
        return Ok((Fetched { media_type, ..fetched }, manifest));
    }
    if !rules.may_change {
        return Err(Error::Changed { what: way.source.name(), why: "its layers would get other digests" });
    }
    Ok((convert::encode_manifest(&new, rules.format)?, new))
}

/// Artifacts (charts, signatures, models) have manifests as well.
fn check_types(way: Way<'_>, manifest: &Manifest) -> Result<(), Error> {
    if !way.sink.needs().images_only {
        return Ok(());
    }
    let what = way.source.name();
    if classify(&manifest.config.media_type) != Kind::Config {
        let found = printable(&manifest.config.media_type);
        let what = format!("configuration of {what}");
        return Err(Error::MediaType { what, found, wanted: "image configuration" });
    }
    for (at, layer) in manifest.layers.iter().enumerate() {
        let decrypt = way.options.hooks.decrypt;
        let opened = decrypt.map_or(Ok(false), |cipher| cipher.concerns(layer, at, manifest.layers.len()))?;
        if !opened && !matches!(classify(&layer.media_type), Kind::Layer { .. }) {
            let found = printable(&layer.media_type);
            let what = format!("layer {} of {what}", layer.digest);
            return Err(Error::MediaType { what, found, wanted: "file system layer" });
        }
    }
    Ok(())
}

/// Where images are called by their configuration's digest, in sixty-four digits.
fn check_digest(way: Way<'_>, manifest: &Manifest) -> Result<(), Error> {
    let digest = &manifest.config.digest;
    match way.sink.needs().proves_diff_ids && digest.algorithm() != "sha256" {
        true => Err(store::Error::ImageAlgorithm(digest.clone()).into()),
        false => Ok(()),
    }
}

fn warn_of_platform(wanted: &Platform, config: &ImageConfig, what: &str, progress: &dyn Progress) {
    let found = config.platform();
    if !found.architecture.is_empty() && wanted.rank(&found).is_none() {
        progress
            .warning(&format!("image platform ({found}) of {what} does not match the expected platform ({wanted})"));
    }
}
