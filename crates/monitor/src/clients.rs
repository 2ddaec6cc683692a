//! Attached clients as the monitor sees them: who gets output, who is slow, who is gone.
//!
//! The primary client is the command that started the container: when it reads slowly, the container's output waits, as
//! if it wrote to that command's own pipe. Any other client that falls behind by [`BEHIND`] bytes is dropped.

use crate::protocol::{self, Event, MAX, Request};
use rustix::event::{PollFd, PollFlags};
use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::io::Errno;
use rustix::net::{RecvFlags, SendFlags};
use std::collections::VecDeque;

/// Bytes that wait for a slow client at most.
const BEHIND: usize = 1 << 20;

/// One connection.
#[derive(Debug)]
pub struct Client {
    socket: OwnedFd,
    primary: bool,
    waiting: VecDeque<Vec<u8>>,
    bytes: usize,
    gone: bool,
}

/// All connections.
#[derive(Debug, Default)]
pub struct Clients {
    list: Vec<Client>,
    packet: Vec<u8>,
}

impl Client {
    /// A connected socket.
    pub fn new(socket: OwnedFd, primary: bool) -> Client {
        Client { socket, primary, waiting: VecDeque::new(), bytes: 0, gone: false }
    }

    fn push(&mut self, packet: &[u8]) {
        if self.gone {
            return;
        }
        if self.waiting.is_empty() {
            match protocol::send(&self.socket, packet, SendFlags::DONTWAIT) {
                Ok(()) => return,
                Err(Errno::AGAIN) => {}
                Err(_) => self.gone = true,
            }
        }
        self.bytes += packet.len();
        self.waiting.push_back(packet.to_vec());
        self.gone |= !self.primary && self.bytes > BEHIND;
    }

    fn flush(&mut self) {
        while let Some(packet) = self.waiting.front() {
            match protocol::send(&self.socket, packet, SendFlags::DONTWAIT) {
                Ok(()) => {}
                Err(Errno::AGAIN) => return,
                Err(_) => {
                    self.gone = true;
                    return;
                }
            }
            self.bytes -= packet.len();
            self.waiting.pop_front();
        }
    }
}

impl Clients {
    /// Adds a connection.
    pub fn add(&mut self, client: Client) {
        self.list.push(client);
    }

    /// Nobody is attached.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// The command that started the container is still there.
    pub fn has_primary(&self) -> bool {
        self.list.iter().any(|client| client.primary)
    }

    /// The container's output must wait.
    pub fn blocked(&self) -> bool {
        self.list.iter().any(|client| client.primary && !client.waiting.is_empty())
    }

    /// Something waits to be sent.
    pub fn waiting(&self) -> bool {
        self.list.iter().any(|client| !client.waiting.is_empty())
    }

    /// Tells everyone.
    pub fn tell(&mut self, event: &Event<'_>) {
        if self.list.is_empty() {
            return;
        }
        event.encode(&mut self.packet);
        for client in &mut self.list {
            client.push(&self.packet);
        }
    }

    /// One poll entry per client, in order; their requests only if there is room for what they bring.
    pub fn poll<'a>(&'a self, fds: &mut Vec<PollFd<'a>>, room: bool) {
        let read = if room { PollFlags::IN } else { PollFlags::empty() };
        for client in &self.list {
            let out = if client.waiting.is_empty() { PollFlags::empty() } else { PollFlags::OUT };
            fds.push(PollFd::from_borrowed_fd(client.socket.as_fd(), read | out));
        }
    }

    /// Handles what poll said (`ready`: in the order of [`Clients::poll`]); requests go to `each`.
    /// Returns whether a client went away.
    pub fn serve(&mut self, ready: &[PollFlags], each: &mut dyn FnMut(Request<'_>)) -> bool {
        for (client, flags) in self.list.iter_mut().zip(ready) {
            if flags.contains(PollFlags::OUT) {
                client.flush();
            }
            if flags.intersects(PollFlags::IN | PollFlags::HUP | PollFlags::ERR) {
                client.gone |= !receive(client.socket.as_fd(), each);
            }
        }
        self.drop_gone()
    }

    /// Forgets who is gone; returns whether anybody was.
    pub fn drop_gone(&mut self) -> bool {
        let before = self.list.len();
        self.list.retain(|client| !client.gone);
        self.list.len() != before
    }

    /// Lets go of everyone but the primary client.
    pub fn only_primary(&mut self) {
        self.list.retain(|client| client.primary);
    }

    /// Waits until the primary client has everything and has gone; the others are let go.
    pub fn wait_for_primary(&mut self) {
        self.only_primary();
        while self.has_primary() {
            let mut fds = Vec::new();
            self.poll(&mut fds, true);
            match rustix::event::poll(&mut fds, None) {
                Ok(_) | Err(Errno::INTR) => {}
                Err(_) => return,
            }
            let ready: Vec<PollFlags> = fds.iter().map(PollFd::revents).collect();
            drop(fds);
            self.serve(&ready, &mut |_| {});
        }
    }

    /// Their sockets, and whether it is the primary one.
    pub fn sockets(&self) -> impl Iterator<Item = (BorrowedFd<'_>, bool)> {
        self.list.iter().map(|client| (client.socket.as_fd(), client.primary))
    }
}

/// Reads one packet; `false`: the client is gone.
fn receive(socket: BorrowedFd<'_>, each: &mut dyn FnMut(Request<'_>)) -> bool {
    let mut buffer = vec![0; MAX];
    match protocol::receive(socket, &mut buffer, RecvFlags::DONTWAIT) {
        Ok([]) => false,
        Ok(packet) => {
            if let Some(request) = Request::decode(packet) {
                each(request);
            }
            true
        }
        Err(Errno::AGAIN) => true,
        Err(_) => false,
    }
}
