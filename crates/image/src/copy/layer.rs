//! One layer: left where the sink has it, taken over from another repository, or streamed through what it needs.

use super::plan::{self, LayerFacts, Treatment};
use super::{Reader, Way};
use crate::Error;
use crate::chunked;
use crate::compress::{Algorithm, Annotations, compress};
use crate::content::{Content, Sum};
use crate::decompress::{Decompressed, Magic, magic};
use crate::sink::{Blob, Format, Layers, Role, Wanted};
use crate::verified::{Expected, Verified};
use oci::Digest;
use oci::image::Descriptor;
use oci::media_type::{Compression, Kind, classify};
use std::io::{Cursor, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// A layer to be copied.
pub(super) struct Job<'a> {
    pub(super) descriptor: &'a Descriptor,
    /// Of its plain tar, where the image has a configuration.
    pub(super) diff_id: Option<&'a Digest>,
    /// Its place among the layers, and how many there are.
    pub(super) place: (usize, usize),
}

/// What holds for all layers of an image.
#[derive(Clone, Copy)]
pub(super) struct Rules {
    /// Of the manifest that is written.
    pub(super) format: Format,
    pub(super) wish: Layers,
    pub(super) asked: Option<Algorithm>,
    pub(super) may_change: bool,
}

/// The descriptor under which the sink has the layer afterwards.
pub(super) fn copy(way: Way<'_>, rules: Rules, job: &Job<'_>, stop: &AtomicBool) -> Result<Descriptor, Error> {
    let Descriptor { digest, size, .. } = job.descriptor;
    way.progress().begin(digest, *size);
    if let Some(there) = find(way, rules, job)? {
        way.progress().end(digest, true);
        remember(way, job, &there, false);
        return Ok(there);
    }
    let Written { blob, proven } = transfer_again(way, rules, job, stop)?;
    way.progress().end(digest, false);
    remember(way, job, &blob, proven);
    Ok(blob)
}

/// A layer that was put into the sink.
struct Written {
    blob: Descriptor,
    /// All of the blob was seen, and that its content has the DiffID.
    proven: bool,
}

/// Reading goes on where a connection broke off; an upload has to be begun anew.
fn transfer_again(way: Way<'_>, rules: Rules, job: &Job<'_>, stop: &AtomicBool) -> Result<Written, Error> {
    let (mut next, mut refused) = (1, false);
    loop {
        let result = transfer(way, rules, job, stop);
        if let Err(e) = &result
            && !matches!(e, Error::Stopped)
            && !e.is_transient()
            && way.source.distrust(job.descriptor)
        {
            log::info!("{e}; the layer is fetched from its beginning");
            continue;
        }
        let again = way.sink.repository().is_some() && !stop.load(Ordering::Relaxed);
        match (&result, way.options.retry.pause(next, None)) {
            // Nothing has failed: from now on it goes in pieces.
            (Err(Error::Registry(registry::Error::TooMuch { .. })), _) if again && !refused => refused = true,
            (Err(e), Some(pause)) if again && e.is_transient() => {
                log::info!("{e}; the upload is begun anew in {} ms", pause.as_millis());
                std::thread::sleep(pause);
                next += 1;
            }
            _ => return result,
        }
    }
}

/// What the sink has, or can take over.
fn find(way: Way<'_>, rules: Rules, job: &Job<'_>) -> Result<Option<Descriptor>, Error> {
    let hooks = way.options.hooks;
    let own = job.descriptor;
    if concerned(hooks.decrypt, own, job)?.is_some() || concerned(hooks.encrypt, own, job)?.is_some() {
        return Ok(None);
    }
    let kept = match job.diff_id {
        Some(diff_id) => way.source.kept_as(diff_id)?,
        None => None,
    };
    let plain = kept.filter(|_| rules.wish == Layers::Decompress && rules.may_change);
    let own = plain.as_ref().unwrap_or(job.descriptor);
    if fits(rules, way.options.force_compression, own) && is_there(way, job, own)? {
        return Ok(Some(own.clone()));
    }
    if !rules.may_change {
        return Ok(None);
    }
    for candidate in known(way, job) {
        if fits(rules, way.options.force_compression, &candidate) && is_there(way, job, &candidate)? {
            return Ok(Some(candidate));
        }
    }
    Ok(None)
}

