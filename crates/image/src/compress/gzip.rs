//! gzip by several threads: each piece of the content becomes a member of its own, which RFC 1952 lets follow one another.
//! The bytes don't depend on the number of threads.

use super::pool::Pool;
use libdeflater::{CompressionLvl, Compressor as Deflate};
use std::io::{self, Read};

/// Bytes of content in a member: far more than deflate looks back, so that beginning anew costs next to nothing.
const PIECE: usize = 512 << 10;

/// Reads content and gives gzip.
pub(super) struct Compressor<R> {
    inner: R,
    pool: Pool<Piece, io::Result<Piece>>,
    /// Pieces that are on their way or through.
    pieces: u64,
    /// All are.
    fed: bool,
    /// Compressed, and how much of it was given out.
    ready: (Piece, usize),
    /// Done with: memory that goes back to the system after each piece has to be cleared by it for the next.
    spare: Vec<Piece>,
}

/// Room for content and the member that it becomes.
#[derive(Default)]
struct Piece {
    content: Vec<u8>,
    /// Bytes of content.
    filled: usize,
    member: Vec<u8>,
    /// Bytes of the member.
    length: usize,
}

impl<R: Read> Compressor<R> {
    pub(super) fn new(inner: R, level: i32) -> Compressor<R> {
        let begin = move || {
            let level = CompressionLvl::new(level).unwrap_or_default();
            let mut deflate = Deflate::new(level);
            move |piece: Piece| piece.compress(&mut deflate)
        };
        let (ready, spare) = Default::default();
        Compressor { inner, pool: Pool::new(begin), pieces: 0, fed: false, ready, spare }
    }

    /// Keeps all threads busy.
    fn feed(&mut self) -> io::Result<()> {
        while !self.fed && !self.pool.is_full() {
            let mut piece = self.spare.pop().unwrap_or_default();
            piece.fill(&mut self.inner)?;
            self.fed = piece.filled < PIECE;
            // Nothing at all is an empty member.
            if piece.filled > 0 || self.pieces == 0 {
                self.pool.push(piece)?;
                self.pieces += 1;
            }
        }
        Ok(())
    }

    /// The next member; false at the end.
    fn advance(&mut self) -> io::Result<bool> {
        self.feed()?;
        let Some(piece) = self.pool.next()? else { return Ok(false) };
        let (old, _) = std::mem::replace(&mut self.ready, (piece?, 0));
        self.spare.push(old);
        Ok(true)
    }
}

impl<R: Read> Read for Compressor<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.ready.1 == self.ready.0.length {
            if buffer.is_empty() || !self.advance()? {
                return Ok(0);
            }
        }
        let (piece, taken) = &mut self.ready;
        let rest = &piece.member[*taken..piece.length];
        let count = buffer.len().min(rest.len());
        buffer[..count].copy_from_slice(&rest[..count]);
        *taken += count;
        Ok(count)
    }
}

impl Piece {
    /// Reads as much content as there is room for, or is left.
    fn fill(&mut self, source: &mut impl Read) -> io::Result<()> {
        self.content.resize(PIECE, 0);
        self.filled = 0;
        while self.filled < PIECE {
            match source.read(&mut self.content[self.filled..]) {
                Ok(0) => break,
                Ok(count) => self.filled += count,
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => return Err(e),
            }
        }
        Ok(())
    }

    /// No name, no time: the same content gives the same bytes.
    fn compress(mut self, deflate: &mut Deflate) -> io::Result<Piece> {
        self.member.resize(deflate.gzip_compress_bound(PIECE), 0);
        let compressed = deflate.gzip_compress(&self.content[..self.filled], &mut self.member);
        self.length = compressed.map_err(|e| io::Error::other(e.to_string()))?;
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn round_trip(content: &[u8], level: i32) -> Vec<u8> {
        let mut compressed = Vec::new();
        Compressor::new(content, level).read_to_end(&mut compressed).unwrap();
        let mut back = Vec::new();
        flate2::read::MultiGzDecoder::new(compressed.as_slice()).read_to_end(&mut back).unwrap();
        assert!(back == content, "{} bytes came back of {}", back.len(), content.len());
        compressed
    }

    #[test]
    fn any_length_comes_back() {
        let noise: Vec<u8> = (0..3 * PIECE + 17).map(|i: usize| (i.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
        for length in [0, 1, PIECE - 1, PIECE, PIECE + 1, noise.len()] {
            round_trip(&noise[..length], 5);
        }
        let text = b"the same again and again ".repeat(100_000);
        let compressed = round_trip(&text, 9);
        assert!(compressed.len() < text.len() / 50);
        assert_eq!(compressed, round_trip(&text, 9));
    }

    #[test]
    fn a_source_that_fails_is_an_error() {
        struct Failing;
        impl Read for Failing {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                Err(io::Error::other("gone"))
            }
        }
        assert!(Compressor::new(Failing, 5).read_to_end(&mut Vec::new()).is_err());
    }
}
