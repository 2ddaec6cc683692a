//! tar-split, by which containers/storage keeps what of a layer's tar stream isn't the content of its files: JSON lines,
//! either bytes of the stream or the content of a file.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde::{Deserialize, Serialize};
use std::io::{self, BufRead, Read};

/// A line holds headers with their padding, or at most what PAX allows.
const LONGEST_LINE: u64 = 16 << 20;

const FILE: u8 = 1;
const SEGMENT: u8 = 2;

/// A line as it is written.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Line {
    #[serde(rename = "type")]
    kind: u8,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    /// In base64: names that aren't UTF-8.
    #[serde(skip_serializing_if = "Option::is_none")]
    name_raw: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    size: Option<u64>,
    /// In base64: bytes of the stream, or a file's checksum.
    payload: Option<String>,
    position: u64,
}

impl Line {
    /// Bytes of the stream.
    pub fn segment(bytes: &[u8]) -> Line {
        Line { kind: SEGMENT, payload: Some(BASE64_STANDARD.encode(bytes)), ..Line::default() }
    }

    /// The same with its number among the lines.
    #[must_use]
    pub fn at(self, position: u64) -> Line {
        Line { position, ..self }
    }

    /// The content of an entry; `checksum` is CRC-64-ISO, the highest byte first, of what has content.
    pub fn file(name: &str, size: u64, checksum: Option<[u8; 8]>) -> Line {
        Line {
            kind: FILE,
            name: Some(name.to_owned()),
            size: Some(size).filter(|size| *size > 0),
            payload: checksum.map(|sum| BASE64_STANDARD.encode(sum)),
            ..Line::default()
        }
    }
}

/// What a line says.
#[derive(Debug, PartialEq)]
pub enum Piece {
    /// Bytes of the stream.
    Segment(Vec<u8>),
    /// The content of a file.
    File {
        /// As the stream has it.
        name: Vec<u8>,
        /// Bytes, at least one.
        size: u64,
    },
}

/// Reads lines.
pub struct Lines<R>(R);

impl<R: BufRead> Lines<R> {
    /// From what is decompressed already.
    pub fn new(text: R) -> Lines<R> {
        Lines(text)
    }

    /// The next piece; `None`: the end.
    pub fn piece(&mut self) -> io::Result<Option<Piece>> {
        loop {
            let mut text = Vec::new();
            if (&mut self.0).take(LONGEST_LINE).read_until(b'\n', &mut text)? == 0 {
                return Ok(None);
            }
            let line: Line = serde_json::from_slice(&text)?;
            match (line.kind, line.size.unwrap_or(0)) {
                (SEGMENT, _) => return Ok(Some(Piece::Segment(decode(&line.payload.unwrap_or_default())?))),
                // What has no content.
                (FILE, 0) => {}
                (FILE, size) => {
                    let raw = line.name_raw.as_deref().map(decode).transpose()?;
                    let name = raw.unwrap_or_else(|| line.name.unwrap_or_default().into_bytes());
                    return Ok(Some(Piece::File { name, size }));
                }
                _ => return Err(io::ErrorKind::InvalidData.into()),
            }
        }
    }
}

fn decode(text: &str) -> io::Result<Vec<u8>> {
    BASE64_STANDARD.decode(text).map_err(|_| io::ErrorKind::InvalidData.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_come_back_and_nonsense_is_an_error() {
        let lines = [Line::segment(b"head"), Line::file("d", 0, None), Line::file("f", 3, Some([7; 8]))];
        let text: String = lines.iter().map(|line| serde_json::to_string(line).unwrap() + "\n").collect();
        assert!(text.contains(r#"{"type":1,"name":"d","payload":null,"position":0}"#), "{text}");
        let mut read = Lines::new(text.as_bytes());
        assert_eq!(read.piece().unwrap(), Some(Piece::Segment(b"head".to_vec())));
        assert_eq!(read.piece().unwrap(), Some(Piece::File { name: b"f".to_vec(), size: 3 }));
        assert_eq!(read.piece().unwrap(), None);
        for bad in ["{}", "x", r#"{"type":3}"#, r#"{"type":1,"size":-1}"#, r#"{"type":2,"payload":"?"}"#] {
            assert!(Lines::new(bad.as_bytes()).piece().is_err(), "{bad}");
        }
    }
}