/// The cipher, if it concerns the layer.
fn concerned<'c>(
    cipher: Option<&'c dyn super::LayerCipher>,
    layer: &Descriptor,
    job: &Job<'_>,
) -> Result<Option<&'c dyn super::LayerCipher>, Error> {
    let Some(cipher) = cipher else { return Ok(None) };
    Ok(cipher.concerns(layer, job.place.0, job.place.1)?.then_some(cipher))
}

/// In the sink itself, or in another repository from which it can be mounted.
fn is_there(way: Way<'_>, job: &Job<'_>, descriptor: &Descriptor) -> Result<bool, Error> {
    let blob = Blob { descriptor, role: Role::Layer(job.diff_id), made: None };
    if way.sink.has(&blob)? {
        return Ok(true);
    }
    let Some(target) = way.sink.repository() else { return Ok(false) };
    let mut from: Vec<String> = Vec::new();
    from.extend(way.source.repository().filter(|r| r.registry == target.registry).map(|r| r.repository.clone()));
    if let (Some(store), Some(diff_id)) = (way.options.memory, job.diff_id) {
        let seen = store.seen_blobs(diff_id).into_iter().filter(|seen| seen.digest == descriptor.digest);
        from.extend(
            seen.filter_map(|seen| seen.place.strip_prefix(&format!("{}/", target.registry)).map(str::to_owned)),
        );
    }
    from.retain(|repository| *repository != target.repository);
    from.dedup();
    for repository in from.iter().take(MOST_MOUNTS) {
        if way.sink.mount(&blob, repository)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Each costs a request.
const MOST_MOUNTS: usize = 3;

/// Other blobs that the layer is known to have been, those in the sink's registry only.
fn known(way: Way<'_>, job: &Job<'_>) -> Vec<Descriptor> {
    let (Some(store), Some(diff_id), Some(target)) = (way.options.memory, job.diff_id, way.sink.repository()) else {
        return Vec::new();
    };
    let near = format!("{}/", target.registry);
    let mut all: Vec<Descriptor> = Vec::new();
    for seen in store.seen_blobs(diff_id) {
        let new = !all.iter().any(|known| known.digest == seen.digest) && seen.digest != job.descriptor.digest;
        if new && seen.verified && seen.place.starts_with(&near) {
            let plain = Descriptor::new(seen.media_type, seen.digest, seen.size);
            all.push(Descriptor { annotations: seen.annotations, ..plain });
        }
    }
    all
}

/// Whether a blob that is there already is as compressed as it was asked for.
fn fits(rules: Rules, force: bool, blob: &Descriptor) -> bool {
    let Kind::Layer { compression: Some(compression), .. } = classify(&blob.media_type) else { return true };
    match (rules.wish, rules.asked) {
        (Layers::Decompress, _) => compression == Compression::None || !rules.may_change,
        (_, Some(Algorithm::ZstdChunked)) if force => compression == Compression::Zstd && chunked::is_chunked(blob),
        (_, Some(asked)) if force => asked.compression() == compression,
        (Layers::Compress, _) if rules.format != Format::Oci => compression != Compression::Zstd,
        _ => true,
    }
}

/// A layer's blob has been in a repository: a later push may mount it. What was proven once stays so.
fn remember(way: Way<'_>, job: &Job<'_>, blob: &Descriptor, proven: bool) {
    let (Some(store), Some(diff_id)) = (way.options.memory, job.diff_id) else { return };
    let verified = proven || store.seen_blobs(diff_id).iter().any(|seen| seen.verified && seen.digest == blob.digest);
    let places = [way.source.repository().filter(|_| *blob == *job.descriptor), way.sink.repository()];
    for place in places.into_iter().flatten() {
        let seen = store::SeenBlob {
            digest: blob.digest.clone(),
            size: blob.size,
            media_type: blob.media_type.clone(),
            place: place.name(),
            annotations: match chunked::is_chunked(blob) {
                true => blob.annotations.clone(),
                false => Default::default(),
            },
            verified,
        };
        store.remember_blob(diff_id, seen);
    }
}

/// Reads, verifies, opens, recompresses, seals, puts.
fn transfer(way: Way<'_>, rules: Rules, job: &Job<'_>, stop: &AtomicBool) -> Result<Written, Error> {
    if let Some(blob) = assemble(way, job, stop)? {
        return Ok(Written { blob, proven: false });
    }
    let kept = job.diff_id.map(|diff_id| way.source.kept_as(diff_id)).transpose()?.flatten();
    if kept.is_some() && !rules.may_change {
        return Err(Error::Changed {
            what: format!("layer {}", job.descriptor.digest),
            why: "its original isn't kept",
        });
    }
    let sealed = concerned(way.options.hooks.encrypt, job.descriptor, job)?.is_some();
    let proven = !sealed && (kept.is_some() || way.sink.needs().proves_diff_ids);
    let from = kept.as_ref().unwrap_or(job.descriptor);
    let what = format!("layer {}", from.digest);
    let expected = Expected { what: &what, digest: &from.digest, size: from.size, progress: way.progress(), stop };
    // From one registry to another nothing is written here.
    let content = match way.sink.repository() {
        Some(_) => way.source.blob(from, 0)?,
        None => way.source.resumed_blob(from)?,
    };
    let verified = Verified::new(content, expected);
    let flag = verified.flag();
    if let Some(cipher) = concerned(way.options.hooks.decrypt, from, job)? {
        let clear = cipher.pass(from, Box::new(verified))?;
        let opened = Descriptor { media_type: clear.media_type, ..from.clone() };
        let made = make(way, rules, job, Input { from: &opened, reader: clear.content, flag, changed: true })?;
        let annotations = clear.annotations.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clone();
        return Ok(Written { blob: Descriptor { annotations, ..made }, proven: false });
    }
    let blob = make(way, rules, job, Input { from, reader: Box::new(verified), flag, changed: false })?;
    Ok(Written { blob, proven })
}

/// Only parts of its blob are fetched, where that is possible.
fn assemble(way: Way<'_>, job: &Job<'_>, stop: &AtomicBool) -> Result<Option<Descriptor>, Error> {
    let (hooks, descriptor) = (way.options.hooks, job.descriptor);
    let Some(diff_id) = job.diff_id else { return Ok(None) };
    if concerned(hooks.decrypt, descriptor, job)?.is_some() || concerned(hooks.encrypt, descriptor, job)?.is_some() {
        return Ok(None);
    }
    let wanted = Wanted { descriptor, diff_id, progress: way.progress(), stop };
    Ok(way.sink.assemble(way.source, &wanted)?.map(|_| descriptor.clone()))
}

/// A layer's content as it was read.
struct Input<'a> {
    /// What it is.
    from: &'a Descriptor,
    reader: Reader<'a>,
    /// Set at its end if it was right.
    flag: Arc<AtomicBool>,
    /// Its digest isn't `from`'s any more.
    changed: bool,
}

/// Content that is as the sink shall have it.
struct Made<'a> {
    /// `None`: as it was.
    compression: Option<Compression>,
    reader: Reader<'a>,
    /// Of the new blob, once it was read to its end.
    annotations: Annotations,
}

