//! A terminal: commands that want one are driven through a pty as a person would.

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::AsFd;
use std::process::{Child, ExitStatus};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{Mode, OFlags, fchown, open};
use rustix::process::{Gid, Uid};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};

use crate::command::Run;
use crate::wait::{LIMIT, wait_for};
use crate::who::Who;

/// The person's side of a terminal on which a command runs.
#[derive(Debug)]
pub struct Terminal {
    line: String,
    master: File,
    child: Child,
    seen: Vec<u8>,
    /// How much of `seen` earlier expectations have used up.
    used: usize,
}

impl Terminal {
    /// Starts a command on a terminal of `rows` times `columns`.
    #[track_caller]
    #[must_use]
    pub fn start(run: Run<'_>, rows: u16, columns: u16) -> Self {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).expect("openpt");
        grantpt(&master).expect("grantpt");
        unlockpt(&master).expect("unlockpt");
        let name = ptsname(&master, Vec::new()).expect("ptsname");
        let slave = open(&name, OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC, Mode::empty()).expect("open the pty");
        let env = run.environment();
        if env.who() == Who::User {
            let (uid, gid) = (Uid::from_raw(env.user().uid), Gid::from_raw(env.user().gid));
            fchown(&slave, Some(uid), Some(gid)).expect("chown the pty");
        }
        resize(&master, rows, columns);
        let line = run.line();
        let mut command = run.with_terminal().command();
        let file = File::from(slave);
        command.stdin(file.try_clone().expect("dup")).stdout(file.try_clone().expect("dup")).stderr(file);
        let child = env.inside(|| command.spawn()).unwrap_or_else(|err| panic!("$ {line}\n{err}"));
        Self { line, master: File::from(master), child, seen: Vec::new(), used: 0 }
    }

    /// The command's pid as the test process sees it.
    #[must_use]
    pub fn pid(&self) -> i32 {
        i32::try_from(self.child.id()).expect("a pid is an i32")
    }

    /// Types.
    pub fn send(&mut self, keys: &str) {
        self.master.write_all(keys.as_bytes()).expect("type");
    }

    /// Types keys one by one, as a hand does. The reference reads a sequence of keys only that way.
    pub fn send_keys(&mut self, keys: &str) {
        for key in keys.chars() {
            self.send(&key.to_string());
            std::thread::park_timeout(Duration::from_millis(60));
        }
    }

    /// Changes the window's size.
    pub fn resize(&mut self, rows: u16, columns: u16) {
        resize(&self.master, rows, columns);
    }

    /// Reads until `text` has been shown after what former expectations matched; returns what came before it.
    #[track_caller]
    pub fn expect(&mut self, text: &str) -> String {
        let end = Instant::now() + LIMIT;
        loop {
            if let Some(at) = find(&self.seen[self.used..], text.as_bytes()) {
                let before = String::from_utf8_lossy(&self.seen[self.used..self.used + at]).into_owned();
                self.used += at + text.len();
                return before;
            }
            let more = Instant::now() < end && self.read_some(Duration::from_millis(200));
            let stuck = !more && (Instant::now() >= end || self.child.try_wait().expect("wait").is_some());
            if stuck && find(&self.seen[self.used..], text.as_bytes()).is_none() {
                panic!("$ {}\nnever showed {text:?} but:\n{}", self.line, String::from_utf8_lossy(&self.seen));
            }
        }
    }

    /// Waits for the command's end; everything it showed.
    #[track_caller]
    pub fn wait(&mut self) -> (ExitStatus, String) {
        let line = self.line.clone();
        let status = wait_for(&format!("the end of: {line}"), || {
            self.read_some(Duration::from_millis(1));
            self.child.try_wait().expect("wait")
        });
        while self.read_some(Duration::ZERO) {}
        (status, String::from_utf8_lossy(&self.seen).into_owned())
    }

    /// Whether something was read within `limit`.
    fn read_some(&mut self, limit: Duration) -> bool {
        let mut fds = [PollFd::new(&self.master, PollFlags::IN)];
        let timeout = Timespec { tv_sec: 0, tv_nsec: limit.subsec_nanos().into() };
        if !poll(&mut fds, Some(&timeout)).is_ok_and(|ready| ready > 0) {
            return false;
        }
        let mut buffer = [0; 4096];
        // EIO says that nobody has the other side open any more.
        let count = self.master.read(&mut buffer).unwrap_or(0);
        self.seen.extend_from_slice(&buffer[..count]);
        count > 0
    }
}

fn resize(master: impl AsFd, rows: u16, columns: u16) {
    let size = Winsize { ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
    tcsetwinsize(master, size).expect("set the window's size");
}

fn find(hay: &[u8], needle: &[u8]) -> Option<usize> {
    hay.windows(needle.len()).position(|window| window == needle)
}

impl Drop for Terminal {
    fn drop(&mut self) {
        if let Ok(None) = self.child.try_wait() {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}
