//! A step in a process of its own: what it prints and what it made come back through pipes.

use super::interrupt::Interrupts;
use crate::error::Error;
use engine::build::CacheRecord;
use oci::Digest;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fd::{AsFd, OwnedFd};
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io::{Read, Write};
use std::rc::Rc;
use std::time::{Duration, Instant};

/// What a step made.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Outcome {
    /// `None`: it changed no file.
    pub(super) layer: Option<(Digest, u64)>,
    /// It was remembered.
    pub(super) cached: bool,
    /// Of the files that were copied.
    pub(super) content: Option<Digest>,
    /// What to know.
    pub(super) warnings: Vec<String>,
    /// For others who have the same inputs.
    pub(super) record: Option<CacheRecord>,
}

/// Why it made nothing.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Failure {
    /// Of the command, if that is what failed.
    pub(super) code: Option<i32>,
    /// The chain of causes.
    pub(super) why: String,
}

/// What a step tells before its end, a line of JSON each; the last is its end.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum News {
    /// It wasn't remembered: why not.
    Missed(Vec<String>),
    /// Its command failed, and it waits for the terminal to show what is there.
    Asks(Failure),
    /// It is done.
    Ended(Result<Outcome, Failure>),
}

/// The step's side of that.
#[derive(Debug)]
pub(super) struct Voice {
    out: File,
    /// Says when the terminal is free.
    answer: File,
}

impl Voice {
    /// Nobody can be told if that fails: its end will be missed.
    pub(super) fn tell(&self, news: &News) {
        let mut line = serde_json::to_vec(news).unwrap_or_default();
        line.push(b'\n');
        let _ = (&self.out).write_all(&line);
    }

    /// Waits for the terminal; false: there is none.
    pub(super) fn ask(&self, failure: &Failure) -> bool {
        self.tell(&News::Asks(failure.clone()));
        matches!((&self.answer).read(&mut [0]), Ok(1))
    }
}

/// What a step can read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stdin {
    /// Nothing.
    Empty,
    /// What the caller gives (`--stdin`).
    Callers,
}

/// A running step.
pub(super) struct Worker {
    pid: i32,
    /// Its standard output and error, and its news.
    pipes: [Option<File>; 3],
    news: Vec<u8>,
    answer: File,
}

impl Worker {
    /// Forks; `work` is done in the new process, whose standard streams are pipes. The caller has one thread.
    pub(super) fn start(
        stdin: Stdin,
        work: impl FnOnce(Rc<Voice>) -> Result<Outcome, Failure>,
    ) -> Result<Worker, Error> {
        let failed = |error: std::io::Error| Error::io("start a build step")(error);
        let pipe = || rustix::pipe::pipe_with(rustix::pipe::PipeFlags::CLOEXEC).map_err(|error| failed(error.into()));
        let [out, error, news, answer] = [pipe()?, pipe()?, pipe()?, pipe()?];
        match sys::process::fork().map_err(failed)? {
            sys::process::Fork::Parent(pid) => {
                let pipes = [out.0, error.0, news.0].map(|fd| Some(File::from(fd)));
                Ok(Worker { pid, pipes, news: Vec::new(), answer: answer.1.into() })
            }
            sys::process::Fork::Child => {
                // Its own copy of the other end would keep the answer from ending with the coordinator.
                drop(answer.1);
                let voice = Voice { out: news.1.into(), answer: answer.0.into() };
                let code = match child((stdin, &out.1, &error.1), voice, work) {
                    Ok(()) => 0,
                    Err(_) => 125,
                };
                sys::process::exit_now(code)
            }
        }
    }

    /// The terminal is free for it.
    pub(super) fn answer(&mut self) {
        let _ = self.answer.write_all(b"1");
    }

    /// Which of its pipes may still say something.
    fn open(&self) -> impl Iterator<Item = (usize, &File)> {
        self.pipes.iter().enumerate().filter_map(|(at, pipe)| Some((at, pipe.as_ref()?)))
    }

    /// Reads what is there; `output` gets what the command prints (`true`: to its standard error).
    fn read(&mut self, at: usize, buffer: &mut [u8], output: &mut dyn FnMut(bool, &[u8])) {
        let Some(pipe) = &mut self.pipes[at] else { return };
        match pipe.read(buffer) {
            Ok(0) | Err(_) => self.pipes[at] = None,
            Ok(count) if at == 2 => self.news.extend_from_slice(&buffer[..count]),
            Ok(count) => output(at == 1, &buffer[..count]),
        }
    }

    /// News that are whole, but for its end: that comes when all it had to say is read.
    fn hear(&mut self) -> Option<News> {
        let end = self.news.iter().position(|byte| *byte == b'\n')?;
        let news = serde_json::from_slice(&self.news[..end]).ok()?;
        if matches!(news, News::Ended(_)) {
            return None;
        }
        self.news.drain(..=end);
        Some(news)
    }

