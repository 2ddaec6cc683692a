//! Threads that work on the pieces of one stream; the results come in the order of the pieces.

use std::collections::VecDeque;
use std::io;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};

/// At most, for one stream.
const MAX_THREADS: usize = 8;

struct Job<J, R> {
    piece: J,
    answer: SyncSender<R>,
}

/// Dropped, the threads end.
pub(crate) struct Pool<J, R> {
    jobs: SyncSender<Job<J, R>>,
    pending: VecDeque<Receiver<R>>,
    threads: usize,
}

impl<J: Send + 'static, R: Send + 'static> Pool<J, R> {
    /// Each thread works with what `begin` makes for it.
    pub(crate) fn new<W>(begin: impl Fn() -> W + Send + Clone + 'static) -> Pool<J, R>
    where
        W: FnMut(J) -> R,
    {
        let threads = std::thread::available_parallelism().map_or(1, usize::from).min(MAX_THREADS);
        let (jobs, queue) = sync_channel::<Job<J, R>>(threads);
        let queue = Arc::new(Mutex::new(queue));
        for _ in 0..threads {
            let (queue, begin) = (Arc::clone(&queue), begin.clone());
            std::thread::spawn(move || work(&queue, begin()));
        }
        Pool { jobs, pending: VecDeque::new(), threads }
    }

    /// Whether there is work for all threads.
    pub(crate) fn is_full(&self) -> bool {
        self.pending.len() > self.threads
    }

    pub(crate) fn push(&mut self, piece: J) -> io::Result<()> {
        let (answer, result) = sync_channel(1);
        self.jobs.send(Job { piece, answer }).map_err(|_| ended())?;
        self.pending.push_back(result);
        Ok(())
    }

    /// The next result; `None`: all have been given out.
    pub(crate) fn next(&mut self) -> io::Result<Option<R>> {
        match self.pending.pop_front() {
            Some(result) => result.recv().map(Some).map_err(|_| ended()),
            None => Ok(None),
        }
    }
}

fn ended() -> io::Error {
    io::Error::other("a thread that compresses has ended")
}

fn work<J, R>(queue: &Mutex<Receiver<Job<J, R>>>, mut work: impl FnMut(J) -> R) {
    loop {
        let job = queue.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(job) = job else { return };
        // Nobody waits for the answer when the stream was given up.
        let _ = job.answer.send(work(job.piece));
    }
}
