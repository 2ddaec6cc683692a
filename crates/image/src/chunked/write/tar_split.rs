//! tar-split: what of a tar stream isn't the content of files, from which others rebuild it.

use oci::Digest;
use std::io::{self, Write};
use store::tar_split::Line;

/// Writes it, compressed.
pub(super) struct Writer {
    encoder: zstd::stream::write::Encoder<'static, Vec<u8>>,
    position: u64,
    plain: u64,
}

/// What came out.
pub(super) struct Written {
    pub(super) bytes: Vec<u8>,
    pub(super) digest: Digest,
    /// Bytes before compression.
    pub(super) plain: u64,
}

impl Writer {
    pub(super) fn new(level: i32) -> io::Result<Writer> {
        Ok(Writer { encoder: zstd::stream::write::Encoder::new(Vec::new(), level)?, position: 0, plain: 0 })
    }

    /// Bytes of the stream.
    pub(super) fn segment(&mut self, bytes: &[u8]) -> io::Result<()> {
        if bytes.is_empty() { Ok(()) } else { self.line(Line::segment(bytes)) }
    }

    /// The content of a file, or of something that has none.
    pub(super) fn file(&mut self, name: &str, size: u64, checksum: Option<[u8; 8]>) -> io::Result<()> {
        self.line(Line::file(name, size, checksum))
    }

    fn line(&mut self, line: Line) -> io::Result<()> {
        let mut text = serde_json::to_vec(&line.at(self.position))?;
        text.push(b'\n');
        self.position += 1;
        self.plain += text.len() as u64;
        self.encoder.write_all(&text)
    }

    /// Bytes so far.
    pub(super) fn plain(&self) -> u64 {
        self.plain
    }

    /// Bytes so far that left the compressor.
    pub(super) fn compressed(&self) -> u64 {
        self.encoder.get_ref().len() as u64
    }

    pub(super) fn finish(self) -> io::Result<Written> {
        let bytes = self.encoder.finish()?;
        Ok(Written { digest: Digest::sha256(&bytes), bytes, plain: self.plain })
    }
}
