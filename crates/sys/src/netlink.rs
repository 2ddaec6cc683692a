//! Netlink sockets: open, send a batch, receive. What the bytes mean is the `network` crate's business.
//!
//! See netlink(7). A socket belongs for good to the network namespace its opener was in.

use rustix::io::Errno;
use rustix::net::{
    AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, bind, netlink, recv, send, socket_with,
};
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};

/// `SOL_NETLINK` options of linux/netlink.h.
const NETLINK_CAP_ACK: libc::c_int = 10;
const NETLINK_EXT_ACK: libc::c_int = 11;

/// The kernel's side of the socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Family {
    /// Links, addresses, routes: rtnetlink(7).
    Route,
    /// nftables and connection tracking.
    Netfilter,
}

/// A netlink socket that talks to the kernel.
#[derive(Debug)]
pub struct Socket {
    fd: OwnedFd,
}

impl Socket {
    /// Opens a socket in the calling thread's network namespace. Errors then carry the kernel's own text where it has one.
    ///
    /// # Errors
    /// socket(2)'s, as `EPROTONOSUPPORT` where the kernel lacks the family.
    pub fn open(family: Family) -> io::Result<Self> {
        let protocol = match family {
            Family::Route => None,
            Family::Netfilter => Some(netlink::NETFILTER),
        };
        let fd = socket_with(AddressFamily::NETLINK, SocketType::RAW, SocketFlags::CLOEXEC, protocol)?;
        let socket = Self { fd };
        // Kernels before 4.12 lack these; errors are only less telling without.
        for option in [NETLINK_CAP_ACK, NETLINK_EXT_ACK] {
            let _ = set_option(&socket.fd, libc::SOL_NETLINK, option, 1);
        }
        Ok(socket)
    }

    /// Hears of what happens in multicast groups (`RTMGRP_…` of linux/rtnetlink.h). By bind(2): a socket without an address of
    /// its own takes the kernel's messages for its own and drops them.
    ///
    /// # Errors
    /// bind(2)'s.
    pub fn listen_to(&self, groups: u32) -> io::Result<()> {
        Ok(bind(&self.fd, &netlink::SocketAddrNetlink::new(0, groups))?)
    }

    /// Sends one datagram of one or more messages. The kernel has handled all of them, and queued its answers, on return.
    ///
    /// # Errors
    /// sendto(2)'s.
    pub fn send(&self, batch: &[u8]) -> io::Result<()> {
        match send(&self.fd, batch, SendFlags::empty()) {
            Err(Errno::MSGSIZE) => {
                self.grow_send_buffer(batch.len())?;
                send(&self.fd, batch, SendFlags::empty())?;
            }
            other => {
                other?;
            }
        }
        Ok(())
    }

    /// Receives one datagram into `buffer`. `None`: nothing is queued and `wait` is false.
    ///
    /// # Errors
    /// recv(2)'s; `ENOBUFS` when answers were lost.
    pub fn receive<'b>(&self, buffer: &'b mut [u8], wait: bool) -> io::Result<Option<&'b [u8]>> {
        let flags = if wait { RecvFlags::empty() } else { RecvFlags::DONTWAIT };
        match recv(&self.fd, &mut *buffer, flags) {
            Ok((length, _)) => Ok(Some(&buffer[..length])),
            Err(Errno::AGAIN) => Ok(None),
            Err(e) => Err(e.into()),
        }
    }

    /// Room for one datagram of `length` bytes, beyond net.core.wmem_max (which needs CAP_NET_ADMIN on the host).
    fn grow_send_buffer(&self, length: usize) -> io::Result<()> {
        // The kernel doubles the value for its own bookkeeping but wants some 1/16 more than the payload anyway.
        let size = libc::c_int::try_from(length + length / 8 + 4096).map_err(|_| io::Error::from(Errno::MSGSIZE))?;
        set_option(&self.fd, libc::SOL_SOCKET, libc::SO_SNDBUFFORCE, size)
    }
}

impl AsFd for Socket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

/// Bounds the receive buffer of a socket that nobody will read. setsockopt(2).
///
/// # Errors
/// setsockopt(2)'s.
pub fn shrink_receive_buffer(socket: BorrowedFd<'_>) -> io::Result<()> {
    set_option(&socket, libc::SOL_SOCKET, libc::SO_RCVBUF, 0)
}

fn set_option(fd: &impl AsRawFd, level: libc::c_int, name: libc::c_int, value: libc::c_int) -> io::Result<()> {
    // SAFETY: the pointer and length describe the live local `value`; the kernel only reads it. setsockopt(2).
    let result = unsafe {
        libc::setsockopt(fd.as_raw_fd(), level, name, (&raw const value).cast(), size_of_val(&value) as libc::socklen_t)
    };
    match result {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}
