//! The table of contents as it grows, and the frames at a blob's end.

use super::content::Sums;
use super::frames::Landed;
use super::tar_split::{Writer, Written};
use crate::chunked::CRFS;
use crate::chunked::annotations::{LONGEST, LONGEST_SPLIT, Positions, Span};
use crate::chunked::toc::{CHUNK, Entry, MOST, Toc, VERSION, ZEROS, cleaned};
use oci::Digest;
use std::borrow::Cow;
use std::collections::HashSet;
use std::io;

/// Of zstd frames that decompressors skip (RFC 8878, 3.1.2).
const SKIPPABLE: [u8; 4] = 0x184d_2a50_u32.to_le_bytes();
/// At the end of the footer.
const MAGIC: [u8; 8] = *b"GNUlInUx";

pub(super) struct Table {
    entries: Vec<(Entry<'static>, Vec<Landed>)>,
    /// Paths so far: others take no two entries of one.
    names: HashSet<Vec<u8>>,
    chunks: usize,
    tar_split: Writer,
}

impl Table {
    pub(super) fn new(level: i32) -> io::Result<Table> {
        Ok(Table { entries: Vec::new(), names: HashSet::new(), chunks: 0, tar_split: Writer::new(level)? })
    }

    /// The number of a new entry; `None`: the table can't have it.
    pub(super) fn begin(&mut self, entry: Entry<'static>) -> io::Result<Option<usize>> {
        if !self.names.insert(cleaned(&entry.name)) {
            return Ok(None);
        }
        if entry.size == 0 {
            self.tar_split.file(&entry.name, 0, None)?;
        }
        self.entries.push((entry, Vec::new()));
        Ok(Some(self.entries.len() - 1))
    }

    /// The content of the last entry has passed.
    pub(super) fn file(&mut self, sums: Sums) -> io::Result<()> {
        let Some((entry, _)) = self.entries.last_mut() else { return Ok(()) };
        entry.digest = sums.digest;
        self.tar_split.file(&entry.name, entry.size, Some(sums.checksum))
    }

    /// Bytes between contents.
    pub(super) fn segment(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.tar_split.segment(bytes)
    }

    /// A chunk of an entry.
    pub(super) fn landed(&mut self, entry: usize, landed: Landed) {
        self.chunks += 1;
        self.entries[entry].1.push(landed);
    }

    /// Nobody would read it, and it would fill the memory.
    pub(super) fn is_too_long(&self) -> bool {
        self.entries.len() + self.chunks > MOST
            || self.tar_split.plain() > LONGEST_SPLIT
            || self.tar_split.compressed() > LONGEST
    }

    /// The last frames of a blob that has `written` bytes so far; `None`: the table got too long.
    pub(super) fn finish(self, written: u64, level: i32) -> io::Result<Option<(Vec<u8>, Positions)>> {
        let tar_split = self.tar_split.finish()?;
        let entries = self.entries.into_iter().flat_map(|(entry, chunks)| rows(entry, &chunks)).collect();
        let toc = Toc { version: VERSION, entries, tar_split_digest: Some(tar_split.digest.clone()) };
        let json = serde_json::to_vec(&toc)?;
        let compressed = zstd::bulk::compress(&json, level)?;
        // Also far below the 4 GiB that a frame's head can say.
        let too_long = [json.len(), compressed.len(), tar_split.bytes.len()].iter().any(|len| *len as u64 > LONGEST);
        Ok((!too_long).then(|| trailer(written, &compressed, json.len() as u64, &tar_split)))
    }
}

fn trailer(written: u64, toc: &[u8], plain: u64, tar_split: &Written) -> (Vec<u8>, Positions) {
    let length = |bytes: &[u8]| bytes.len() as u64;
    let toc_span = Span { offset: written + 8, length: length(toc), plain };
    let offset = toc_span.offset + toc_span.length + 8;
    let split_span = Span { offset, length: length(&tar_split.bytes), plain: tar_split.plain };
    let mut footer = Vec::with_capacity(64);
    for number in
        [toc_span.offset, toc_span.length, plain, CRFS, split_span.offset, split_span.length, split_span.plain]
    {
        footer.extend(number.to_le_bytes());
    }
    footer.extend(MAGIC);
    let mut out = Vec::new();
    for content in [toc, &tar_split.bytes, &footer] {
        out.extend(SKIPPABLE);
        out.extend((content.len() as u32).to_le_bytes());
        out.extend(content);
    }
    let positions = Positions { toc: toc_span, checksum: Digest::sha256(toc), tar_split: split_span };
    (out, positions)
}

/// An entry's rows: one, and one more for each further chunk.
fn rows(entry: Entry<'static>, chunks: &[Landed]) -> Vec<Entry<'static>> {
    let digest = |landed: &Landed| Some(Digest::from_sha256(landed.digest));
    let [first, rest @ ..] = chunks else { return vec![entry] };
    let name = entry.name.clone();
    let end_offset = rest.last().unwrap_or(first).end;
    if rest.is_empty() {
        return vec![Entry { digest: digest(first), offset: first.offset, end_offset, ..entry }];
    }
    let mut at = 0;
    let mut head = Some(Entry { end_offset, ..entry });
    let further = || Entry { kind: Cow::Borrowed(CHUNK), name: name.clone(), ..Entry::default() };
    let row = |chunk: &Landed| {
        let chunk_offset = at;
        at += chunk.size;
        Entry {
            offset: chunk.offset,
            chunk_size: chunk.size,
            chunk_offset,
            chunk_digest: digest(chunk),
            chunk_type: Cow::Borrowed(if chunk.hole { ZEROS } else { "" }),
            ..head.take().unwrap_or_else(further)
        }
    };
    chunks.iter().map(row).collect()
}
