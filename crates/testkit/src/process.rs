//! A command that runs beside the test.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command, ExitStatus};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::env::TestEnv;
use crate::output::Output;
use crate::wait::{LIMIT, wait_for};

/// A running command with its pipes.
#[derive(Debug)]
pub struct Process {
    line: String,
    child: Child,
    stdin: Option<ChildStdin>,
    stdout: Option<BufReader<ChildStdout>>,
    stderr: Option<ChildStderr>,
    seen: Vec<u8>,
    started: Instant,
}

impl Process {
    #[track_caller]
    pub(crate) fn start(env: &TestEnv, command: &mut Command, line: String) -> Self {
        let started = Instant::now();
        let mut child = env.inside(|| command.spawn()).unwrap_or_else(|err| panic!("$ {line}\n{err}"));
        let stdin = child.stdin.take();
        let stdout = child.stdout.take().map(BufReader::new);
        let stderr = child.stderr.take();
        Self { line, child, stdin, stdout, stderr, seen: Vec::new(), started }
    }

    /// Its pid as the test process sees it.
    #[must_use]
    pub fn pid(&self) -> i32 {
        i32::try_from(self.child.id()).expect("a pid is an i32")
    }

    /// Its pid as the processes of the environment see it.
    #[must_use]
    pub fn inner_pid(&self) -> i32 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.pid())).expect("it runs");
        let line = status.lines().find(|line| line.starts_with("NSpid:")).expect("NSpid");
        line.split_whitespace().last().expect("a pid").parse().expect("a number")
    }

    /// Writes to its stdin.
    pub fn write(&mut self, bytes: impl AsRef<[u8]>) {
        let stdin = self.stdin.as_mut().expect("stdin is open");
        stdin.write_all(bytes.as_ref()).and_then(|()| stdin.flush()).expect("write to its stdin");
    }

    /// Ends its stdin.
    pub fn close_stdin(&mut self) {
        self.stdin = None;
    }

    /// Closes our end of its stdout and stderr, as a reader that went away does.
    pub fn close_output(&mut self) {
        self.stdout = None;
        self.stderr = None;
    }

    pub(crate) fn take_stdin(&mut self) -> ChildStdin {
        self.stdin.take().expect("stdin is open")
    }

    /// The next line of its stdout, without the line's end.
    pub fn read_line(&mut self) -> String {
        let mut line = String::new();
        self.stdout.as_mut().expect("stdout").read_line(&mut line).expect("read");
        self.seen.extend_from_slice(line.as_bytes());
        line.trim_end().to_owned()
    }

    /// Sends a signal.
    pub fn signal(&self, signal: Signal) {
        let pid = Pid::from_raw(self.pid()).expect("a pid");
        // It may have ended by itself.
        let _ = kill_process(pid, signal);
    }

    /// Whether it still runs.
    #[must_use]
    pub fn is_running(&mut self) -> bool {
        self.child.try_wait().expect("wait").is_none()
    }

    /// Waits for its end and collects the rest of its output.
    #[track_caller]
    #[must_use]
    pub fn wait(mut self) -> Output {
        self.stdin = None;
        self.wait_limited(LIMIT)
    }

    /// Waits for its end alone; its output isn't read.
    #[track_caller]
    pub fn wait_status(&mut self) -> ExitStatus {
        wait_for(&format!("the end of: {}", self.line), || self.child.try_wait().expect("wait"))
    }

    #[track_caller]
    pub(crate) fn wait_limited(mut self, limit: Duration) -> Output {
        let stdout = drain(self.stdout.take());
        let stderr = drain(self.stderr.take());
        let end = self.started + limit;
        let status = loop {
            if let Some(status) = self.child.try_wait().expect("wait") {
                break status;
            }
            if Instant::now() > end {
                self.signal(Signal::KILL);
                let _ = self.child.wait();
                let out = stdout.recv_timeout(Duration::from_secs(1)).unwrap_or_default();
                let err = stderr.recv_timeout(Duration::from_secs(1)).unwrap_or_default();
                let (out, err) = (String::from_utf8_lossy(&out), String::from_utf8_lossy(&err));
                panic!("no end after {limit:?}: {}\n--- stdout\n{out}\n--- stderr\n{err}", self.line);
            }
            std::thread::park_timeout(Duration::from_millis(1));
        };
        let elapsed = self.started.elapsed();
        let rest = |pipe: Receiver<Vec<u8>>, name: &str| {
            let bytes = pipe.recv_timeout(Duration::from_secs(10));
            bytes.unwrap_or_else(|_| panic!("something that outlives it holds the {name} of: {}", self.line))
        };
        let mut seen = std::mem::take(&mut self.seen);
        seen.extend(rest(stdout, "stdout"));
        Output { line: self.line.clone(), status, stdout: seen, stderr: rest(stderr, "stderr"), elapsed }
    }
}

/// Reads to the end in a thread of its own, so that the test can give up.
fn drain(pipe: Option<impl Read + Send + 'static>) -> Receiver<Vec<u8>> {
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(mut pipe) = pipe {
            let _ = pipe.read_to_end(&mut bytes);
        }
        let _ = sender.send(bytes);
    });
    receiver
}

impl Drop for Process {
    fn drop(&mut self) {
        if let Ok(None) = self.child.try_wait() {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}
