//! The socket between the engine and the child that sets itself up.
//!
//! Packets: the first byte says what it is. The child's end is closed by its last exec, so end of file means "it runs"; until
//! then four bytes without a letter are the error number of that exec, sent by the trampoline (`sys/inside/init.rs`).

use crate::error::{Error, Tried};
use rustix::net::SocketFlags;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use sys::fd_passing;
use sys::seccomp::Instruction;

/// Larger than any packet: a filter has at most 4096 instructions of eight bytes.
const LIMIT: usize = 40 * 1024;

/// What the child says.
#[derive(Debug)]
pub(crate) enum Report {
    /// The child's network namespace, which an ordinary engine can't open itself because the child hides.
    Network(OwnedFd),
    /// Namespaces are there, nothing is mounted yet; waits for [`Order::Go`] (only when there are createRuntime hooks).
    Created,
    /// The root is in place.
    Ready { uid: u32, gid: u32, terminal: Option<OwnedFd> },
    /// It will end now.
    Failed(Error),
    /// The last exec failed with this error number.
    ExecFailed(i32),
    /// It has become the command, or is dead.
    Closed,
}

/// Child's side: sends.
pub(crate) fn report_created(channel: BorrowedFd<'_>) -> Result<(), Error> {
    fd_passing::send(channel, b"C", &[]).tried(|| "tell the engine about the namespaces")
}

/// Child's side: sends.
pub(crate) fn report_network(channel: BorrowedFd<'_>) -> Result<(), Error> {
    let netns = sys::namespace::open("/proc/self/ns/net").tried(|| "open the own network namespace")?;
    fd_passing::send(channel, b"N", &[netns.as_fd()]).tried(|| "tell the engine about the network namespace")
}

/// Child's side: sends.
pub(crate) fn report_ready(
    channel: BorrowedFd<'_>,
    uid: u32,
    gid: u32,
    terminal: Option<BorrowedFd<'_>>,
) -> Result<(), Error> {
    let mut bytes = vec![b'R'];
    bytes.extend_from_slice(&uid.to_ne_bytes());
    bytes.extend_from_slice(&gid.to_ne_bytes());
    fd_passing::send(channel, &bytes, terminal.as_slice()).tried(|| "tell the engine that the root is in place")
}

/// Child's side: sends; the engine may be gone, then nobody cares.
pub(crate) fn report_failed(channel: BorrowedFd<'_>, error: &Error) {
    let mut bytes = vec![b'E'];
    bytes.extend_from_slice(&error.to_wire());
    bytes.truncate(LIMIT);
    let _ = fd_passing::send(channel, &bytes, &[]);
}

/// Parent's side: receives.
pub(crate) fn next_report(channel: impl AsFd) -> Result<Report, Error> {
    let message = match fd_passing::receive(&channel, LIMIT) {
        // The child died with orders of ours unread. The kernel says so once, before what the child had sent.
        Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => fd_passing::receive(&channel, LIMIT),
        other => other,
    }
    .tried(|| "hear from the container's first process")?;
    parse(message)
}

/// Parent's side: why the child has died, if it said so, be it after other things.
pub(crate) fn last_words(channel: impl AsFd) -> Option<Error> {
    loop {
        let message = match fd_passing::try_receive(&channel, LIMIT) {
            Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => {
                fd_passing::try_receive(&channel, LIMIT)
            }
            other => other,
        };
        match parse(message.ok()?) {
            Ok(Report::Failed(error)) => return Some(error),
            Ok(Report::Closed) | Err(_) => return None,
            Ok(_) => {}
        }
    }
}

fn parse(mut message: fd_passing::Message) -> Result<Report, Error> {
    let number =
        |at: usize| message.bytes.get(at..at + 4).map(|four| u32::from_ne_bytes([four[0], four[1], four[2], four[3]]));
    if let (4, Some(number)) = (message.bytes.len(), number(0)) {
        return Ok(Report::ExecFailed(number as i32));
    }
    match message.bytes.split_first() {
        None => Ok(Report::Closed),
        Some((b'C', _)) => Ok(Report::Created),
        Some((b'N', _)) if message.fds.len() == 1 => Ok(Report::Network(message.fds.remove(0))),
        Some((b'E', error)) => Ok(Report::Failed(Error::from_wire(error))),
        Some((b'R', _)) if message.bytes.len() == 9 => Ok(Report::Ready {
            uid: number(1).unwrap_or_default(),
            gid: number(5).unwrap_or_default(),
            terminal: message.fds.into_iter().next(),
        }),
        Some(_) => Err(Error::other("an unknown report from the container's first process")),
    }
}

