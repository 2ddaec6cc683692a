//! tar-split, by which containers/storage keeps what of a layer's tar stream isn't the content of its files: gzip of JSON
//! lines, either bytes of the stream (type 2) or the content of a file (type 1).

use crate::error::{At, Error};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use flate2::read::MultiGzDecoder;
use rustix::fd::OwnedFd;
use rustix::fs::{Mode, OFlags, ResolveFlags};
use serde::Deserialize;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

/// A line holds headers with their padding, or at most what PAX allows.
const LONGEST_LINE: u64 = 16 << 20;

#[derive(Deserialize)]
struct Line {
    #[serde(rename = "type")]
    kind: u8,
    #[serde(default)]
    name: Option<String>,
    /// In base64: names that aren't UTF-8.
    #[serde(default)]
    name_raw: Option<String>,
    #[serde(default)]
    size: Option<u64>,
    #[serde(default)]
    payload: Option<String>,
}

const FILE: u8 = 1;
const SEGMENT: u8 = 2;

/// The tar stream of a layer, bit for bit.
pub(super) struct TarSplit {
    lines: BufReader<MultiGzDecoder<File>>,
    /// The layer's files.
    diff: OwnedFd,
    state: State,
}

enum State {
    Segment(io::Cursor<Vec<u8>>),
    Content { file: File, left: u64 },
    Done,
}

impl TarSplit {
    pub(super) fn open(meta: &Path, diff: &Path) -> Result<TarSplit, Error> {
        let file = File::open(meta).at("open", meta)?;
        let diff = crate::lock::open_dir(diff).at("open folder", diff)?;
        let lines = BufReader::new(MultiGzDecoder::new(file));
        Ok(TarSplit { lines, diff, state: State::Segment(io::Cursor::default()) })
    }

    fn advance(&mut self) -> io::Result<State> {
        let mut line = Vec::new();
        if (&mut self.lines).take(LONGEST_LINE).read_until(b'\n', &mut line)? == 0 {
            return Ok(State::Done);
        }
        let line: Line = serde_json::from_slice(&line)?;
        match (line.kind, line.size.unwrap_or(0)) {
            (SEGMENT, _) => Ok(State::Segment(io::Cursor::new(decode(&line.payload.unwrap_or_default())?))),
            (FILE, 0) => Ok(State::Segment(io::Cursor::default())),
            (FILE, left) => {
                let raw = line.name_raw.as_deref().map(decode).transpose()?;
                let name = raw.unwrap_or_else(|| line.name.unwrap_or_default().into_bytes());
                Ok(State::Content { file: open(&self.diff, &name)?, left })
            }
            _ => Err(io::ErrorKind::InvalidData.into()),
        }
    }
}

impl Read for TarSplit {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let count = match &mut self.state {
                State::Done => return Ok(0),
                State::Segment(bytes) => bytes.read(buffer)?,
                State::Content { left: 0, .. } => 0,
                State::Content { file, left } => {
                    let most = usize::try_from(*left).unwrap_or(usize::MAX).min(buffer.len());
                    match file.read(&mut buffer[..most])? {
                        0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                        count => {
                            *left -= count as u64;
                            count
                        }
                    }
                }
            };
            if count > 0 || buffer.is_empty() {
                return Ok(count);
            }
            self.state = self.advance()?;
        }
    }
}

fn decode(text: &str) -> io::Result<Vec<u8>> {
    BASE64_STANDARD.decode(text).map_err(|_| io::ErrorKind::InvalidData.into())
}

/// Never out of the layer: the name is what an archive said.
fn open(root: &OwnedFd, name: &[u8]) -> io::Result<File> {
    let parts: Vec<&[u8]> = name.split(|b| *b == b'/').filter(|part| !matches!(*part, b"" | b".")).collect();
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let resolve = ResolveFlags::IN_ROOT | ResolveFlags::NO_MAGICLINKS;
    Ok(File::from(rustix::fs::openat2(root, parts.join(&b'/'), flags, Mode::empty(), resolve)?))
}
