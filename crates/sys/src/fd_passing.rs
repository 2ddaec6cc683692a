//! Messages with descriptors over unix sockets (SCM_RIGHTS). See unix(7), cmsg(3).

use rustix::net::{
    AddressFamily, RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer, SendAncillaryMessage,
    SendFlags, SocketFlags, SocketType,
};
use std::io::{self, IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

/// The kernel's limit for one message (SCM_MAX_FD).
pub const MAX_FDS: usize = 253;

/// A connected pair of packet sockets (message borders are kept, end of file is seen), close-on-exec.
pub fn pair() -> io::Result<(OwnedFd, OwnedFd)> {
    Ok(rustix::net::socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None)?)
}

/// Sends one message; at least one byte, at most [`MAX_FDS`] descriptors.
pub fn send(socket: impl AsFd, bytes: &[u8], fds: &[BorrowedFd<'_>]) -> io::Result<()> {
    let mut space = vec![MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(fds.len()))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    if !fds.is_empty() && !control.push(SendAncillaryMessage::ScmRights(fds)) {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    loop {
        match rustix::net::sendmsg(&socket, &[IoSlice::new(bytes)], &mut control, SendFlags::NOSIGNAL) {
            Ok(_) => return Ok(()),
            Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
}

/// One received message.
#[derive(Debug, Default)]
pub struct Message {
    /// Its bytes; empty at end of file.
    pub bytes: Vec<u8>,
    /// Descriptors that came with it, close-on-exec.
    pub fds: Vec<OwnedFd>,
}

/// Receives one message of at most `limit` bytes (the rest of a longer packet is lost).
pub fn receive(socket: impl AsFd, limit: usize) -> io::Result<Message> {
    receive_flags(socket, limit, RecvFlags::CMSG_CLOEXEC)
}

/// As [`receive`], but `WouldBlock` when there is none.
pub fn try_receive(socket: impl AsFd, limit: usize) -> io::Result<Message> {
    receive_flags(socket, limit, RecvFlags::CMSG_CLOEXEC | RecvFlags::DONTWAIT)
}

fn receive_flags(socket: impl AsFd, limit: usize, flags: RecvFlags) -> io::Result<Message> {
    let mut message = Message { bytes: vec![0; limit], fds: Vec::new() };
    let mut space = vec![MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MAX_FDS))];
    let mut control = RecvAncillaryBuffer::new(&mut space);
    let length = loop {
        match rustix::net::recvmsg(&socket, &mut [IoSliceMut::new(&mut message.bytes)], &mut control, flags) {
            Ok(received) => break received.bytes,
            Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    };
    message.bytes.truncate(length);
    for part in control.drain() {
        if let RecvAncillaryMessage::ScmRights(fds) = part {
            message.fds.extend(fds);
        }
    }
    Ok(message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_descriptor_travels_with_its_message() {
        let (left, right) = pair().unwrap();
        let file = std::fs::File::open("/proc/self/stat").unwrap();
        send(&left, b"hi", &[file.as_fd()]).unwrap();
        let message = receive(&right, 16).unwrap();
        assert_eq!(message.bytes, b"hi");
        let path = std::fs::read_link(format!("/proc/self/fd/{}", std::os::fd::AsRawFd::as_raw_fd(&message.fds[0])));
        assert!(path.unwrap().to_str().unwrap().ends_with("/stat"));
        drop(left);
        assert!(receive(&right, 16).unwrap().bytes.is_empty());
    }
}
