//! Frames, made side by side, and where they land in the blob.

use crate::compress::pool::Pool;
use sha2::Digest as _;
use std::io;

/// What becomes one frame.
struct Job {
    content: Vec<u8>,
    hashed: bool,
}

struct Frame {
    bytes: Vec<u8>,
    digest: Option<[u8; 32]>,
}

/// What a chunk became.
#[derive(Debug, Clone, Copy)]
pub(super) struct Landed {
    /// Bytes of the chunk.
    pub(super) size: u64,
    /// Where its frame begins in the blob, and where it ends.
    pub(super) offset: u64,
    pub(super) end: u64,
    /// SHA-256 of the content.
    pub(super) digest: [u8; 32],
    /// Only zeros.
    pub(super) hole: bool,
}

/// A frame that is made.
pub(super) struct Made {
    pub(super) bytes: Vec<u8>,
    /// If it is a chunk: of which entry, and what it became.
    pub(super) chunk: Option<(usize, Landed)>,
}

/// To which file a frame belongs.
#[derive(Clone, Copy)]
struct Owner {
    file: usize,
    size: u64,
    hole: bool,
}

pub(super) struct Frames {
    pool: Pool<Job, io::Result<Frame>>,
    /// Of the frames that are being made; `None`: headers of the tar stream.
    owners: std::collections::VecDeque<Option<Owner>>,
    /// Bytes of the blob so far.
    written: u64,
}

impl Frames {
    pub(super) fn new(level: i32) -> Frames {
        let begin = move || {
            let mut compressor = zstd::bulk::Compressor::new(level);
            move |job: Job| match &mut compressor {
                Ok(compressor) => frame(compressor, &job),
                Err(e) => Err(io::Error::new(e.kind(), e.to_string())),
            }
        };
        Frames { pool: Pool::new(begin), owners: Default::default(), written: 0 }
    }

    /// Where the blob has got to; right when all frames have landed.
    pub(super) fn written(&self) -> u64 {
        self.written
    }

    pub(super) fn is_full(&self) -> bool {
        self.pool.is_full()
    }

    /// Headers, padding, the end.
    pub(super) fn literal(&mut self, content: Vec<u8>) -> io::Result<()> {
        self.owners.push_back(None);
        self.pool.push(Job { content, hashed: false })
    }

    /// The next chunk of entry `file`.
    pub(super) fn chunk(&mut self, content: Vec<u8>, file: usize, hole: bool) -> io::Result<()> {
        self.owners.push_back(Some(Owner { file, size: content.len() as u64, hole }));
        self.pool.push(Job { content, hashed: true })
    }

    /// The next frame; `None`: there is none on its way.
    pub(super) fn next(&mut self) -> io::Result<Option<Made>> {
        let Some(frame) = self.pool.next()? else { return Ok(None) };
        let frame = frame?;
        let offset = self.written;
        self.written += frame.bytes.len() as u64;
        let owner = self.owners.pop_front().flatten();
        let chunk = owner.zip(frame.digest).map(|(Owner { file, size, hole }, digest)| {
            (file, Landed { size, offset, end: self.written, digest, hole })
        });
        Ok(Some(Made { bytes: frame.bytes, chunk }))
    }
}

fn frame(compressor: &mut zstd::bulk::Compressor<'_>, job: &Job) -> io::Result<Frame> {
    let digest = job.hashed.then(|| sha2::Sha256::digest(&job.content).into());
    Ok(Frame { bytes: compressor.compress(&job.content)?, digest })
}
