//! The tar stream on its way in.

use super::describe::describe;
use crate::chunked::toc::Entry;
use std::io::{self, Read};
use tar_core::parse::{Limits, ParseEvent, Parser};

const BUFFER: usize = 256 << 10;

/// What comes next.
pub(super) enum Next {
    /// An entry as the table has it.
    Entry(Box<Entry<'static>>),
    /// What the table can't have.
    Other {
        /// Bytes of content.
        payload: u64,
    },
    /// No more entries.
    End,
    /// This isn't tar.
    Broken,
}

pub(super) struct Input<R> {
    inner: R,
    parser: Parser,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
}

impl<R: Read> Input<R> {
    pub(super) fn new(inner: R) -> Input<R> {
        let mut parser = Parser::new(Limits::default());
        // Times before 1970 are malformed to it.
        parser.set_ignore_pax_errors(true);
        Input { inner, parser, buffer: vec![0; BUFFER], start: 0, end: 0 }
    }

    /// Read and not consumed.
    pub(super) fn available(&self) -> &[u8] {
        &self.buffer[self.start..self.end]
    }

    pub(super) fn consume(&mut self, count: usize) {
        self.start += count;
    }

    /// Reads until `least` bytes are available; false if there are no more.
    pub(super) fn fill(&mut self, least: usize) -> io::Result<bool> {
        if self.start + least > self.buffer.len() {
            self.buffer.copy_within(self.start..self.end, 0);
            (self.start, self.end) = (0, self.end - self.start);
            self.buffer.resize(self.buffer.len().max(least), 0);
        }
        while self.end - self.start < least {
            match self.inner.read(&mut self.buffer[self.end..]) {
                Ok(0) => return Ok(false),
                Ok(count) => self.end += count,
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => return Err(e),
            }
        }
        Ok(true)
    }

    /// Between 1 and `most` bytes, or none if the stream ends here; consumed.
    pub(super) fn content(&mut self, most: u64) -> io::Result<&[u8]> {
        if self.start == self.end {
            (self.start, self.end) = (0, 0);
            if !self.fill(1)? {
                return Ok(&[]);
            }
        }
        let count = usize::try_from(most).unwrap_or(usize::MAX).min(self.end - self.start);
        self.start += count;
        Ok(&self.buffer[self.start - count..self.start])
    }

    /// The next entry, and how many of the available bytes are its headers.
    pub(super) fn next(&mut self) -> io::Result<(usize, Next)> {
        loop {
            let available = &self.buffer[self.start..self.end];
            let least = match self.parser.parse(available) {
                Err(_) => return Ok((0, Next::Broken)),
                Ok(ParseEvent::NeedData { min_bytes }) => min_bytes.max(available.len() + 1),
                Ok(ParseEvent::End { consumed }) => return Ok((consumed, Next::End)),
                Ok(ParseEvent::GlobalExtensions { consumed, .. }) => return Ok((consumed, Next::Other { payload: 0 })),
                Ok(ParseEvent::SparseEntry { consumed, entry, .. }) => {
                    return Ok((consumed, Next::Other { payload: entry.size }));
                }
                Ok(ParseEvent::Entry { consumed, entry }) => {
                    let other = Next::Other { payload: if entry.is_file() { entry.size } else { 0 } };
                    let next = describe(&entry).map_or(other, |entry| Next::Entry(Box::new(entry)));
                    return Ok((consumed, next));
                }
            };
            if !self.fill(least)? {
                // Some writers leave out the zero blocks at the end.
                let zeros = self.available().iter().all(|byte| *byte == 0);
                return Ok((0, if zeros { Next::End } else { Next::Broken }));
            }
        }
    }
}
