//! gzip by several threads: the content is cut into pieces, each compressed with the end of the one before as dictionary,
//! and the results make one ordinary stream (what pigz does). The bytes don't depend on the number of threads.

use flate2::{Compress, Compression, Crc, FlushCompress, Status};
use std::collections::VecDeque;
use std::io::{self, Read};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};

/// Bytes of content in a piece.
const PIECE: usize = 256 << 10;
/// What deflate looks back.
const WINDOW: usize = 32 << 10;
/// At most, for one stream.
const MAX_THREADS: usize = 8;

/// No name, no time: the same content gives the same bytes.
const HEADER: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff];

/// Raw deflate, and the checksum of what it was.
type Answer = io::Result<(Vec<u8>, Crc)>;

/// A piece to be compressed.
struct Job {
    content: Vec<u8>,
    dictionary: Vec<u8>,
    last: bool,
    answer: SyncSender<Answer>,
}

/// Reads content and gives gzip.
pub(super) struct Compressor<R> {
    inner: R,
    /// Dropped at the end: the threads go.
    jobs: Option<SyncSender<Job>>,
    /// In the order of the content.
    pending: VecDeque<Receiver<Answer>>,
    threads: usize,
    dictionary: Vec<u8>,
    /// Read, and not known yet whether it is the last.
    next: Option<Vec<u8>>,
    /// Compressed, to be given out from `at` on.
    ready: Vec<u8>,
    at: usize,
    crc: Crc,
    ended: bool,
}

impl<R: Read> Compressor<R> {
    pub(super) fn new(inner: R, level: u32) -> Compressor<R> {
        let threads = std::thread::available_parallelism().map_or(1, usize::from).min(MAX_THREADS);
        let (jobs, queue) = sync_channel::<Job>(threads);
        let queue = Arc::new(Mutex::new(queue));
        for _ in 0..threads {
            let queue = Arc::clone(&queue);
            std::thread::spawn(move || work(&queue, level));
        }
        Compressor {
            inner,
            jobs: Some(jobs),
            pending: VecDeque::new(),
            threads,
            dictionary: Vec::new(),
            next: None,
            ready: HEADER.to_vec(),
            at: 0,
            crc: Crc::new(),
            ended: false,
        }
    }

    /// Keeps all threads busy.
    fn feed(&mut self) -> io::Result<()> {
        while self.jobs.is_some() && self.pending.len() <= self.threads {
            let content = match self.next.take() {
                Some(content) => content,
                None => self.piece()?,
            };
            let following = self.piece()?;
            let last = following.is_empty();
            self.next = Some(following);
            let dictionary = std::mem::take(&mut self.dictionary);
            self.dictionary = content[content.len().saturating_sub(WINDOW)..].to_vec();
            let (answer, result) = sync_channel(1);
            let job = Job { content, dictionary, last, answer };
            if let Some(jobs) = &self.jobs {
                jobs.send(job).map_err(|_| io::Error::other("the threads that compress have ended"))?;
            }
            self.pending.push_back(result);
            if last {
                self.jobs = None;
            }
        }
        Ok(())
    }

    fn piece(&mut self) -> io::Result<Vec<u8>> {
        let mut content = Vec::with_capacity(PIECE);
        self.inner.by_ref().take(PIECE as u64).read_to_end(&mut content)?;
        Ok(content)
    }

    /// The next compressed bytes; false at the end.
    fn advance(&mut self) -> io::Result<bool> {
        self.feed()?;
        let Some(result) = self.pending.pop_front() else {
            if std::mem::replace(&mut self.ended, true) {
                return Ok(false);
            }
            self.ready = [self.crc.sum().to_le_bytes(), self.crc.amount().to_le_bytes()].concat();
            self.at = 0;
            return Ok(true);
        };
        let (bytes, crc) = result.recv().map_err(|_| io::Error::other("a thread that compresses has ended"))??;
        self.crc.combine(&crc);
        (self.ready, self.at) = (bytes, 0);
        Ok(true)
    }
}

impl<R: Read> Read for Compressor<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.at == self.ready.len() {
            if buffer.is_empty() || !self.advance()? {
                return Ok(0);
            }
        }
        let count = buffer.len().min(self.ready.len() - self.at);
        buffer[..count].copy_from_slice(&self.ready[self.at..self.at + count]);
        self.at += count;
        Ok(count)
    }
}

fn work(queue: &Mutex<Receiver<Job>>, level: u32) {
    loop {
        let job = queue.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(job) = job else { return };
        // Nobody waits for the answer when the stream was given up.
        let _ = job.answer.send(deflate(&job.content, &job.dictionary, job.last, level));
    }
}

/// A piece as raw deflate that ends on a byte.
fn deflate(content: &[u8], dictionary: &[u8], last: bool, level: u32) -> Answer {
    let mut crc = Crc::new();
    crc.update(content);
    let mut compress = Compress::new(Compression::new(level), false);
    if !dictionary.is_empty() {
        compress.set_dictionary(dictionary)?;
    }
    let flush = if last { FlushCompress::Finish } else { FlushCompress::Sync };
    let mut out = Vec::with_capacity(content.len() / 2 + 1024);
    loop {
        let done = usize::try_from(compress.total_in()).unwrap_or(usize::MAX);
        let status = compress.compress_vec(&content[done..], &mut out, flush)?;
        let all_in = compress.total_in() == content.len() as u64;
        match status {
            Status::StreamEnd => return Ok((out, crc)),
            // Room was left, so everything is flushed.
            _ if !last && all_in && out.len() < out.capacity() => return Ok((out, crc)),
            _ => out.reserve(64 << 10),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn round_trip(content: &[u8], level: u32) -> Vec<u8> {
        let mut compressed = Vec::new();
        Compressor::new(content, level).read_to_end(&mut compressed).unwrap();
        let mut back = Vec::new();
        flate2::read::GzDecoder::new(compressed.as_slice()).read_to_end(&mut back).unwrap();
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
