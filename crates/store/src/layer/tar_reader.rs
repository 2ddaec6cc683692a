//! A stored layer as the tar stream it was made from.

use super::extra::Extra;
use super::tar_meta::{Reader, Record};
use crate::error::{At, Error};
use rustix::fd::OwnedFd;
use rustix::fs::{Mode, OFlags, ResolveFlags};
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

pub(super) struct LayerReader {
    layer: OwnedFd,
    meta: Reader,
    extra: Extra,
    /// File records read so far.
    number: u64,
    state: State,
    /// `Some`: what of the files can't be read counts as zeros, and is noted here.
    unreadable: Option<Vec<(Vec<u8>, io::Error)>>,
}

/// Of files that can't be read; more help nobody.
const MOST_NOTES: usize = 20;

enum State {
    Literal {
        bytes: Vec<u8>,
        at: usize,
    },
    /// Parts still to come, in reverse, and what is left of the current one.
    Content {
        file: File,
        parts: Vec<(u64, u64)>,
        left: u64,
        /// For notes.
        path: Vec<u8>,
    },
    /// In place of what can't be read.
    Zeros {
        left: u64,
    },
    Done,
}

impl LayerReader {
    pub(super) fn open(layer: &Path) -> Result<LayerReader, Error> {
        Ok(LayerReader {
            layer: crate::lock::open_dir(layer).at("open folder", layer)?,
            meta: Reader::open(&layer.join("tar-meta"))?,
            extra: Extra::read(layer)?,
            number: 0,
            state: State::Literal { bytes: Vec::new(), at: 0 },
            unreadable: None,
        })
    }

    /// Goes on after files that are gone or too short.
    pub(super) fn tolerant(self) -> LayerReader {
        LayerReader { unreadable: Some(Vec::new()), ..self }
    }

    /// Files that a tolerant reader had to make up, and why.
    pub(super) fn unreadable(&self) -> &[(Vec<u8>, io::Error)] {
        self.unreadable.as_deref().unwrap_or_default()
    }

    /// Makes up `left` bytes if this reader is tolerant.
    fn give_up(&mut self, path: Vec<u8>, left: u64, error: io::Error) -> io::Result<State> {
        match &mut self.unreadable {
            None => Err(error),
            Some(list) => {
                if list.len() < MOST_NOTES {
                    list.push((path, error));
                }
                Ok(State::Zeros { left })
            }
        }
    }

    fn advance(&mut self) -> io::Result<State> {
        Ok(match self.meta.next()? {
            Record::End => State::Done,
            Record::Literal(bytes) => State::Literal { bytes, at: 0 },
            Record::File { path, mut parts } => {
                let path = self.extra.locate(&path, self.number);
                self.number += 1;
                match open_beneath(&self.layer, &path, OFlags::RDONLY | OFlags::NONBLOCK) {
                    Ok(file) => {
                        parts.reverse();
                        State::Content { file, parts, left: 0, path }
                    }
                    Err(e) => self.give_up(path, parts.iter().map(|(_, size)| size).sum(), e)?,
                }
            }
        })
    }
}

impl Read for LayerReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        loop {
            match &mut self.state {
                State::Done => return Ok(0),
                State::Literal { bytes, at } if *at < bytes.len() => {
                    let count = buffer.len().min(bytes.len() - *at);
                    buffer[..count].copy_from_slice(&bytes[*at..*at + count]);
                    *at += count;
                    return Ok(count);
                }
                State::Content { file, parts, left, path } if *left > 0 => {
                    let most = usize::try_from(*left).unwrap_or(usize::MAX).min(buffer.len());
                    // Shorter than it was: the disk has lost something.
                    let read = file.read(&mut buffer[..most]).and_then(|count| match count {
                        0 => Err(io::ErrorKind::UnexpectedEof.into()),
                        count => Ok(count),
                    });
                    match read {
                        Ok(count) => {
                            *left -= count as u64;
                            return Ok(count);
                        }
                        Err(e) => {
                            let rest = *left + parts.iter().map(|(_, size)| size).sum::<u64>();
                            let path = std::mem::take(path);
                            self.state = self.give_up(path, rest, e)?;
                        }
                    }
                }
                State::Zeros { left } if *left > 0 => {
                    let count = usize::try_from(*left).unwrap_or(usize::MAX).min(buffer.len());
                    buffer[..count].fill(0);
                    *left -= count as u64;
                    return Ok(count);
                }
                State::Content { file, parts, left, .. } if !parts.is_empty() => {
                    if let Some((offset, size)) = parts.pop() {
                        if offset > 0 {
                            file.seek(SeekFrom::Start(offset))?;
                        }
                        *left = size;
                    }
                }
                _ => self.state = self.advance()?,
            }
        }
    }
}

/// Opens a file by a path of any length; the kernel takes 4096 bytes at once. Links are never followed.
pub(super) fn open_beneath(root: &OwnedFd, path: &[u8], access: OFlags) -> io::Result<File> {
    const LONGEST: usize = 4000;
    let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS;
    let mut folder: Option<OwnedFd> = None;
    let mut rest = path;
    while rest.len() > LONGEST {
        let cut = rest[..LONGEST].iter().rposition(|b| *b == b'/').ok_or(io::ErrorKind::InvalidData)?;
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let from = folder.as_ref().unwrap_or(root);
        folder = Some(rustix::fs::openat2(from, &rest[..cut], flags, Mode::empty(), resolve)?);
        rest = &rest[cut + 1..];
    }
    let flags = access | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let fd = rustix::fs::openat2(folder.as_ref().unwrap_or(root), rest, flags, Mode::empty(), resolve)?;
    Ok(File::from(fd))
}
