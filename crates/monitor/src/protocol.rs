//! What a monitor and its attached clients say to each other: packets over a SEQPACKET socket, one byte of kind and
//! the rest content. A packet never exceeds [`MAX`] bytes, so that it always fits a socket buffer.

use rustix::fd::{AsFd, OwnedFd};
use rustix::io::Errno;
use rustix::net::{AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType};

/// Bytes of content in one packet.
pub const CONTENT: usize = 32 * 1024;
/// Bytes of one packet.
pub const MAX: usize = CONTENT + 1;

/// From a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Request<'a> {
    /// Bytes for standard input.
    Stdin(&'a [u8]),
    /// The client's input has ended.
    StdinEnd,
    /// New size of the client's terminal.
    Resize {
        /// Characters.
        rows: u16,
        /// Characters.
        columns: u16,
    },
    /// Send this signal to the first process.
    Signal(i32),
    /// Nobody reads the client's standard output any more.
    Broken,
}

/// To a client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event<'a> {
    /// The container's process runs, with this pid.
    Started(i32),
    /// It could not be started: exit code and message.
    Failed(i32, &'a str),
    /// To be shown to the user.
    Warning(&'a str),
    /// The container's output.
    Stdout(&'a [u8]),
    /// The container's output.
    Stderr(&'a [u8]),
    /// It ended with this code; nothing follows.
    Exited(i32),
}

impl<'a> Request<'a> {
    /// As a packet.
    pub fn encode(&self, packet: &mut Vec<u8>) {
        packet.clear();
        match self {
            Request::Stdin(data) => put(packet, b'i', data),
            Request::StdinEnd => put(packet, b'e', &[]),
            Request::Resize { rows, columns } => {
                put(packet, b'w', &rows.to_le_bytes());
                packet.extend_from_slice(&columns.to_le_bytes());
            }
            Request::Signal(signal) => put(packet, b'k', &signal.to_le_bytes()),
            Request::Broken => put(packet, b'b', &[]),
        }
    }

    /// `None`: not one of ours.
    pub fn decode(packet: &'a [u8]) -> Option<Request<'a>> {
        let (kind, rest) = packet.split_first()?;
        Some(match kind {
            b'i' => Request::Stdin(rest),
            b'e' => Request::StdinEnd,
            b'w' => {
                let [a, b, c, d] = *<&[u8; 4]>::try_from(rest).ok()?;
                Request::Resize { rows: u16::from_le_bytes([a, b]), columns: u16::from_le_bytes([c, d]) }
            }
            b'k' => Request::Signal(number(rest)?),
            b'b' => Request::Broken,
            _ => return None,
        })
    }
}

impl<'a> Event<'a> {
    /// As a packet.
    pub fn encode(&self, packet: &mut Vec<u8>) {
        packet.clear();
        match self {
            Event::Started(pid) => put(packet, b's', &pid.to_le_bytes()),
            Event::Failed(code, text) => {
                put(packet, b'f', &code.to_le_bytes());
                packet.extend_from_slice(cut(text));
            }
            Event::Warning(text) => put(packet, b'n', cut(text)),
            Event::Stdout(data) => put(packet, b'o', data),
            Event::Stderr(data) => put(packet, b'r', data),
            Event::Exited(code) => put(packet, b'x', &code.to_le_bytes()),
        }
    }

    /// `None`: not one of ours.
    pub fn decode(packet: &'a [u8]) -> Option<Event<'a>> {
        let (kind, rest) = packet.split_first()?;
        Some(match kind {
            b's' => Event::Started(number(rest)?),
            b'f' => Event::Failed(number(rest.get(..4)?)?, std::str::from_utf8(&rest[4..]).ok()?),
            b'n' => Event::Warning(std::str::from_utf8(rest).ok()?),
            b'o' => Event::Stdout(rest),
            b'r' => Event::Stderr(rest),
            b'x' => Event::Exited(number(rest)?),
            _ => return None,
        })
    }
}

fn put(packet: &mut Vec<u8>, kind: u8, content: &[u8]) {
    packet.push(kind);
    packet.extend_from_slice(content);
}

fn number(bytes: &[u8]) -> Option<i32> {
    Some(i32::from_le_bytes(bytes.try_into().ok()?))
}

/// Messages are cut to what a packet holds, at a character.
fn cut(text: &str) -> &[u8] {
    let mut end = text.len().min(CONTENT - 4);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text.as_bytes()[..end]
}

/// A connected pair: (the client's end, the monitor's end).
pub fn pair() -> std::io::Result<(OwnedFd, OwnedFd)> {
    Ok(rustix::net::socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None)?)
}

/// Sends one packet; waits while the other side is slow unless `flags` say otherwise. Never raises SIGPIPE.
pub fn send(socket: impl AsFd, packet: &[u8], flags: SendFlags) -> Result<(), Errno> {
    loop {
        match rustix::net::send(&socket, packet, flags | SendFlags::NOSIGNAL) {
            Ok(_) => return Ok(()),
            Err(Errno::INTR) => {}
            Err(error) => return Err(error),
        }
    }
}

/// Receives one packet into `buffer` (of at least [`MAX`] bytes); an empty one means that the other side is gone.
pub fn receive(socket: impl AsFd, buffer: &mut [u8], flags: RecvFlags) -> Result<&[u8], Errno> {
    loop {
        match rustix::net::recv(&socket, &mut *buffer, flags) {
            Ok((length, _)) => return Ok(&buffer[..length]),
            Err(Errno::INTR) => {}
            Err(Errno::CONNRESET) => return Ok(&[]),
            Err(error) => return Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_request(request: Request<'_>) {
        let mut packet = Vec::new();
        request.encode(&mut packet);
        assert_eq!(Request::decode(&packet), Some(request));
    }

    fn check_event(event: Event<'_>) {
        let mut packet = Vec::new();
        event.encode(&mut packet);
        assert_eq!(Event::decode(&packet), Some(event));
    }

    #[test]
    fn packets_survive_the_way() {
        check_request(Request::Stdin(b"abc"));
        check_request(Request::StdinEnd);
        check_request(Request::Resize { rows: 24, columns: 300 });
        check_request(Request::Signal(15));
        check_request(Request::Broken);
        check_event(Event::Started(7));
        check_event(Event::Failed(127, "nö"));
        check_event(Event::Warning("x"));
        check_event(Event::Stdout(b""));
        check_event(Event::Stderr(b"\xff"));
        check_event(Event::Exited(-1));
    }

    #[test]
    fn nonsense_is_refused() {
        for packet in [&b""[..], b"z", b"k12", b"w123", b"x", b"f12"] {
            assert!(Request::decode(packet).is_none());
            assert!(Event::decode(packet).is_none());
        }
    }

    #[test]
    fn long_messages_are_cut_at_a_character() {
        let text = "ä".repeat(CONTENT);
        let mut packet = Vec::new();
        Event::Failed(1, &text).encode(&mut packet);
        assert!(packet.len() <= MAX);
        assert!(Event::decode(&packet).is_some());
    }
}
