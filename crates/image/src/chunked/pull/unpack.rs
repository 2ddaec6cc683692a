//! A chunk out of its frames.

use super::ranges::Parts;
use sha2::Digest as _;
use std::io::{self, Read};
use store::ContentHash;
use zstd::stream::raw::{Decoder, InBuffer, Operation, OutBuffer};

const BUFFER: usize = 64 << 10;
/// The largest window: what zstd's levels up to 19 use.
const WINDOW_LOG: u32 = 23;

/// Decompresses chunk after chunk, and says that they are what they should be.
pub(super) struct Unpacker {
    decoder: Decoder<'static>,
    input: Vec<u8>,
    start: usize,
    end: usize,
    /// Bytes of frames not yet read.
    packed: u64,
    /// Bytes of content still to come.
    left: u64,
    hash: ContentHash,
    hasher: sha2::Sha256,
}

impl Unpacker {
    pub(super) fn new() -> io::Result<Unpacker> {
        let mut decoder = Decoder::new()?;
        decoder.set_parameter(zstd::zstd_safe::DParameter::WindowLogMax(WINDOW_LOG))?;
        let (input, hasher) = (vec![0; BUFFER], sha2::Sha256::new());
        Ok(Unpacker { decoder, input, start: 0, end: 0, packed: 0, left: 0, hash: [0; 32], hasher })
    }

    /// A chunk of `size` bytes in `packed` bytes, which come next.
    pub(super) fn begin(&mut self, packed: u64, size: u64, hash: ContentHash) -> io::Result<()> {
        self.decoder.reinit()?;
        (self.start, self.end) = (0, 0);
        (self.packed, self.left, self.hash) = (packed, size, hash);
        self.hasher = sha2::Sha256::new();
        Ok(())
    }

    /// Some of it; 0: that was all, and right.
    pub(super) fn read(&mut self, parts: &mut Parts<'_>, buffer: &mut [u8]) -> io::Result<usize> {
        let most = usize::try_from(self.left).unwrap_or(usize::MAX).min(buffer.len());
        if most == 0 {
            return Ok(0);
        }
        let count = self.unpack(parts, &mut buffer[..most])?;
        self.hasher.update(&buffer[..count]);
        self.left -= count as u64;
        if self.left == 0 {
            self.check(parts)?;
        }
        Ok(count)
    }

    fn unpack(&mut self, parts: &mut Parts<'_>, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let ended = self.start == self.end && !self.fill(parts)?;
            let mut input = InBuffer::around(&self.input[self.start..self.end]);
            let mut output = OutBuffer::around(&mut *buffer);
            self.decoder.run(&mut input, &mut output)?;
            let (consumed, count) = (input.pos(), output.pos());
            self.start += consumed;
            match count {
                0 if ended => return Err(io::ErrorKind::UnexpectedEof.into()),
                0 => {}
                count => return Ok(count),
            }
        }
    }

    fn fill(&mut self, parts: &mut Parts<'_>) -> io::Result<bool> {
        let most = usize::try_from(self.packed).unwrap_or(usize::MAX).min(BUFFER);
        (self.start, self.end) = (0, 0);
        if most == 0 {
            return Ok(false);
        }
        self.end = parts.read(&mut self.input[..most])?;
        self.packed -= self.end as u64;
        if self.end == 0 { Err(io::ErrorKind::UnexpectedEof.into()) } else { Ok(true) }
    }

    /// Behind the last byte of content there is no more of it, and its digest is right.
    fn check(&mut self, parts: &mut Parts<'_>) -> io::Result<()> {
        let found: ContentHash = std::mem::take(&mut self.hasher).finalize().into();
        if found != self.hash {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "a chunk has another digest than its table says"));
        }
        let mut more = [0; 1];
        match self.unpack(parts, &mut more) {
            Err(e) if e.kind() == io::ErrorKind::UnexpectedEof && self.packed == 0 => Ok(()),
            Err(e) => Err(e),
            Ok(_) => Err(io::Error::new(io::ErrorKind::InvalidData, "a chunk is longer than its table says")),
        }
    }
}
