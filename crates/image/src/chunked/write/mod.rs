//! From a tar stream to a zstd:chunked blob.

mod content;
mod describe;
mod frames;
mod input;
mod split;
mod table;
mod tar_split;

use crate::compress::Annotations;
use crate::compress::ready::Ready;
use content::Content;
use frames::{Frames, Made};
use input::{Input, Next};
use std::io::{self, Read};
use std::sync::PoisonError;
use table::Table;

/// Headers that go into one frame at most, in bytes.
const LITERAL: usize = 1 << 20;

/// Reads a tar stream and gives the blob. A stream that can't have a table of contents, or isn't a tar stream, becomes
/// plain zstd frames without annotations.
pub(crate) struct Encoder<R> {
    input: Input<R>,
    level: i32,
    frames: Frames,
    /// `None`: no table is possible.
    table: Option<Table>,
    /// Not yet in a frame.
    literal: Vec<u8>,
    state: State,
    /// To be given out.
    ready: Ready,
    annotations: Annotations,
}

enum State {
    Header,
    Content(Box<Content>),
    /// Behind the content of an entry: bytes up to the next header.
    Padding(u64),
    /// Behind the end of the stream, or in what isn't tar.
    Rest,
    /// All frames are on their way.
    Fed,
    Done,
}

impl<R: Read> Encoder<R> {
    pub(crate) fn new(tar: R, level: i32, annotations: Annotations) -> Encoder<R> {
        Encoder {
            input: Input::new(tar),
            level,
            frames: Frames::new(level),
            table: Table::new(level).ok(),
            literal: Vec::new(),
            state: State::Header,
            ready: Ready::default(),
            annotations,
        }
    }

    /// Reads on until a frame is begun or the state changes.
    fn feed(&mut self) -> io::Result<()> {
        self.state = match std::mem::replace(&mut self.state, State::Done) {
            State::Header => self.header()?,
            State::Content(content) => self.content(content)?,
            State::Padding(left) => self.padding(left)?,
            State::Rest => self.rest()?,
            other => other,
        };
        Ok(())
    }

    fn header(&mut self) -> io::Result<State> {
        let (length, next) = self.input.next()?;
        let bytes = self.input.available()[..length].to_vec();
        self.input.consume(length);
        self.segment(&bytes)?;
        let (entry, payload) = match next {
            Next::End => return Ok(State::Rest),
            Next::Broken => {
                self.table = None;
                return Ok(State::Rest);
            }
            Next::Other { payload } => (None, payload),
            Next::Entry(entry) => {
                let payload = entry.size;
                (Some(entry), payload)
            }
        };
        let number = match (&mut self.table, entry) {
            (Some(table), Some(entry)) => table.begin(*entry)?,
            _ => None,
        };
        if number.is_none() {
            self.table = None;
        }
        if payload == 0 {
            return Ok(State::Header);
        }
        self.flush()?;
        Ok(State::Content(Box::new(Content::new(number.unwrap_or(0), payload))))
    }

    fn content(&mut self, mut content: Box<Content>) -> io::Result<State> {
        let bytes = self.input.content(content.left())?;
        if bytes.is_empty() {
            content.finish(&mut self.frames)?;
            return Ok(self.breaks_off());
        }
        content.push(bytes, &mut self.frames)?;
        if content.left() > 0 {
            return Ok(State::Content(content));
        }
        let size = content.size();
        let sums = content.finish(&mut self.frames)?;
        if let Some(table) = &mut self.table {
            table.file(sums)?;
        }
        Ok(State::Padding(size.next_multiple_of(512) - size))
    }

    fn padding(&mut self, left: u64) -> io::Result<State> {
        if left == 0 {
            return Ok(State::Header);
        }
        let mut bytes = Vec::with_capacity(512);
        while (bytes.len() as u64) < left {
            match self.input.content(left - bytes.len() as u64)? {
                [] => break,
                more => bytes.extend_from_slice(more),
            }
        }
        self.segment(&bytes)?;
        Ok(if (bytes.len() as u64) < left { self.breaks_off() } else { State::Header })
    }

    /// In the middle of an entry: whatever that is, it isn't tar.
    fn breaks_off(&mut self) -> State {
        self.table = None;
        State::Rest
    }

    fn rest(&mut self) -> io::Result<State> {
        if self.input.available().is_empty() && !self.input.fill(1)? {
            self.flush()?;
            return Ok(State::Fed);
        }
        let bytes = self.input.available().to_vec();
        self.input.consume(bytes.len());
        self.segment(&bytes)?;
        Ok(State::Rest)
    }

    /// Bytes that are no content.
    fn segment(&mut self, bytes: &[u8]) -> io::Result<()> {
        if let Some(table) = &mut self.table {
            table.segment(bytes)?;
        }
        self.literal.extend_from_slice(bytes);
        if self.literal.len() >= LITERAL { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.literal.is_empty() {
            return Ok(());
        }
        self.frames.literal(std::mem::take(&mut self.literal))
    }

    /// The next bytes of the blob; false at its end.
    fn advance(&mut self) -> io::Result<bool> {
        while !self.frames.is_full() && !matches!(self.state, State::Fed | State::Done) {
            self.feed()?;
        }
        if self.table.as_ref().is_some_and(Table::is_too_long) {
            self.table = None;
        }
        if let Some(Made { bytes, chunk }) = self.frames.next()? {
            if let (Some(table), Some((entry, landed))) = (&mut self.table, chunk) {
                table.landed(entry, landed);
            }
            self.ready.set(bytes);
            return Ok(true);
        }
        if matches!(self.state, State::Done) {
            return Ok(false);
        }
        self.state = State::Done;
        let trailer = self.trailer()?;
        self.ready.set(trailer);
        Ok(true)
    }

    /// Table, tar-split and footer.
    fn trailer(&mut self) -> io::Result<Vec<u8>> {
        let Some(table) = self.table.take() else { return Ok(Vec::new()) };
        let Some((bytes, positions)) = table.finish(self.frames.written(), self.level)? else { return Ok(Vec::new()) };
        *self.annotations.lock().unwrap_or_else(PoisonError::into_inner) = positions.annotations();
        Ok(bytes)
    }
}

impl<R: Read> Read for Encoder<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.ready.is_empty() {
            if buffer.is_empty() || !self.advance()? {
                return Ok(0);
            }
        }
        Ok(self.ready.take(buffer))
    }
}

#[cfg(test)]
pub(in crate::chunked) mod tests;