fn make(way: Way<'_>, rules: Rules, job: &Job<'_>, input: Input<'_>) -> Result<Descriptor, Error> {
    let Input { from, reader, flag, changed } = input;
    let what = format!("layer {}", from.digest);
    let (found, reader) = sniff(reader, &what)?;
    let treatment = treatment(rules, from, found);
    let Made { compression, reader, annotations } = treated(way, treatment, found, Box::new(reader), &what)?;
    let media_type = match compression {
        Some(compression) => plan::layer_type(rules.format, compression).to_owned(),
        None => plan::converted_type(&from.media_type, rules.format),
    };
    let blob = Blob { descriptor: from, role: Role::Layer(job.diff_id), made: compression };
    if let Some(cipher) = concerned(way.options.hooks.encrypt, from, job)? {
        let clear = Descriptor::new(media_type, from.digest.clone(), from.size);
        let sealed = cipher.pass(&clear, reader)?;
        let sum = way.sink.put(&blob, Content::made(&what, sealed.content, flag))?;
        return Ok(described(sealed.media_type, sum, &sealed.annotations));
    }
    if compression.is_none() && !changed {
        let sum = Sum { digest: from.digest.clone(), size: from.size };
        way.sink.put(&blob, Content::known(&what, sum, reader, flag))?;
        return Ok(Descriptor { media_type, ..from.clone() });
    }
    // Annotations tell of the blob that was (zstd:chunked's table of contents, for one), so they go.
    let sum = way.sink.put(&blob, Content::made(&what, reader, flag))?;
    Ok(described(media_type, sum, &annotations))
}

