//! From a tar stream to a layer's folder, in one pass: parse, hash, write, and keep what gives the stream back.
//!
//! The stream is hostile. `tar-core` parses it within limits; `entry` decides what an entry means; `place` keeps every
//! path inside the layer; `write` makes it.

use super::entry::Entry;
use super::extra::Extra;
use super::place::{Problem, Tree};
use super::stream::Stream;
use super::write::Extraction;
use super::{AppliedLayer, tar_meta};
use crate::error::{At, Error};
use crate::location::Ownership;
use rustix::io::Errno;
use std::io::Read;
use std::path::Path;
use tar_core::parse::{Limits, ParseEvent, Parser};

/// Where a layer goes and how.
pub(super) struct Target<'a> {
    /// Has an empty `diff/`.
    pub(super) folder: &'a Path,
    pub(super) ownership: Ownership,
    pub(super) umask: u32,
}

/// What comes next in the stream.
pub(super) enum Next {
    Entry(Box<Entry>),
    Global,
    End,
}

pub(super) fn apply(target: &Target<'_>, source: &mut dyn Read, limit: u64) -> Result<AppliedLayer, Error> {
    run(target, source, limit).map_err(|e| name_full_disk(e, target.folder))
}

fn run(target: &Target<'_>, source: &mut dyn Read, limit: u64) -> Result<AppliedLayer, Error> {
    let mut stream = Stream::new(source, limit);
    let mut parser = Parser::new(Limits::default());
    // Times before 1970 are malformed to it; `entry` checks the records itself.
    parser.set_ignore_pax_errors(true);
    let mut layer = start(target)?;
    loop {
        let (consumed, next) = next(&mut parser, &mut stream)?;
        layer.meta.literal(&stream.available()[..consumed])?;
        stream.consume(consumed);
        match next {
            Next::End => break,
            Next::Global => {}
            Next::Entry(entry) => {
                layer.entry(&entry, &mut stream)?;
                padding(&mut layer, &mut stream, entry.payload)?;
            }
        }
    }
    rest(&mut layer, &mut stream)?;
    finish(layer, stream, target.folder)
}

fn start(target: &Target<'_>) -> Result<Extraction, Error> {
    let diff = target.folder.join("diff");
    let root = crate::lock::open_dir(&diff).at("open folder", &diff)?;
    Ok(Extraction {
        layer: crate::lock::open_dir(target.folder).at("open folder", target.folder)?,
        tree: Tree::new(root, target.umask),
        meta: tar_meta::Writer::create(target.folder.join("tar-meta"))?,
        extra: Extra::default(),
        ownership: target.ownership,
        umask: target.umask,
        skipped: Default::default(),
    })
}

/// The next entry, and how many bytes its headers have.
pub(super) fn next(parser: &mut Parser, stream: &mut Stream<'_>) -> Result<(usize, Next), Error> {
    loop {
        let least = match parser.parse(stream.available()).map_err(Error::Tar)? {
            ParseEvent::NeedData { min_bytes } => min_bytes,
            ParseEvent::End { consumed } => return Ok((consumed, Next::End)),
            ParseEvent::GlobalExtensions { consumed, .. } => return Ok((consumed, Next::Global)),
            ParseEvent::Entry { consumed, entry } => {
                return Ok((consumed, Next::Entry(Box::new(Entry::new(&entry, None)?))));
            }
            ParseEvent::SparseEntry { consumed, entry, sparse_map, real_size } => {
                let entry = Entry::new(&entry, Some((&sparse_map, real_size)))?;
                return Ok((consumed, Next::Entry(Box::new(entry))));
            }
        };
        let least = least.max(stream.available().len() + 1);
        if !stream.fill(least)? {
            // Some writers leave out the zero blocks at the end.
            if stream.available().iter().all(|b| *b == 0) {
                return Ok((stream.available().len(), Next::End));
            }
            return Err(stream.truncated());
        }
    }
}

/// Entries begin at multiples of 512 bytes.
fn padding(layer: &mut Extraction, stream: &mut Stream<'_>, payload: u64) -> Result<(), Error> {
    let mut left = payload.next_multiple_of(512) - payload;
    while left > 0 {
        let bytes = stream.content(left)?;
        left -= bytes.len() as u64;
        layer.meta.literal(bytes)?;
    }
    Ok(())
}

/// What follows the end mark means nothing but counts for the digest.
fn rest(layer: &mut Extraction, stream: &mut Stream<'_>) -> Result<(), Error> {
    loop {
        layer.meta.literal(stream.available())?;
        stream.consume(stream.available().len());
        if !stream.fill(1)? {
            return Ok(());
        }
    }
}

fn finish(mut layer: Extraction, stream: Stream<'_>, folder: &Path) -> Result<AppliedLayer, Error> {
    layer.tree.set_times().map_err(|problem| match problem {
        Problem::Failed(what, e) => Error::Io { what, path: folder.to_owned(), source: e.into() },
        _ => Error::DamagedLayer { path: folder.to_owned(), why: "a folder is gone" },
    })?;
    layer.meta.finish()?;
    if !layer.extra.is_empty() {
        layer.extra.write(folder)?;
    }
    let (diff_id, size) = stream.finish();
    Ok(AppliedLayer { diff_id, size })
}

/// A full disk isn't the entry's fault.
fn name_full_disk(error: Error, folder: &Path) -> Error {
    match error {
        Error::Entry { what, source, .. } | Error::Io { what, source, .. }
            if [Errno::NOSPC, Errno::DQUOT].map(Errno::raw_os_error).map(Some).contains(&source.raw_os_error())
                && what != "set extended attribute" =>
        {
            Error::Full { path: folder.to_owned(), source }
        }
        other => other,
    }
}
