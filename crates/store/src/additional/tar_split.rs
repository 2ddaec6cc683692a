//! The tar stream of a layer of containers/storage: its tar-split, compressed by gzip, and its files.

use crate::error::{At, Error};
use crate::tar_split::{Lines, Piece};
use flate2::read::MultiGzDecoder;
use rustix::fd::OwnedFd;
use rustix::fs::{Mode, OFlags, ResolveFlags};
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;

/// The tar stream of a layer, bit for bit.
pub(super) struct TarSplit {
    lines: Lines<BufReader<MultiGzDecoder<File>>>,
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
        let lines = Lines::new(BufReader::new(MultiGzDecoder::new(file)));
        Ok(TarSplit { lines, diff, state: State::Segment(io::Cursor::default()) })
    }

    fn advance(&mut self) -> io::Result<State> {
        Ok(match self.lines.piece()? {
            None => State::Done,
            Some(Piece::Segment(bytes)) => State::Segment(io::Cursor::new(bytes)),
            Some(Piece::File { name, size }) => State::Content { file: open(&self.diff, &name)?, left: size },
        })
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

/// Never out of the layer: the name is what an archive said.
fn open(root: &OwnedFd, name: &[u8]) -> io::Result<File> {
    let parts: Vec<&[u8]> = name.split(|b| *b == b'/').filter(|part| !matches!(*part, b"" | b".")).collect();
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let resolve = ResolveFlags::IN_ROOT | ResolveFlags::NO_MAGICLINKS;
    Ok(File::from(rustix::fs::openat2(root, parts.join(&b'/'), flags, Mode::empty(), resolve)?))
}