/// What is done with content that turned out to be compressed so.
fn treatment(rules: Rules, from: &Descriptor, found: Option<Compression>) -> Treatment {
    let Rules { format, wish, asked, may_change } = rules;
    match found {
        // The files of an artifact are nobody's to compress.
        Some(found) if matches!(classify(&from.media_type), Kind::Layer { .. }) => {
            let chunked = chunked::is_chunked(from);
            plan::treat(LayerFacts { found, chunked, wish, asked, format, may_change })
        }
        // Nobody makes these any more, but what must be plain is made plain.
        None if wish == Layers::Decompress && may_change => Treatment::Decompress,
        _ => Treatment::Keep,
    }
}

fn treated<'a>(
    way: Way<'_>,
    treatment: Treatment,
    found: Option<Compression>,
    reader: Reader<'a>,
    what: &str,
) -> Result<Made<'a>, Error> {
    let plain = |reader| Ok::<_, Error>(Box::new(Decompressed::new(reader, what)?) as Reader<'a>);
    let annotations = Annotations::default();
    Ok(match treatment {
        Treatment::Keep => Made { compression: None, reader, annotations },
        Treatment::Decompress => Made { compression: Some(Compression::None), reader: plain(reader)?, annotations },
        Treatment::Compress(algorithm) => {
            let reader = if found == Some(Compression::None) { reader } else { plain(reader)? };
            let compressed = compress(reader, algorithm, way.options.level)?;
            let compression = Some(algorithm.compression());
            Made { compression, reader: compressed.reader, annotations: compressed.annotations }
        }
    })
}

fn described(media_type: String, sum: Sum, annotations: &Annotations) -> Descriptor {
    let annotations = annotations.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clone();
    Descriptor { annotations, ..Descriptor::new(media_type, sum.digest, sum.size) }
}

/// The compression by the first bytes (`None`: one that is never changed) and the whole content.
fn sniff<'a>(mut reader: Reader<'a>, what: &str) -> Result<(Option<Compression>, impl Read + Send + use<'a>), Error> {
    let mut start = Vec::with_capacity(6);
    reader.by_ref().take(6).read_to_end(&mut start).map_err(Error::io(format!("read {what}")))?;
    let found = match magic(&start) {
        Magic::Known(compression) => Some(compression),
        Magic::Xz | Magic::Bzip2 => None,
    };
    Ok((found, Cursor::new(start).chain(reader)))
}
