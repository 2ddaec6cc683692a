//! Pulling a layer of which only the missing content is fetched.
//!
//! The table of contents is verified by the digest in the manifest, each fetched chunk by the table, and the tar stream
//! that comes out by the layer's DiffID before the layer has its name. Whatever fails or isn't believed, the blob is
//! fetched whole, as if there were no table.

mod assembled;
mod budget;
mod contents;
mod ranges;
#[cfg(test)]
mod tests;
mod unpack;

use super::toc::cleaned;
use super::{Positions, Span};
use crate::Error;
use crate::content::Sum;
use crate::sink::Wanted;
use crate::source::Source;
use assembled::{Assembled, State};
use contents::{Contents, Kind};
use oci::Digest;
use oci::image::Descriptor;
use ranges::{Parts, merge};
use std::collections::HashSet;
use std::io::{BufReader, Read};
use std::ops::Range;
use std::sync::atomic::Ordering;
use store::tar_split::Lines;
use store::{ContentHash, FilePart, LayerWriter, Store};

/// Stores the layer; `None`: its blob has to be fetched whole. `limit` bounds the bytes of its tar stream.
pub(crate) fn layer(store: &Store, source: &dyn Source, wanted: &Wanted<'_>, limit: u64) -> Result<Option<Sum>, Error> {
    let Some(positions) = Positions::of(wanted.descriptor) else { return Ok(None) };
    match assemble(store, source, wanted, (&positions, limit)) {
        Ok(true) => Ok(Some(Sum { digest: wanted.descriptor.digest.clone(), size: wanted.descriptor.size })),
        Ok(false) => Ok(None),
        Err(Failure::Final(e)) => Err(e),
        Err(Failure::Whole(why)) => {
            log::info!("layer {} is fetched whole: {why}", wanted.descriptor.digest);
            Ok(None)
        }
    }
}

/// Why a layer couldn't be put together.
enum Failure {
    /// The whole blob may do better.
    Whole(String),
    /// It won't.
    Final(Error),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Failure {
        match &error {
            Error::Stopped | Error::Store(_) => Failure::Final(error),
            Error::Layer { source: store::Error::Full { .. }, .. } => Failure::Final(error),
            _ => Failure::Whole(crate::resolve::chain(&error)),
        }
    }
}

fn assemble(
    store: &Store,
    source: &dyn Source,
    wanted: &Wanted<'_>,
    (positions, limit): (&Positions, u64),
) -> Result<bool, Failure> {
    let taken = budget::TABLES.take(positions);
    let _taken = taken.ok_or_else(|| Failure::Whole("the tables of other layers take up the memory".to_owned()))?;
    let Some((contents, tar_split)) = read_tables(source, wanted.descriptor, positions)? else { return Ok(false) };
    let mut layer = store.begin_layer().map_err(Error::from)?;
    note(&layer, &contents)?;
    let hashes: HashSet<ContentHash> = data(&contents).map(|(hash, _)| hash).collect();
    let found = store.find_contents(&hashes);
    let missing = merge(data(&contents).filter(|(hash, _)| !found.contains_key(hash)).map(|(_, range)| range));
    let bytes: u64 = missing.iter().map(|range| range.end - range.start).sum();
    log::info!("layer {}: {bytes} of {} bytes are fetched", wanted.descriptor.digest, wanted.descriptor.size);
    let failed = |e| Failure::Whole(format!("begin decompression: {e}"));
    let plain = zstd::stream::read::Decoder::new(tar_split.as_slice()).map_err(failed)?.take(positions.tar_split.plain);
    let mut tar = Assembled {
        lines: Lines::new(BufReader::new(plain)),
        files: contents.files.iter(),
        found,
        stored: store.read_contents(),
        parts: Parts::new(source, wanted.descriptor, wanted.progress, missing),
        unpacker: unpack::Unpacker::new().map_err(failed)?,
        chunks: Default::default(),
        state: State::Next,
        stop: wanted.stop,
    };
    let in_layer = |e| Error::layer(&wanted.descriptor.digest, e);
    let stored = layer.apply(&mut tar, limit).and_then(|_| layer.finish(wanted.diff_id)).map_err(in_layer);
    if stored.is_err() && !wanted.stop.load(Ordering::Relaxed) {
        // One layer that lies about what it has would spoil all that come.
        store.forget_wrong_contents(&tar.found);
    }
    stored.map(|_| true).map_err(Failure::from)
}

/// Table of contents and compressed tar-split, verified; `None`: the source gives no parts.
fn read_tables(
    source: &dyn Source,
    descriptor: &Descriptor,
    positions: &Positions,
) -> Result<Option<(Contents, Vec<u8>)>, Failure> {
    let Positions { toc, checksum, tar_split } = positions;
    let end = tar_split.offset + tar_split.length;
    let Some(mut reader) = source.part(descriptor, toc.offset..end)? else { return Ok(None) };
    let table = read(&mut reader, toc, checksum, "table of contents")?;
    let between = tar_split.offset - toc.offset - toc.length;
    let failed = |e| Failure::from(Error::io("read the tables of a layer")(e));
    std::io::copy(&mut reader.by_ref().take(between), &mut std::io::sink()).map_err(failed)?;
    let json = zstd::bulk::decompress(&table, usize::try_from(toc.plain).unwrap_or(0)).map_err(failed)?;
    let wrong = |why| Failure::Whole(format!("its table of contents can't be used: {why}"));
    let contents = Contents::parse(&json, toc.offset).map_err(wrong)?;
    let tar_split = read(&mut reader, tar_split, &contents.tar_split, "tar-split")?;
    Ok(Some((contents, tar_split)))
}

fn read(reader: &mut dyn Read, span: &Span, digest: &Digest, what: &str) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    reader.take(span.length).read_to_end(&mut bytes).map_err(|e| Error::io(format!("read the {what}"))(e))?;
    if Digest::sha256(&bytes) != *digest {
        return Err(Failure::Whole(format!("its {what} has another digest than expected")));
    }
    Ok(bytes)
}

/// Digests and places of all chunks that aren't zeros.
fn data(contents: &Contents) -> impl Iterator<Item = (ContentHash, Range<u64>)> + Clone {
    contents.files.iter().flat_map(|file| &file.chunks).filter_map(|chunk| match chunk.kind {
        Kind::Zeros => None,
        Kind::Data { hash, start, end } => Some((hash, start..end)),
    })
}

/// The next layers may find here what they need. A path that comes twice would lead to other content.
fn note(layer: &LayerWriter<'_>, contents: &Contents) -> Result<(), Error> {
    let names: Vec<Vec<u8>> = contents.files.iter().map(|file| cleaned(&file.name)).collect();
    if names.iter().collect::<HashSet<_>>().len() < names.len() {
        return Ok(());
    }
    let parts = |file: &contents::File| {
        let data = file.chunks.iter().filter_map(|chunk| match chunk.kind {
            Kind::Zeros => None,
            Kind::Data { hash, .. } => Some(FilePart { hash, offset: chunk.at, size: chunk.size }),
        });
        data.collect::<Vec<_>>()
    };
    Ok(layer.note_contents(names.iter().map(Vec::as_slice).zip(contents.files.iter().map(parts)))?)
}
