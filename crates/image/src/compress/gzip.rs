//! gzip by several threads: each piece of the content becomes a member of its own, which RFC 1952 lets follow one another.
//! The bytes don't depend on the number of threads.

use super::pool::Pool;
use super::ready::Ready;
use libdeflater::{CompressionLvl, Compressor as Deflate};
use std::io::{self, Read};

/// Bytes of content in a member: far more than deflate looks back, so that beginning anew costs next to nothing.
const PIECE: usize = 512 << 10;

/// Reads content and gives gzip.
pub(super) struct Compressor<R> {
    inner: R,
    pool: Pool<Vec<u8>, io::Result<Vec<u8>>>,
    /// Pieces that are on their way or through.
    pieces: u64,
    /// All are.
    fed: bool,
    /// Compressed, to be given out.
    ready: Ready,
}

impl<R: Read> Compressor<R> {
    pub(super) fn new(inner: R, level: i32) -> Compressor<R> {
        let begin = move || {
            let level = CompressionLvl::new(level).unwrap_or_default();
            let mut deflate = Deflate::new(level);
            move |content: Vec<u8>| member(&mut deflate, &content)
        };
        Compressor { inner, pool: Pool::new(begin), pieces: 0, fed: false, ready: Ready::default() }
    }

    /// Keeps all threads busy.
    fn feed(&mut self) -> io::Result<()> {
        while !self.fed && !self.pool.is_full() {
            let mut content = Vec::with_capacity(PIECE);
            self.inner.by_ref().take(PIECE as u64).read_to_end(&mut content)?;
            self.fed = content.len() < PIECE;
            // Nothing at all is an empty member.
            if !content.is_empty() || self.pieces == 0 {
                self.pool.push(content)?;
                self.pieces += 1;
            }
        }
        Ok(())
    }

    /// The next member; false at the end.
    fn advance(&mut self) -> io::Result<bool> {
        self.feed()?;
        let Some(member) = self.pool.next()? else { return Ok(false) };
        self.ready.set(member?);
        Ok(true)
    }
}

impl<R: Read> Read for Compressor<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.ready.is_empty() {
            if buffer.is_empty() || !self.advance()? {
                return Ok(0);
            }
        }
        Ok(self.ready.take(buffer))
    }
}

/// No name, no time: the same content gives the same bytes.
fn member(deflate: &mut Deflate, content: &[u8]) -> io::Result<Vec<u8>> {
    let mut out = vec![0; deflate.gzip_compress_bound(content.len())];
    let length = deflate.gzip_compress(content, &mut out).map_err(|e| io::Error::other(e.to_string()))?;
    out.truncate(length);
    Ok(out)
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
