//! A step in a process of its own: what it prints and what it made come back through pipes.

use crate::error::Error;
use oci::Digest;
use rustix::event::{PollFd, PollFlags, poll};
use rustix::fd::{AsFd, AsRawFd, OwnedFd};
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io::{Read, Write};

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
}

/// Why it made nothing.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Failure {
    /// Of the command, if that is what failed.
    pub(super) code: Option<i32>,
    /// The chain of causes.
    pub(super) why: String,
}

/// A running step.
pub(super) struct Worker {
    pid: i32,
    /// Its standard output and error, and its result.
    pipes: [Option<File>; 3],
    result: Vec<u8>,
}

impl Worker {
    /// Forks; `work` is done in the new process, whose standard streams are pipes. The caller has one thread.
    pub(super) fn start(work: impl FnOnce() -> Result<Outcome, Failure>) -> Result<Worker, Error> {
        let failed = |error: std::io::Error| Error::io("start a build step")(error);
        let pipe = || rustix::pipe::pipe_with(rustix::pipe::PipeFlags::CLOEXEC).map_err(|error| failed(error.into()));
        let [out, error, result] = [pipe()?, pipe()?, pipe()?];
        match sys::process::fork().map_err(failed)? {
            sys::process::Fork::Parent(pid) => {
                let pipes = [out.0, error.0, result.0].map(|fd| Some(File::from(fd)));
                Ok(Worker { pid, pipes, result: Vec::new() })
            }
            sys::process::Fork::Child => {
                let code = match child((&out.1, &error.1), result.1, work) {
                    Ok(()) => 0,
                    Err(_) => 125,
                };
                sys::process::exit_now(code)
            }
        }
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
            Ok(count) if at == 2 => self.result.extend_from_slice(&buffer[..count]),
            Ok(count) => output(at == 1, &buffer[..count]),
        }
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
        serde_json::from_slice::<Result<Outcome, Failure>>(&self.result).unwrap_or_else(|_| Err(killed()))
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
    (out, error): (&OwnedFd, &OwnedFd),
    result: OwnedFd,
    work: impl FnOnce() -> Result<Outcome, Failure>,
) -> std::io::Result<()> {
    // Its parent may be gone already; then nobody reads the result either.
    sys::process::die_with_parent(9)?;
    sys::process::set_name(c"minke-build");
    let null = rustix::fs::open("/dev/null", rustix::fs::OFlags::RDONLY, rustix::fs::Mode::empty())?;
    rustix::stdio::dup2_stdin(&null)?;
    rustix::stdio::dup2_stdout(out)?;
    rustix::stdio::dup2_stderr(error)?;
    let outcome = work();
    let text = serde_json::to_vec(&outcome)?;
    File::from(result).write_all(&text)
}

/// A worker's key and end.
pub(super) type Ended<K> = (K, Result<Outcome, Failure>);

/// Waits until some of the workers have ended; their keys and ends. What commands print goes to `output` as it comes.
pub(super) fn wait<K: Copy + PartialEq>(
    workers: &mut Vec<(K, Worker)>,
    output: &mut dyn FnMut(K, bool, &[u8]),
) -> Result<Vec<Ended<K>>, Error> {
    let mut buffer = vec![0; 64 << 10];
    loop {
        let ended: Vec<K> =
            workers.iter().filter(|(_, worker)| worker.open().next().is_none()).map(|(key, _)| *key).collect();
        if !ended.is_empty() {
            let mut ends = Vec::new();
            for key in ended {
                if let Some(at) = workers.iter().position(|(other, _)| *other == key) {
                    ends.push((key, workers.remove(at).1.finish()));
                }
            }
            return Ok(ends);
        }
        let sources: Vec<(usize, usize, i32)> = workers
            .iter()
            .enumerate()
            .flat_map(|(index, (_, worker))| worker.open().map(move |(at, pipe)| (index, at, pipe.as_raw_fd())))
            .collect();
        let ready: Vec<bool> = {
            let pipes = workers.iter().flat_map(|(_, worker)| worker.open());
            let mut fds: Vec<PollFd<'_>> =
                pipes.map(|(_, pipe)| PollFd::from_borrowed_fd(pipe.as_fd(), PollFlags::IN)).collect();
            match poll(&mut fds, None) {
                Err(rustix::io::Errno::INTR) => continue,
                polled => polled.map_err(|error| Error::io("wait for build steps")(error.into()))?,
            };
            fds.iter().map(|fd| !fd.revents().is_empty()).collect()
        };
        for ((index, at, _), _) in sources.iter().zip(&ready).filter(|(_, ready)| **ready) {
            let (key, worker) = &mut workers[*index];
            let key = *key;
            worker.read(*at, &mut buffer, &mut |error, bytes| output(key, error, bytes));
        }
    }
}
