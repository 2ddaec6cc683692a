//! The content of one file on its way into frames.

use super::frames::Frames;
use super::split::{Cut, Splitter};
use crate::chunked::crc64::Crc64;
use oci::Digest;
use sha2::Digest as _;
use std::io;

/// What is known of a file behind its last byte.
pub(super) struct Sums {
    /// tar-split's.
    pub(super) checksum: [u8; 8],
    /// `None`: the file is one chunk.
    pub(super) digest: Option<Digest>,
}

pub(super) struct Content {
    entry: usize,
    size: u64,
    left: u64,
    splitter: Splitter,
    checksum: Crc64,
    /// Of the whole file, if it has several chunks.
    hasher: Option<sha2::Sha256>,
    /// Not yet in a frame.
    pending: Vec<u8>,
    cuts: Vec<Cut>,
}

impl Content {
    pub(super) fn new(entry: usize, size: u64) -> Content {
        Content {
            entry,
            size,
            left: size,
            splitter: Splitter::new(),
            checksum: Crc64::new(),
            hasher: None,
            pending: Vec::new(),
            cuts: Vec::new(),
        }
    }

    pub(super) fn size(&self) -> u64 {
        self.size
    }

    /// Bytes still to come.
    pub(super) fn left(&self) -> u64 {
        self.left
    }

    /// No more than are left.
    pub(super) fn push(&mut self, bytes: &[u8], frames: &mut Frames) -> io::Result<()> {
        self.left -= bytes.len() as u64;
        self.checksum.update(bytes);
        self.pending.extend_from_slice(bytes);
        self.splitter.push(bytes, |cut| self.cuts.push(cut));
        self.emit(frames)
    }

    pub(super) fn finish(mut self, frames: &mut Frames) -> io::Result<Sums> {
        std::mem::replace(&mut self.splitter, Splitter::new()).finish(|cut| self.cuts.push(cut));
        self.emit(frames)?;
        let digest = self.hasher.map(|hasher| Digest::from_sha256(hasher.finalize().into()));
        Ok(Sums { checksum: self.checksum.finish(), digest })
    }

    fn emit(&mut self, frames: &mut Frames) -> io::Result<()> {
        let mut at = 0;
        for cut in self.cuts.drain(..) {
            // A cut is never longer than what was pushed.
            let end = at + cut.length as usize;
            let chunk = &self.pending[at..end];
            if self.hasher.is_some() || self.left > 0 || end < self.pending.len() {
                self.hasher.get_or_insert_default().update(chunk);
            }
            frames.chunk(chunk.to_vec(), self.entry, cut.hole)?;
            at = end;
        }
        self.pending.drain(..at);
        Ok(())
    }
}
