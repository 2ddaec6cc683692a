//! A conversation with a systemd manager over its private socket: D-Bus from peer to peer, without a bus between.
//!
//! One call at a time and no thread, since whoever calls is about to fork. See D-Bus specification, "Authentication Protocol".

use super::message::{self, Body, Call, FIXED, Incoming, Reader};
use std::io::{self, Error, ErrorKind, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::{Duration, Instant};

const NAME: &str = "org.freedesktop.systemd1.Manager";
const PATH: &str = "/org/freedesktop/systemd1";

pub(super) struct Bus {
    socket: UnixStream,
    serial: u32,
    /// Of the whole conversation.
    deadline: Instant,
}

/// A connection. One that can't be had at once (nobody accepts, and the queue is full) is an error: whoever bound that socket
/// isn't at work.
pub(super) fn open(path: &Path) -> io::Result<UnixStream> {
    use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType, connect, socket_with};
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let socket = socket_with(AddressFamily::UNIX, SocketType::STREAM, flags, None)?;
    connect(&socket, &SocketAddrUnix::new(path)?)?;
    let socket = UnixStream::from(socket);
    socket.set_nonblocking(false)?;
    Ok(socket)
}

impl Bus {
    /// `uid`: ours as systemd sees it, outside of every user namespace. `patience`: for all that is said and done.
    pub(super) fn connect(path: &Path, uid: u32, patience: Duration) -> io::Result<Bus> {
        let mut bus = Bus { socket: open(path)?, serial: 0, deadline: Instant::now() + patience };
        let hex: String = uid.to_string().bytes().map(|byte| format!("{byte:02x}")).collect();
        bus.send(format!("\0AUTH EXTERNAL {hex}\r\n").as_bytes())?;
        if !bus.line()?.starts_with("OK ") {
            return Err(Error::new(ErrorKind::PermissionDenied, "systemd doesn't accept this user"));
        }
        bus.send(b"BEGIN\r\n")?;
        Ok(bus)
    }

    /// Calls a method of the manager; returns the first text of its answer.
    pub(super) fn call(&mut self, member: &str, signature: &str, body: &Body) -> io::Result<String> {
        self.serial += 1;
        let call = Call { path: PATH, interface: NAME, member, signature };
        self.send(&message::call(self.serial, &call, body))?;
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
        // The end can't come before the answer: systemd sends both, and in that order.
        loop {
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
    }

    fn next(&mut self) -> io::Result<Option<Incoming>> {
        let mut fixed = [0; FIXED];
        self.receive(&mut fixed)?;
        let mut message = fixed.to_vec();
        message.resize(FIXED + message::rest(&fixed)?, 0);
        self.receive(&mut message[FIXED..])?;
        message::incoming(&message)
    }

    /// One line, byte by byte: what follows belongs to messages.
    fn line(&mut self) -> io::Result<String> {
        let mut line = Vec::new();
        let mut byte = [0];
        while line.len() < 512 && !line.ends_with(b"\r\n") {
            self.receive(&mut byte)?;
            line.push(byte[0]);
        }
        String::from_utf8(line).map_err(|_| ErrorKind::InvalidData.into())
    }

    fn receive(&mut self, mut buffer: &mut [u8]) -> io::Result<()> {
        while !buffer.is_empty() {
            self.socket.set_read_timeout(Some(self.left()?))?;
            match self.socket.read(buffer) {
                Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
                Ok(length) => buffer = &mut buffer[length..],
                Err(error) => go_on_after(error)?,
            }
        }
        Ok(())
    }

    fn send(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            self.socket.set_write_timeout(Some(self.left()?))?;
            match self.socket.write(bytes) {
                Ok(length) => bytes = &bytes[length..],
                Err(error) => go_on_after(error)?,
            }
        }
        Ok(())
    }

    /// Until the deadline.
    fn left(&self) -> io::Result<Duration> {
        let left = self.deadline.saturating_duration_since(Instant::now());
        if left.is_zero() { Err(ErrorKind::TimedOut.into()) } else { Ok(left) }
    }
}

/// After a signal. (A socket's time limit ends with EAGAIN.)
fn go_on_after(error: Error) -> io::Result<()> {
    match error.kind() {
        ErrorKind::Interrupted => Ok(()),
        ErrorKind::WouldBlock => Err(ErrorKind::TimedOut.into()),
        _ => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::net::{AddressFamily, SocketAddrUnix, SocketType, bind, listen, socket};

    fn place(name: &str) -> std::path::PathBuf {
        let path = std::env::temp_dir().join(format!("minke-bus-{name}-{}", std::process::id()));
        let _ = std::fs::remove_file(&path);
        path
    }

    #[test]
    fn who_does_not_accept_is_not_waited_for() {
        let path = place("full");
        let listener = socket(AddressFamily::UNIX, SocketType::STREAM, None).unwrap();
        bind(&listener, &SocketAddrUnix::new(&path).unwrap()).unwrap();
        listen(&listener, 0).unwrap();
        let mut queue = Vec::new();
        let error = loop {
            match open(&path) {
                Ok(socket) => queue.push(socket),
                Err(error) => break error,
            }
        };
        assert!(!queue.is_empty() && error.kind() == ErrorKind::WouldBlock, "{error}");
        std::fs::remove_file(path).unwrap();
    }

    #[test]
    fn one_who_says_a_byte_now_and_then_ends_with_the_deadline() {
        let path = place("slow");
        let listener = std::os::unix::net::UnixListener::bind(&path).unwrap();
        let slow = std::thread::spawn(move || {
            let (mut socket, _) = listener.accept().unwrap();
            while socket.write_all(b"O").is_ok() {
                std::thread::park_timeout(Duration::from_millis(10));
            }
        });
        let error = Bus::connect(&path, 0, Duration::from_millis(200)).err().unwrap();
        assert_eq!(error.kind(), ErrorKind::TimedOut);
        slow.join().unwrap();
        std::fs::remove_file(path).unwrap();
    }
}
