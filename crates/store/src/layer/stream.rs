//! The tar stream on its way in: buffered, bounded, and hashed as it is read.

use crate::error::Error;
use oci::Digest;
use sha2::Digest as _;
use std::io::{self, Read};

/// Read at once, in bytes.
pub(super) const HASH_BUFFER: usize = 256 << 10;

pub(super) struct Stream<'a> {
    source: &'a mut dyn Read,
    hasher: sha2::Sha256,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    /// Bytes read so far.
    total: u64,
    limit: u64,
}

impl<'a> Stream<'a> {
    pub(super) fn new(source: &'a mut dyn Read, limit: u64) -> Stream<'a> {
        Stream { source, hasher: sha2::Sha256::new(), buffer: vec![0; HASH_BUFFER], start: 0, end: 0, total: 0, limit }
    }

    /// What is read and not consumed yet.
    pub(super) fn available(&self) -> &[u8] {
        &self.buffer[self.start..self.end]
    }

    pub(super) fn consume(&mut self, count: usize) {
        self.start += count;
    }

    /// Reads until at least `least` bytes are available; false if the stream ends before.
    pub(super) fn fill(&mut self, least: usize) -> Result<bool, Error> {
        if self.start + least > self.buffer.len() {
            self.buffer.copy_within(self.start..self.end, 0);
            (self.start, self.end) = (0, self.end - self.start);
            if least > self.buffer.len() {
                self.buffer.resize(least.next_power_of_two(), 0);
            }
        } else if self.start == self.end {
            (self.start, self.end) = (0, 0);
        }
        while self.end - self.start < least {
            let count = match self.source.read(&mut self.buffer[self.end..]) {
                Ok(0) => return Ok(false),
                Ok(count) => count,
                Err(e) if e.kind() == io::ErrorKind::Interrupted => continue,
                Err(e) => return Err(Error::Stream(e)),
            };
            self.total += count as u64;
            if self.total > self.limit {
                return Err(Error::TooLong { limit: self.limit });
            }
            self.hasher.update(&self.buffer[self.end..self.end + count]);
            self.end += count;
        }
        Ok(true)
    }

    /// Between 1 and `most` bytes of an entry's content; consumed.
    pub(super) fn content(&mut self, most: u64) -> Result<&[u8], Error> {
        if self.start == self.end && !self.fill(1)? {
            return Err(self.truncated());
        }
        let count = usize::try_from(most).unwrap_or(usize::MAX).min(self.end - self.start);
        self.start += count;
        Ok(&self.buffer[self.start - count..self.start])
    }

    pub(super) fn truncated(&self) -> Error {
        Error::Truncated { at: self.total }
    }

    /// Digest and length of everything that was read.
    pub(super) fn finish(self) -> (Digest, u64) {
        (Digest::from_sha256(self.hasher.finalize().into()), self.total)
    }
}
