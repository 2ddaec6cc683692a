//! A conversation with a systemd manager over its private socket: D-Bus from peer to peer, without a bus between.
//!
//! One call at a time and no thread, since whoever calls is about to fork. See D-Bus specification, "Authentication Protocol".

use super::message::{self, Body, Call, FIXED, Incoming, Reader};
use std::io::{self, Error, ErrorKind, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::{Duration, Instant};

/// How long systemd may take for one answer.
const PATIENCE: Duration = Duration::from_secs(25);
const NAME: &str = "org.freedesktop.systemd1.Manager";
const PATH: &str = "/org/freedesktop/systemd1";

pub(super) struct Bus {
    socket: UnixStream,
    serial: u32,
}

impl Bus {
    /// `uid`: ours as systemd sees it, outside of every user namespace.
    pub(super) fn connect(path: &Path, uid: u32) -> io::Result<Bus> {
        let mut socket = UnixStream::connect(path)?;
        socket.set_read_timeout(Some(PATIENCE))?;
        socket.set_write_timeout(Some(PATIENCE))?;
        let hex: String = uid.to_string().bytes().map(|byte| format!("{byte:02x}")).collect();
        socket.write_all(format!("\0AUTH EXTERNAL {hex}\r\n").as_bytes())?;
        let answer = line(&mut socket)?;
        if !answer.starts_with("OK ") {
            return Err(Error::new(ErrorKind::PermissionDenied, "systemd doesn't accept this user"));
        }
        socket.write_all(b"BEGIN\r\n")?;
        Ok(Bus { socket, serial: 0 })
    }

    /// Calls a method of the manager; returns the first text of its answer.
    pub(super) fn call(&mut self, member: &str, signature: &str, body: &Body) -> io::Result<String> {
        self.serial += 1;
        let call = Call { path: PATH, interface: NAME, member, signature };
        self.socket.write_all(&message::call(self.serial, &call, body))?;
        loop {
            match self.next()? {
                Some(Incoming::Return(serial, text)) if serial == self.serial => return Ok(text),
                Some(Incoming::Error(serial, name, text)) if serial == self.serial => {
                    return Err(Error::other(format!("{text} ({name})")));
                }
                _ => {}
            }
        }
    }

    /// Starts a job by that call and waits for its end.
    pub(super) fn job(&mut self, member: &str, signature: &str, body: &Body) -> io::Result<()> {
        let job = self.call(member, signature, body)?;
        let limit = Instant::now() + PATIENCE;
        // The end can't come before the answer: systemd sends both, and in that order.
        while Instant::now() < limit {
            let Some(Incoming::Signal(name, body)) = self.next()? else { continue };
            if name != "JobRemoved" {
                continue;
            }
            let mut reader = Reader::new(&body);
            let (_, path, _, result) = (reader.number()?, reader.text()?, reader.text()?, reader.text()?);
            match (path == job, result) {
                (true, "done") => return Ok(()),
                (true, result) => return Err(Error::other(format!("systemd's job ended with `{result}`"))),
                (false, _) => {}
            }
        }
        Err(ErrorKind::TimedOut.into())
    }

    fn next(&mut self) -> io::Result<Option<Incoming>> {
        let mut fixed = [0; FIXED];
        self.socket.read_exact(&mut fixed).map_err(timed_out)?;
        let mut message = fixed.to_vec();
        message.resize(FIXED + message::rest(&fixed)?, 0);
        self.socket.read_exact(&mut message[FIXED..]).map_err(timed_out)?;
        message::incoming(&message)
    }
}

/// A socket's time limit ends with EAGAIN.
fn timed_out(error: Error) -> Error {
    if error.kind() == ErrorKind::WouldBlock { ErrorKind::TimedOut.into() } else { error }
}

/// One line, byte by byte: what follows belongs to messages.
fn line(socket: &mut UnixStream) -> io::Result<String> {
    let mut line = Vec::new();
    let mut byte = [0];
    while line.len() < 512 && !line.ends_with(b"\r\n") {
        socket.read_exact(&mut byte).map_err(timed_out)?;
        line.push(byte[0]);
    }
    String::from_utf8(line).map_err(|_| ErrorKind::InvalidData.into())
}