    /// Its end, once all pipes are closed.
    fn finish(mut self) -> Result<Outcome, Failure> {
        let pid = rustix::process::Pid::from_raw(self.pid);
        let status = rustix::process::waitpid(pid, rustix::process::WaitOptions::empty());
        self.pid = 0;
        let signal = status.ok().flatten().and_then(|(_, status)| status.terminating_signal());
        let killed = || Failure {
            code: None,
            why: match signal {
                Some(signal) => format!("the step's process was ended by signal {signal}"),
                None => "the step's process ended without a result".to_owned(),
            },
        };
        match serde_json::from_slice(&self.news) {
            Ok(News::Ended(end)) => end,
            _ => Err(killed()),
        }
    }
}

/// Another step has failed: this one is of no use any more.
impl Drop for Worker {
    fn drop(&mut self) {
        if let Some(pid) = rustix::process::Pid::from_raw(self.pid) {
            let _ = rustix::process::kill_process(pid, rustix::process::Signal::KILL);
            let _ = rustix::process::waitpid(Some(pid), rustix::process::WaitOptions::empty());
        }
    }
}

/// In the new process.
fn child(
    (stdin, out, error): (Stdin, &OwnedFd, &OwnedFd),
    voice: Voice,
    work: impl FnOnce(Rc<Voice>) -> Result<Outcome, Failure>,
) -> std::io::Result<()> {
    // Its parent may be gone already; then nobody reads the result either.
    sys::process::die_with_parent(9)?;
    sys::process::set_name(c"minke-build");
    sys::signal::set_mask(&sys::signal::Mask::of(&[]))?;
    if stdin == Stdin::Empty {
        let null = rustix::fs::open("/dev/null", rustix::fs::OFlags::RDONLY, rustix::fs::Mode::empty())?;
        rustix::stdio::dup2_stdin(&null)?;
    }
    rustix::stdio::dup2_stdout(out)?;
    rustix::stdio::dup2_stderr(error)?;
    let voice = Rc::new(voice);
    let outcome = work(voice.clone());
    voice.tell(&News::Ended(outcome));
    Ok(())
}

/// What waiting listens to beside the workers.
pub(super) struct Beside<'a> {
    /// Ends it with an error.
    pub(super) interrupts: &'a Interrupts,
    /// After this time it returns, whatever has happened.
    pub(super) tick: Option<Duration>,
}

/// Waits until some of the workers have news, or some time has passed. What commands print goes to `output` as it comes.
pub(super) fn wait<K: Copy + PartialEq>(
    workers: &mut Vec<(K, Worker)>,
    beside: &Beside<'_>,
    output: &mut dyn FnMut(K, bool, &[u8]),
) -> Result<Vec<(K, News)>, Error> {
    let mut buffer = vec![0; 64 << 10];
    let until = beside.tick.map(|tick| Instant::now() + tick);
    loop {
        let news = news(workers);
        let left = until.map(|until| until.saturating_duration_since(Instant::now()));
        if !news.is_empty() || left.is_some_and(|left| left.is_zero()) {
            return Ok(news);
        }
        for (index, at) in ready(workers, beside, left)? {
            let (key, worker) = &mut workers[index];
            let key = *key;
            worker.read(at, &mut buffer, &mut |error, bytes| output(key, error, bytes));
        }
    }
}

/// What they have said so far; who is done is taken out.
fn news<K: Copy + PartialEq>(workers: &mut Vec<(K, Worker)>) -> Vec<(K, News)> {
    let mut all = Vec::new();
    for (key, worker) in workers.iter_mut() {
        while let Some(news) = worker.hear() {
            all.push((*key, news));
        }
    }
    while let Some(at) = workers.iter().position(|(_, worker)| worker.open().next().is_none()) {
        let (key, worker) = workers.remove(at);
        all.push((key, News::Ended(worker.finish())));
    }
    all
}

/// Which pipes of which workers can be read.
fn ready<K>(
    workers: &[(K, Worker)],
    beside: &Beside<'_>,
    left: Option<Duration>,
) -> Result<Vec<(usize, usize)>, Error> {
    let pipes =
        workers.iter().enumerate().flat_map(|(index, (_, worker))| worker.open().map(move |pipe| (index, pipe)));
    let (sources, mut fds): (Vec<(usize, usize)>, Vec<PollFd<'_>>) =
        pipes.map(|(index, (at, pipe))| ((index, at), PollFd::from_borrowed_fd(pipe.as_fd(), PollFlags::IN))).unzip();
    fds.push(PollFd::from_borrowed_fd(beside.interrupts.fd(), PollFlags::IN));
    let limit = left.map(|left| Timespec { tv_sec: left.as_secs() as i64, tv_nsec: left.subsec_nanos().into() });
    match poll(&mut fds, limit.as_ref()) {
        Err(rustix::io::Errno::INTR) => return Ok(Vec::new()),
        polled => polled.map_err(|error| Error::io("wait for build steps")(error.into()))?,
    };
    let signalled = fds.pop().is_some_and(|fd| !fd.revents().is_empty());
    if signalled {
        beside.interrupts.check()?;
    }
    Ok(sources.into_iter().zip(&fds).filter(|(_, fd)| !fd.revents().is_empty()).map(|(source, _)| source).collect())
}