/// What the engine says, each at its own moment; the child waits for exactly one of them each time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Order {
    /// The id maps are written; descriptors are the mounts that only the engine could prepare.
    Mapped = b'M',
    /// createRuntime hooks have run.
    Go = b'G',
    /// The seccomp program follows.
    Filter = b'F',
    /// Become the command.
    Start = b'S',
    /// Somebody else will say so, over a connection to the socket that comes along; the engine goes.
    Later = b'L',
}

/// Parent's side: sends.
pub(crate) fn order(channel: impl AsFd, order: Order, fds: &[BorrowedFd<'_>]) -> Result<(), Error> {
    fd_passing::send(channel, &[order as u8], fds).tried(|| "give orders to the container's first process")
}

/// Parent's side: sends the filter.
pub(crate) fn order_filter(channel: impl AsFd, filter: &[Instruction]) -> Result<(), Error> {
    let mut bytes = Vec::with_capacity(1 + filter.len() * 8);
    bytes.push(Order::Filter as u8);
    for instruction in filter {
        bytes.extend_from_slice(&instruction.code.to_ne_bytes());
        bytes.extend_from_slice(&[instruction.jump_true, instruction.jump_false]);
        bytes.extend_from_slice(&instruction.operand.to_ne_bytes());
    }
    fd_passing::send(channel, &bytes, &[]).tried(|| "send the seccomp filter")
}

/// Child's side: waits for one order. The engine's death ends us quietly.
pub(crate) fn wait_for(channel: BorrowedFd<'_>, wanted: Order) -> Result<fd_passing::Message, Error> {
    let message = fd_passing::receive(channel, LIMIT).tried(|| "hear from the engine")?;
    match message.bytes.first() {
        None => sys::process::exit_now(125),
        Some(&byte) if byte == wanted as u8 => Ok(message),
        Some(&byte) => Err(Error::other(format!("unexpected order {byte} instead of {wanted:?}"))),
    }
}

/// Child's side: waits for [`Order::Start`], whoever gives it. A connection that takes the engine's place gets the channel's
/// number, so that all later reports go there.
pub(crate) fn wait_for_start(channel: BorrowedFd<'_>) -> Result<(), Error> {
    let message = fd_passing::receive(channel, LIMIT).tried(|| "hear from the engine")?;
    let door = match (message.bytes.first(), message.fds.into_iter().next()) {
        (None, _) => sys::process::exit_now(125),
        (Some(&byte), _) if byte == Order::Start as u8 => return Ok(()),
        (Some(&byte), Some(door)) if byte == Order::Later as u8 => door,
        (Some(byte), _) => return Err(Error::other(format!("unexpected order {byte} instead of a start"))),
    };
    loop {
        let what = || "wait for the start";
        let connection = rustix::net::accept_with(&door, SocketFlags::CLOEXEC).tried(what)?;
        sys::descriptor::put_in_place(connection.as_fd(), channel).tried(what)?;
        drop(connection);
        // Who connected may have died before it said anything: then the next one.
        let order = fd_passing::receive(channel, LIMIT).tried(what)?;
        if order.bytes.first() == Some(&(Order::Start as u8)) {
            return Ok(());
        }
    }
}

/// Child's side: whether the engine is gone.
pub(crate) fn is_alone(channel: BorrowedFd<'_>) -> bool {
    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    let mut fds = [PollFd::from_borrowed_fd(channel, PollFlags::empty())];
    let at_once = Timespec { tv_sec: 0, tv_nsec: 0 };
    poll(&mut fds, Some(&at_once)).is_ok_and(|count| count > 0) && fds[0].revents().contains(PollFlags::HUP)
}

/// Child's side: waits for the filter.
pub(crate) fn wait_for_filter(channel: BorrowedFd<'_>) -> Result<Vec<Instruction>, Error> {
    let message = wait_for(channel, Order::Filter)?;
    let instruction = |bytes: &[u8]| Instruction {
        code: u16::from_ne_bytes([bytes[0], bytes[1]]),
        jump_true: bytes[2],
        jump_false: bytes[3],
        operand: u32::from_ne_bytes([bytes[4], bytes[5], bytes[6], bytes[7]]),
    };
    Ok(message.bytes[1..].chunks_exact(8).map(instruction).collect())
}
