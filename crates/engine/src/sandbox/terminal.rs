//! A step's container with a terminal: a process of its own connects it with the one that the build was started on.

use crate::Error;
use monitor::attach::{Keys, Relay, Streams};
use rustix::fs::{Mode, OFlags};
use std::collections::VecDeque;
use std::os::fd::{AsFd, OwnedFd};

/// That process, and the socket on which it talks with the container's monitor.
pub(super) struct Connected {
    pid: i32,
    pub(super) socket: Option<OwnedFd>,
}

impl Connected {
    /// Forks it. `own_streams`: those of this process are used, whatever they are.
    pub(super) fn start(own_streams: bool) -> Result<Connected, Error> {
        let failed = |source| Error::io("connect", "the terminal", source);
        let (ours, theirs) = monitor::protocol::pair().map_err(failed)?;
        match sys::process::fork().map_err(failed)? {
            sys::process::Fork::Parent(pid) => Ok(Connected { pid, socket: Some(ours) }),
            sys::process::Fork::Child => {
                drop(ours);
                let code = if relay(&theirs, own_streams).is_ok() { 0 } else { 1 };
                sys::process::exit_now(code)
            }
        }
    }
}

/// The terminal is as it was before: it goes when the socket is closed.
impl Drop for Connected {
    fn drop(&mut self) {
        self.socket = None;
        let _ =
            rustix::process::waitpid(rustix::process::Pid::from_raw(self.pid), rustix::process::WaitOptions::empty());
    }
}

fn relay(socket: &OwnedFd, own_streams: bool) -> std::io::Result<()> {
    if !own_streams {
        let terminal = rustix::fs::open("/dev/tty", OFlags::RDWR | OFlags::CLOEXEC, Mode::empty())?;
        rustix::stdio::dup2_stdin(&terminal)?;
        rustix::stdio::dup2_stdout(&terminal)?;
    }
    let mask = monitor::attach::signals();
    sys::signal::block(&mask)?;
    let signals = sys::signal::signalfd(&mask)?;
    let relay = Relay {
        socket: socket.as_fd(),
        streams: Streams { stdin: true, stdout: true, stderr: false },
        terminal: true,
        output_once: true,
        keys: Keys::new(Vec::new()),
        proxy: true,
        signals: signals.as_fd(),
        outgoing: VecDeque::new(),
        started: &mut |_| {},
        warn: &|_| {},
    };
    relay.run().map(drop)
}
