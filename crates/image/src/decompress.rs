//! Compression told by the first bytes, whatever a media type says, and undone while reading.

use crate::Error;
use bzip2::bufread::MultiBzDecoder;
use flate2::bufread::MultiGzDecoder;
use lzma_rust2::XzReader;
use oci::media_type::Compression;
use std::io::{self, BufRead, BufReader, Chain, Cursor, Read};

/// Room for compressed bytes on their way, in bytes.
const BUFFER: usize = 128 << 10;
/// The largest zstd window: 128 MB, what its levels up to 22 use without `--long`.
const ZSTD_WINDOW_LOG: u32 = 27;

/// What undoing xz may take, in KiB: twice what its highest level uses.
const XZ_MEMORY: u32 = 128 << 10;

type Started<R> = Chain<Cursor<Vec<u8>>, R>;
type Buffered<R> = BufReader<Started<R>>;

/// Gives the uncompressed bytes of gzip, bzip2 and xz (several members too), zstd, or plain content.
pub(crate) enum Decompressed<R: Read> {
    Plain(Started<R>),
    Gzip(Box<MultiGzDecoder<Buffered<R>>>),
    Zstd(Box<zstd::stream::read::Decoder<'static, Buffered<R>>>),
    Xz(Box<XzReader<Buffered<R>>>),
    Bzip2(Box<MultiBzDecoder<Buffered<R>>>),
}

/// What the first bytes tell, compressions included that no media type of a layer has.
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
        let buffered = |inner| BufReader::with_capacity(BUFFER, inner);
        match magic {
            Magic::Known(Compression::None) => Ok(Decompressed::Plain(inner)),
            Magic::Known(Compression::Gzip) => Ok(Decompressed::Gzip(Box::new(MultiGzDecoder::new(buffered(inner))))),
            Magic::Known(Compression::Zstd) => zstd_decoder(buffered(inner)).map_err(failed),
            Magic::Xz => Ok(Decompressed::Xz(Box::new(XzReader::new_mem_limit(buffered(inner), true, XZ_MEMORY)))),
            Magic::Bzip2 => Ok(Decompressed::Bzip2(Box::new(MultiBzDecoder::new(buffered(inner))))),
        }
    }

    /// The compressed source, to read what the decompressor left.
    pub(crate) fn into_inner(self) -> R {
        match self {
            Decompressed::Plain(chain) => chain.into_inner().1,
            Decompressed::Gzip(decoder) => decoder.into_inner().into_inner().into_inner().1,
            Decompressed::Zstd(decoder) => decoder.finish().into_inner().into_inner().1,
            Decompressed::Xz(decoder) => decoder.into_inner().into_inner().into_inner().1,
            Decompressed::Bzip2(decoder) => decoder.into_inner().into_inner().into_inner().1,
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
                let count = reader.read(buffer).map_err(|e| broken("gzip", e))?;
                // A gzip stream that ends early must not look like the end of the content.
                if count == 0 && !buffer.is_empty() && !reader.get_mut().fill_buf()?.is_empty() {
                    return Err(io::Error::new(io::ErrorKind::InvalidData, "bytes behind the end of the gzip stream"));
                }
                Ok(count)
            }
            Decompressed::Zstd(reader) => reader.read(buffer).map_err(|e| broken("zstd", e)),
            Decompressed::Xz(reader) => reader.read(buffer).map_err(|e| broken("xz", e)),
            Decompressed::Bzip2(reader) => reader.read(buffer).map_err(|e| broken("bzip2", e)),
        }
    }
}

/// Decoders speak of their own parts; what the source has to say stays as it is.
fn broken(stream: &str, error: io::Error) -> io::Error {
    if crate::error::is_carried(&error) || error.raw_os_error().is_some() || error.kind() == io::ErrorKind::Interrupted
    {
        return error;
    }
    match error.kind() {
        kind @ io::ErrorKind::UnexpectedEof => io::Error::new(kind, format!("the {stream} stream ends early")),
        kind => io::Error::new(kind, format!("the {stream} stream is damaged ({error})")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    /// `printf abc | xz`
    const XZ_OF_ABC: &[u8] =
        b"\xfd\x37\x7a\x58\x5a\x00\x00\x04\xe6\xd6\xb4\x46\x02\x00\x21\x01\x16\x00\x00\x00\x74\x2f\xe5\xa3\
        \x01\x00\x02\x61\x62\x63\x00\x00\x27\x76\x27\x1a\x4a\x09\xd8\x2c\x00\x01\x1b\x03\x0b\x2f\xb9\x10\
        \x1f\xb6\xf3\x7d\x01\x00\x00\x00\x00\x04\x59\x5a";

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
        let bzip2 = |bytes: &[u8]| {
            let mut encoder = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
            encoder.write_all(bytes).unwrap();
            encoder.finish().unwrap()
        };
        assert_eq!(read(&bzip2(b"abc")).unwrap(), b"abc");
        assert_eq!(read(&[bzip2(b"abc"), bzip2(b"def")].concat()).unwrap(), b"abcdef");
        assert_eq!(read(XZ_OF_ABC).unwrap(), b"abc");
        assert_eq!(read(&[XZ_OF_ABC, XZ_OF_ABC].concat()).unwrap(), b"abcabc");
    }

    #[test]
    fn broken_streams_are_errors() {
        let whole = gzip(&[7; 100_000]);
        assert!(read(&whole[..whole.len() - 9]).is_err());
        assert!(read(&[whole.clone(), b"garbage".to_vec()].concat()).is_err());
        let zstd = zstd::stream::encode_all(&[7; 100_000][..], 3).unwrap();
        assert!(read(&zstd[..zstd.len() - 2]).is_err());
        assert!(read(b"\xfd7zXZ\0rest").is_err());
        assert!(read(&XZ_OF_ABC[..XZ_OF_ABC.len() - 4]).is_err());
        assert!(read(b"BZh91AY").is_err());
        let bzip2 = {
            let mut encoder = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
            encoder.write_all(&[7; 100_000]).unwrap();
            encoder.finish().unwrap()
        };
        for (stream, early) in [
            ("gzip", &whole[..whole.len() / 2]),
            ("zstd", &zstd[..zstd.len() / 2]),
            ("xz", &XZ_OF_ABC[..XZ_OF_ABC.len() / 2]),
            ("bzip2", &bzip2[..bzip2.len() / 2]),
        ] {
            assert_eq!(read(early).unwrap_err(), format!("the {stream} stream ends early"));
        }
        let mut damaged = bzip2.clone();
        damaged[bzip2.len() / 2] ^= 0xff;
        assert!(read(&damaged).unwrap_err().starts_with("the bzip2 stream is damaged"));
    }
}
