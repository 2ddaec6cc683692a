//! Netlink: build a batch, send it at once, name the message that failed.

pub mod message;
pub mod reply;

use crate::Error;
use message::Batch;
use reply::{Verdict, messages};
use std::io;
pub use sys::netlink::{Family, Socket};

/// A datagram's greatest size as the kernel builds them for dumps.
const RECEIVE: usize = 64 * 1024;

/// One message the kernel refused.
pub struct Refusal {
    /// Why.
    pub errno: i32,
    /// What was tried, with the kernel's words.
    pub what: String,
}

impl Refusal {
    /// As an error of this crate.
    pub fn into_error(self) -> Error {
        Error::Io { what: self.what, source: io::Error::from_raw_os_error(self.errno) }
    }
}

/// Opens a socket of the calling thread's network namespace.
pub fn open(family: Family) -> Result<Socket, Error> {
    let name = match family {
        Family::Route => "route",
        Family::Netfilter => "netfilter",
    };
    Socket::open(family).map_err(Error::io(format!("cannot open a {name} netlink socket")))
}

/// Sends all messages and returns the refused ones in order.
///
/// The kernel handles netlink requests inside send(2), so every answer is queued when it returns and nothing is waited for.
pub fn try_send(socket: &Socket, batch: &Batch) -> Result<Vec<Refusal>, Error> {
    let what = || format!("cannot {}", batch.label(1));
    socket.send(batch.bytes()).map_err(Error::io(what()))?;
    let mut refused = Vec::new();
    let mut answered = 0;
    let mut buffer = vec![0; 8192];
    while let Some(datagram) = socket.receive(&mut buffer, false).map_err(Error::io(what()))? {
        for message in messages(datagram) {
            match message.verdict() {
                Verdict::Success => answered += 1,
                Verdict::Failure(errno, text) => {
                    answered += 1;
                    refused.push(refusal(batch, message.sequence, errno, text));
                }
                Verdict::Data | Verdict::Done => {}
            }
        }
    }
    if refused.is_empty() && answered < batch.acks_due() {
        return Err(Error::io(what())(io::Error::other("the kernel did not answer")));
    }
    Ok(refused)
}

/// Sends all messages; the first refusal is the error.
pub fn send(socket: &Socket, batch: &Batch) -> Result<(), Error> {
    match try_send(socket, batch)?.into_iter().next() {
        None => Ok(()),
        Some(refusal) => Err(refusal.into_error()),
    }
}

/// Sends the batch's one request and hands each answer to `each` (type, payload), to the end of the dump or the one answer.
pub fn ask(socket: &Socket, batch: &Batch, mut each: impl FnMut(u16, &[u8])) -> Result<(), Refusal> {
    let broken = |e: io::Error| Refusal {
        errno: e.raw_os_error().unwrap_or(libc::EIO),
        what: format!("cannot {}", batch.label(1)),
    };
    socket.send(batch.bytes()).map_err(broken)?;
    let mut buffer = vec![0; RECEIVE];
    loop {
        let datagram = socket.receive(&mut buffer, true).map_err(broken)?;
        for message in messages(datagram.unwrap_or(&[])) {
            match message.verdict() {
                Verdict::Data => each(message.kind, message.payload),
                Verdict::Success | Verdict::Done => return Ok(()),
                Verdict::Failure(errno, text) => return Err(refusal(batch, 1, errno, text)),
            }
        }
    }
}

fn refusal(batch: &Batch, sequence: u32, errno: i32, text: Option<String>) -> Refusal {
    let label = batch.label(sequence);
    let what = match text {
        Some(text) => format!("cannot {label} ({text})"),
        None => format!("cannot {label}"),
    };
    Refusal { errno, what }
}
