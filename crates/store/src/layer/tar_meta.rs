//! `tar-meta`: all of a layer's tar stream that isn't the content of its files, so that the stream can be given back bit for bit.
//!
//! Format: a zstd stream of records. Numbers are little-endian.
//! ```text
//! 1  u32 length, bytes                          these bytes of the stream: headers, padding, the end
//! 2  u32 length, path, u64 size                 the content of this file of diff/, from its start
//! 3  u32 length, path, u32 n, n × (u64, u64)    parts (offset, size) of the content of this file
//! 0                                             the end
//! ```
//! A file whose path was given to something else by a later entry is found through `extra.json`, by the number of its record.

use crate::error::{At, Error};
use std::fs::File;
use std::io::{self, BufReader, Read, Write};
use std::path::{Path, PathBuf};

const END: u8 = 0;
const LITERAL: u8 = 1;
const FILE: u8 = 2;
const PARTS: u8 = 3;

/// Literals are written in pieces of about this many bytes.
const PIECE: usize = 64 << 10;
/// What a reader believes of a length.
const LONGEST: u32 = 8 << 20;

pub(super) struct Writer {
    path: PathBuf,
    encoder: zstd::stream::write::Encoder<'static, File>,
    literal: Vec<u8>,
    /// File records so far.
    files: u64,
}

impl Writer {
    pub(super) fn create(path: PathBuf) -> Result<Writer, Error> {
        let file = File::create_new(&path).at("create", &path)?;
        // The lowest level: headers are so alike that more buys little.
        let encoder = zstd::stream::write::Encoder::new(file, 1).at("compress", &path)?;
        Ok(Writer { path, encoder, literal: Vec::with_capacity(PIECE), files: 0 })
    }

    pub(super) fn literal(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.literal.extend_from_slice(bytes);
        if self.literal.len() >= PIECE { self.flush() } else { Ok(()) }
    }

    /// The content of a file follows in the stream; `parts` if it has holes.
    pub(super) fn file(&mut self, path: &[u8], size: u64, parts: Option<&[(u64, u64)]>) -> Result<(), Error> {
        self.flush()?;
        self.files += 1;
        let mut record = Vec::with_capacity(path.len() + 16);
        record.push(if parts.is_some() { PARTS } else { FILE });
        record.extend_from_slice(&(path.len() as u32).to_le_bytes());
        record.extend_from_slice(path);
        match parts {
            None => record.extend_from_slice(&size.to_le_bytes()),
            Some(parts) => {
                record.extend_from_slice(&(parts.len() as u32).to_le_bytes());
                for (offset, size) in parts {
                    record.extend_from_slice(&offset.to_le_bytes());
                    record.extend_from_slice(&size.to_le_bytes());
                }
            }
        }
        self.encoder.write_all(&record).at("write", &self.path)
    }

    /// How many file records there are: the number of the next one.
    pub(super) fn files(&self) -> u64 {
        self.files
    }

    pub(super) fn finish(mut self) -> Result<(), Error> {
        self.flush()?;
        self.encoder.write_all(&[END]).at("write", &self.path)?;
        self.encoder.finish().at("write", &self.path).map(drop)
    }

    fn flush(&mut self) -> Result<(), Error> {
        for piece in self.literal.chunks(PIECE * 8) {
            let mut head = [LITERAL, 0, 0, 0, 0];
            head[1..].copy_from_slice(&(piece.len() as u32).to_le_bytes());
            self.encoder.write_all(&head).and_then(|()| self.encoder.write_all(piece)).at("write", &self.path)?;
        }
        self.literal.clear();
        Ok(())
    }
}

pub(super) enum Record {
    Literal(Vec<u8>),
    File { path: Vec<u8>, parts: Vec<(u64, u64)> },
    End,
}

pub(super) struct Reader(zstd::stream::read::Decoder<'static, BufReader<File>>);

impl Reader {
    pub(super) fn open(path: &Path) -> Result<Reader, Error> {
        let file = File::open(path).at("open", path)?;
        zstd::stream::read::Decoder::new(file).at("decompress", path).map(Reader)
    }

    pub(super) fn next(&mut self) -> io::Result<Record> {
        let [kind] = self.array()?;
        match kind {
            END => Ok(Record::End),
            LITERAL => self.bytes().map(Record::Literal),
            FILE => Ok(Record::File { path: self.bytes()?, parts: vec![(0, u64::from_le_bytes(self.array()?))] }),
            PARTS => {
                let path = self.bytes()?;
                let count = u32::from_le_bytes(self.array()?);
                let mut parts = Vec::new();
                for _ in 0..count {
                    parts.push((u64::from_le_bytes(self.array()?), u64::from_le_bytes(self.array()?)));
                }
                Ok(Record::File { path, parts })
            }
            _ => Err(io::ErrorKind::InvalidData.into()),
        }
    }

    fn array<const N: usize>(&mut self) -> io::Result<[u8; N]> {
        let mut bytes = [0; N];
        self.0.read_exact(&mut bytes)?;
        Ok(bytes)
    }

    fn bytes(&mut self) -> io::Result<Vec<u8>> {
        let length = u32::from_le_bytes(self.array()?);
        if length > LONGEST {
            return Err(io::ErrorKind::InvalidData.into());
        }
        let mut bytes = vec![0; length as usize];
        self.0.read_exact(&mut bytes)?;
        Ok(bytes)
    }
}
