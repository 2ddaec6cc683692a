//! The tar stream of a layer, put together: headers from tar-split, contents from the store's layers and from the blob.

use super::contents::{Chunk, File, Kind};
use super::ranges::Parts;
use super::unpack::Unpacker;
use crate::Error;
use std::collections::{HashMap, VecDeque};
use std::io::{self, BufRead, Read};
use std::sync::atomic::{AtomicBool, Ordering};
use store::tar_split::{Lines, Piece};
use store::{ContentHash, ContentReader, Found};

pub(super) struct Assembled<'a, R> {
    pub(super) lines: Lines<R>,
    /// In the order of the stream.
    pub(super) files: std::slice::Iter<'a, File>,
    pub(super) found: HashMap<ContentHash, Found>,
    pub(super) stored: ContentReader<'a>,
    pub(super) parts: Parts<'a>,
    pub(super) unpacker: Unpacker,
    /// Of the current file.
    pub(super) chunks: VecDeque<Chunk>,
    pub(super) state: State,
    pub(super) stop: &'a AtomicBool,
}

pub(super) enum State {
    /// Decide what comes next.
    Next,
    Segment(io::Cursor<Vec<u8>>),
    Zeros(u64),
    /// Bytes that are left.
    Stored(u64),
    Fetched,
    Done,
}

impl<R: BufRead> Assembled<'_, R> {
    fn advance(&mut self) -> io::Result<State> {
        if let Some(chunk) = self.chunks.pop_front() {
            return self.chunk(chunk);
        }
        match self.lines.piece()? {
            None if self.files.next().is_some() => Err(disagree()),
            None => Ok(State::Done),
            Some(Piece::Segment(bytes)) => Ok(State::Segment(io::Cursor::new(bytes))),
            Some(Piece::File { size, .. }) => {
                let file = self.files.next().filter(|file| file.size == size).ok_or_else(disagree)?;
                self.chunks = file.chunks.iter().copied().collect();
                Ok(State::Next)
            }
        }
    }

    fn chunk(&mut self, chunk: Chunk) -> io::Result<State> {
        let Kind::Data { hash, start, end } = chunk.kind else { return Ok(State::Zeros(chunk.size)) };
        if let Some(found) = self.found.get(&hash) {
            self.stored.begin(found)?;
            return Ok(State::Stored(chunk.size));
        }
        self.parts.seek(start)?;
        self.unpacker.begin(end - start, chunk.size, hash)?;
        Ok(State::Fetched)
    }
}

fn disagree() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "table of contents and tar-split have different files")
}

impl<R: BufRead> Read for Assembled<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.stop.load(Ordering::Relaxed) {
            return Err(Error::Stopped.carry());
        }
        while !buffer.is_empty() {
            let count = match &mut self.state {
                State::Done => return Ok(0),
                State::Next | State::Stored(0) | State::Zeros(0) => 0,
                State::Segment(bytes) => bytes.read(buffer)?,
                State::Zeros(left) => {
                    let count = usize::try_from(*left).unwrap_or(usize::MAX).min(buffer.len());
                    buffer[..count].fill(0);
                    *left -= count as u64;
                    count
                }
                State::Stored(left) => match self.stored.read(buffer)? {
                    0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                    count => {
                        *left = left.checked_sub(count as u64).ok_or(io::ErrorKind::InvalidData)?;
                        count
                    }
                },
                State::Fetched => self.unpacker.read(&mut self.parts, buffer)?,
            };
            if count > 0 {
                return Ok(count);
            }
            self.state = self.advance()?;
        }
        Ok(0)
    }
}
