//! Default routes: those of this machine, and those that appear in a new namespace. See proc_net(5), rtnetlink(7).

use crate::netlink::reply::{Message, messages};
use crate::netlink::{Family, Socket};
use std::fs;
use std::io;
use std::os::fd::{AsFd, BorrowedFd};

/// Which families have one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Defaults {
    v4: bool,
    v6: bool,
}

impl Defaults {
    pub(super) fn any(self) -> bool {
        self.v4 || self.v6
    }
}

/// Of this machine; the kernel's own refusal on `lo` is none.
pub(super) fn of_host() -> Defaults {
    let v4 = fs::read_to_string("/proc/net/route").unwrap_or_default();
    let v6 = fs::read_to_string("/proc/net/ipv6_route").unwrap_or_default();
    Defaults { v4: has_default_v4(&v4), v6: has_default_v6(&v6) }
}

/// Interface, destination, …, mask in the eighth field.
fn has_default_v4(table: &str) -> bool {
    table.lines().skip(1).any(|line| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        fields.get(1) == Some(&"00000000") && fields.get(7) == Some(&"00000000")
    })
}

/// Destination, its length, …, interface last.
fn has_default_v6(table: &str) -> bool {
    table.lines().any(|line| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        fields.get(1) == Some(&"00") && fields.last().is_some_and(|interface| *interface != "lo")
    })
}

/// `RTMGRP_IPV4_ROUTE` and `RTMGRP_IPV6_ROUTE` of linux/rtnetlink.h.
const GROUPS: u32 = 0x40 | 0x400;
const NEW_ROUTE: u16 = 24;
/// `RT_TABLE_MAIN`.
const MAIN: u8 = 254;
/// `RTN_UNICAST`.
const UNICAST: u8 = 1;

/// Hears of new routes in a namespace.
#[derive(Debug)]
pub struct Routes {
    socket: Socket,
    seen: Defaults,
}

impl Routes {
    /// In the calling thread's network namespace.
    pub(crate) fn watch() -> io::Result<Routes> {
        let socket = Socket::open(Family::Route)?;
        socket.listen_to(GROUPS)?;
        Ok(Routes { socket, seen: Defaults::default() })
    }

    /// Takes in what has happened; whether all of `wanted` are there now.
    pub(super) fn have(&mut self, wanted: Defaults) -> io::Result<bool> {
        let mut buffer = vec![0; 8192];
        while let Some(datagram) = self.socket.receive(&mut buffer, false)? {
            messages(datagram).for_each(|message| self.seen.note(&message));
        }
        Ok((self.seen.v4 || !wanted.v4) && (self.seen.v6 || !wanted.v6))
    }
}

impl AsFd for Routes {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

impl Defaults {
    /// `struct rtmsg`: family, lengths of destination and source, service, table, protocol, scope, type.
    fn note(&mut self, message: &Message<'_>) {
        let [family, 0, _, _, MAIN, _, _, UNICAST, ..] = *message.payload else { return };
        if message.kind != NEW_ROUTE {
            return;
        }
        self.v4 |= i32::from(family) == libc::AF_INET;
        self.v6 |= i32::from(family) == libc::AF_INET6;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_way_out_is_a_default_route() {
        let head = "Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\tMTU\tWindow\tIRTT\n";
        let local = "eth0\t0002000A\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0\n";
        let default = "eth0\t00000000\t0102000A\t0003\t0\t0\t0\t00000000\t0\t0\t0\n";
        assert!(!has_default_v4(&format!("{head}{local}")));
        assert!(has_default_v4(&format!("{head}{local}{default}")));
        let zero = "0".repeat(32);
        let line =
            |interface: &str| format!("{zero} 00 {zero} 00 {zero} ffffffff 00000001 00000000 00200200 {interface}\n");
        assert!(!has_default_v6(&line("lo")));
        assert!(has_default_v6(&line("eth0")));
    }

    #[test]
    fn default_routes_of_the_main_table_are_noted() {
        let mut seen = Defaults::default();
        let mut note = |kind, payload: [u8; 12]| {
            seen.note(&Message { kind, flags: 0, sequence: 0, payload: &payload });
            seen
        };
        let (v4, v6) = (libc::AF_INET as u8, libc::AF_INET6 as u8);
        assert!(!note(NEW_ROUTE, [v4, 24, 0, 0, MAIN, 2, 253, UNICAST, 0, 0, 0, 0]).any());
        assert!(!note(NEW_ROUTE, [v6, 0, 0, 0, 255, 2, 0, 3, 0, 0, 0, 0]).any());
        assert!(!note(25, [v4, 0, 0, 0, MAIN, 3, 0, UNICAST, 0, 0, 0, 0]).any());
        assert_eq!(note(NEW_ROUTE, [v4, 0, 0, 0, MAIN, 3, 0, UNICAST, 0, 0, 0, 0]), Defaults { v4: true, v6: false });
        assert_eq!(note(NEW_ROUTE, [v6, 0, 0, 0, MAIN, 3, 0, UNICAST, 0, 0, 0, 0]), Defaults { v4: true, v6: true });
    }
}
