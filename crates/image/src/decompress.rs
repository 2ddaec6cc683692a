//! Compression told by the first bytes, whatever a media type says, and undone while reading.

use crate::Error;
use flate2::bufread::MultiGzDecoder;
use oci::media_type::Compression;
use std::io::{self, BufRead, BufReader, Chain, Cursor, Read};

/// Room for compressed bytes on their way, in bytes.
const BUFFER: usize = 128 << 10;
/// The largest zstd window: 128 MB, what its levels up to 22 use without `--long`.
const ZSTD_WINDOW_LOG: u32 = 27;

type Buffered<R> = BufReader<Chain<Cursor<Vec<u8>>, R>>;

/// Gives the uncompressed bytes of gzip (several members too), zstd, or plain content.
pub(crate) enum Decompressed<R: Read> {
    Plain(Chain<Cursor<Vec<u8>>, R>),
    Gzip(Box<MultiGzDecoder<Buffered<R>>>),
    Zstd(Box<zstd::stream::read::Decoder<'static, Buffered<R>>>),
}

/// What the first bytes tell, compressions included that only programs undo.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Magic {
    Known(Compression),
    Xz,
    Bzip2,
}

/// Six bytes are enough.
pub(crate) fn magic(start: &[u8]) -> Magic {
    match start {
        [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => Magic::Xz,
        [b'B', b'Z', b'h', b'1'..=b'9', b'1', b'A', ..] => Magic::Bzip2,
        other => Magic::Known(Compression::sniff(other)),
    }
}

impl<R: Read> Decompressed<R> {
    /// Reads the first bytes of `inner`; `what` names it in messages.
    pub(crate) fn new(mut inner: R, what: &str) -> Result<Self, Error> {
        let failed = |e| Error::io(format!("read {what}"))(e);
        let mut start = Vec::with_capacity(6);
        inner.by_ref().take(6).read_to_end(&mut start).map_err(failed)?;
        let magic = magic(&start);
        let inner = Cursor::new(start).chain(inner);
        let unsupported = |program| Err(Error::Compression { what: what.to_owned(), program });
        match magic {
            Magic::Known(Compression::None) => Ok(Decompressed::Plain(inner)),
            Magic::Known(Compression::Gzip) => {
                Ok(Decompressed::Gzip(Box::new(MultiGzDecoder::new(BufReader::with_capacity(BUFFER, inner)))))
            }
            Magic::Known(Compression::Zstd) => zstd_decoder(BufReader::with_capacity(BUFFER, inner)).map_err(failed),
            Magic::Xz => unsupported("xz"),
            Magic::Bzip2 => unsupported("bzip2"),
        }
    }

    /// The compressed source, to read what the decompressor left.
    pub(crate) fn into_inner(self) -> R {
        match self {
            Decompressed::Plain(chain) => chain.into_inner().1,
            Decompressed::Gzip(decoder) => decoder.into_inner().into_inner().into_inner().1,
            Decompressed::Zstd(decoder) => decoder.finish().into_inner().into_inner().1,
        }
    }
}

fn zstd_decoder<R: Read>(source: Buffered<R>) -> io::Result<Decompressed<R>> {
    let mut decoder = zstd::stream::read::Decoder::with_buffer(source)?;
    decoder.window_log_max(ZSTD_WINDOW_LOG)?;
    Ok(Decompressed::Zstd(Box::new(decoder)))
}

impl<R: Read> Read for Decompressed<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Decompressed::Plain(reader) => reader.read(buffer),
            Decompressed::Gzip(reader) => {
                let count = reader.read(buffer)?;
                // A gzip stream that ends early must not look like the end of the content.
                if count == 0 && !buffer.is_empty() && !reader.get_mut().fill_buf()?.is_empty() {
                    return Err(io::Error::new(io::ErrorKind::InvalidData, "bytes behind the end of the gzip stream"));
                }
                Ok(count)
            }
            Decompressed::Zstd(reader) => reader.read(buffer),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn read(bytes: &[u8]) -> Result<Vec<u8>, String> {
        let mut out = Vec::new();
        let mut reader = Decompressed::new(bytes, "blob").map_err(|e| e.to_string())?;
        reader.read_to_end(&mut out).map_err(|e| e.to_string())?;
        assert_eq!(reader.into_inner().len(), 0);
        Ok(out)
    }

    #[test]
    fn formats_are_told_by_their_bytes() {
        assert_eq!(read(b"").unwrap(), b"");
        assert_eq!(read(b"abc").unwrap(), b"abc");
        assert_eq!(read(&gzip(b"abc")).unwrap(), b"abc");
        assert_eq!(read(&[gzip(b"abc"), gzip(b"def")].concat()).unwrap(), b"abcdef");
        let zstd = |bytes: &[u8]| zstd::stream::encode_all(bytes, 3).unwrap();
        assert_eq!(read(&zstd(b"abc")).unwrap(), b"abc");
        assert_eq!(read(&[zstd(b"abc"), zstd(b"def")].concat()).unwrap(), b"abcdef");
        assert!(read(b"\xfd7zXZ\0rest").unwrap_err().contains("xz"));
        assert!(read(b"BZh91AY").unwrap_err().contains("bzip2"));
    }

    #[test]
    fn broken_streams_are_errors() {
        let whole = gzip(&[7; 100_000]);
        assert!(read(&whole[..whole.len() - 9]).is_err());
        assert!(read(&[whole.clone(), b"garbage".to_vec()].concat()).is_err());
        let zstd = zstd::stream::encode_all(&[7; 100_000][..], 3).unwrap();
        assert!(read(&zstd[..zstd.len() - 2]).is_err());
    }
}
