//! Published ports of the host, held by a socket each so that no other program and no other container takes them.
//!
//! The traffic itself never reaches these sockets: the firewall sends it on. A TCP one listens for a moment, which is what makes
//! the kernel check for conflicts, and then stops: whoever reaches it without the firewall's help (`[::1]`) is refused at once
//! instead of waiting for ever. SCTP ports aren't held, as in Podman.

use crate::{Error, PortMapping, Protocol};
use rustix::io::Errno;
use rustix::net::{
    AddressFamily, Shutdown, SocketFlags, SocketType, bind, getsockname, listen, shutdown, socket_with, sockopt,
};
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::fd::{AsFd, OwnedFd};

/// How often a free port is looked for where none was named.
const TRIES: u32 = 64;

/// Reserves all ports; returns the mappings with their host ports, and the sockets.
///
/// # Errors
/// A port that is in use, or an address that the host doesn't have, named.
pub fn reserve(ports: &[PortMapping]) -> Result<(Vec<PortMapping>, Vec<OwnedFd>), Error> {
    let mut sockets = Vec::new();
    let mut mappings = Vec::with_capacity(ports.len());
    for port in ports {
        mappings.push(reserve_one(port, &mut sockets)?);
    }
    Ok((mappings, sockets))
}

fn reserve_one(port: &PortMapping, sockets: &mut Vec<OwnedFd>) -> Result<PortMapping, Error> {
    check(port)?;
    if port.host_port != 0 {
        sockets.extend(hold_range(port)?);
        return Ok(port.clone());
    }
    let mut tries = 0;
    loop {
        let mut chosen = port.clone();
        chosen.host_port = free_port(port)?;
        let held = check(&chosen).and_then(|()| hold_range(&chosen));
        tries += 1;
        match held {
            Ok(held) => {
                sockets.extend(held);
                return Ok(chosen);
            }
            Err(error) if tries == TRIES => return Err(error),
            Err(_) => {}
        }
    }
}

/// The ranges end at 65535.
fn check(port: &PortMapping) -> Result<(), Error> {
    let beyond = |first: u16| u32::from(first) + u32::from(port.count()) - 1 > 0xffff;
    if port.container_port == 0 || beyond(port.container_port) || beyond(port.host_port) {
        return Err(Error::PortRange { host: port.host_port, container: port.container_port, count: port.count() });
    }
    Ok(())
}

fn hold_range(port: &PortMapping) -> Result<Vec<OwnedFd>, Error> {
    if port.protocol == Protocol::Sctp {
        return Ok(Vec::new());
    }
    let numbers = (0..port.count()).map(|n| port.host_port + n);
    numbers.map(|number| hold(port, number)).collect()
}

fn hold(port: &PortMapping, number: u16) -> Result<OwnedFd, Error> {
    let held = match port.host_ip {
        Some(ip) => bound(port.protocol, SocketAddr::new(ip, number), true),
        // One socket for both families, where the host has both.
        None => match bound(port.protocol, (Ipv6Addr::UNSPECIFIED, number).into(), false) {
            Err(Errno::AFNOSUPPORT | Errno::ADDRNOTAVAIL) => {
                bound(port.protocol, (Ipv4Addr::UNSPECIFIED, number).into(), true)
            }
            other => other,
        },
    };
    held.map_err(|e| refused(port, number, e))
}

fn bound(protocol: Protocol, address: SocketAddr, one_family: bool) -> Result<OwnedFd, Errno> {
    let kind = match protocol {
        Protocol::Tcp => SocketType::STREAM,
        _ => SocketType::DGRAM,
    };
    let family = match address {
        SocketAddr::V4(_) => AddressFamily::INET,
        SocketAddr::V6(_) => AddressFamily::INET6,
    };
    let socket = socket_with(family, kind, SocketFlags::CLOEXEC, None)?;
    if address.is_ipv6() {
        sockopt::set_ipv6_v6only(&socket, one_family)?;
    }
    if protocol == Protocol::Tcp {
        // Else connections of a server that ended a minute ago (TIME_WAIT) would hold the port.
        sockopt::set_socket_reuseaddr(&socket, true)?;
    }
    bind(&socket, &address)?;
    if protocol == Protocol::Tcp {
        listen(&socket, 1)?;
        // In this order: from listen on, either this socket's state or its refusal to share keeps others off.
        sockopt::set_socket_reuseaddr(&socket, false)?;
        shutdown(&socket, Shutdown::Read)?;
    } else {
        let _ = sys::netlink::shrink_receive_buffer(socket.as_fd());
    }
    Ok(socket)
}

/// A port the kernel thinks free now.
fn free_port(port: &PortMapping) -> Result<u16, Error> {
    let ip = port.host_ip.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
    let free = || -> Result<u16, Errno> {
        let kind = match port.protocol {
            Protocol::Udp => SocketType::DGRAM,
            _ => SocketType::STREAM,
        };
        let family = if ip.is_ipv4() { AddressFamily::INET } else { AddressFamily::INET6 };
        let socket = socket_with(family, kind, SocketFlags::CLOEXEC, None)?;
        bind(&socket, &SocketAddr::new(ip, 0))?;
        let address = SocketAddr::try_from(getsockname(&socket)?)?;
        Ok(address.port())
    };
    free().map_err(|e| refused(port, 0, e))
}

/// In Podman's words, which scripts look for.
fn refused(port: &PortMapping, number: u16, errno: Errno) -> Error {
    let (upper, lower) = match port.protocol {
        Protocol::Tcp => ("TCP", "tcp"),
        Protocol::Udp => ("UDP", "udp"),
        Protocol::Sctp => ("SCTP", "sctp"),
    };
    let (family, ip) = match port.host_ip {
        None => ("4", String::new()),
        Some(IpAddr::V4(ip)) => ("4", ip.to_string()),
        Some(IpAddr::V6(ip)) => ("6", format!("[{ip}]")),
    };
    let reason = match errno {
        Errno::ADDRINUSE => "address already in use".to_string(),
        Errno::ADDRNOTAVAIL => "cannot assign requested address".to_string(),
        Errno::ACCESS => "permission denied (ports below net.ipv4.ip_unprivileged_port_start)".to_string(),
        other => io::Error::from(other).to_string(),
    };
    Error::Port(format!("cannot listen on the {upper} port: listen {lower}{family} {ip}:{number}: bind: {reason}"))
}

impl PortMapping {
    /// How many ports; at least one.
    pub fn count(&self) -> u16 {
        self.range.max(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::{TcpListener, TcpStream};

    fn mapping(host_port: u16, range: u16) -> PortMapping {
        PortMapping {
            host_ip: Some(Ipv4Addr::LOCALHOST.into()),
            host_port,
            container_port: 80,
            range,
            protocol: Protocol::Tcp,
        }
    }

    #[test]
    fn a_held_port_is_taken_but_refuses_connections() {
        let (mappings, sockets) = reserve(&[mapping(0, 1)]).unwrap();
        let number = mappings[0].host_port;
        assert!(number > 0);
        assert_eq!(sockets.len(), 1);
        let again = reserve(&[mapping(number, 1)]).map(|_| ()).unwrap_err().to_string();
        assert_eq!(
            again,
            format!("cannot listen on the TCP port: listen tcp4 127.0.0.1:{number}: bind: address already in use")
        );
        assert!(TcpListener::bind(("0.0.0.0", number)).is_err());
        let refused = TcpStream::connect(("127.0.0.1", number)).unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::ConnectionRefused);
        drop(sockets);
        assert!(TcpListener::bind(("127.0.0.1", number)).is_ok());
    }

    #[test]
    fn a_port_for_all_addresses_is_taken_in_both_families() {
        let mut port = mapping(0, 3);
        port.host_ip = None;
        let (mappings, sockets) = reserve(&[port]).unwrap();
        assert_eq!(sockets.len(), 3);
        assert!(TcpListener::bind(("127.0.0.1", mappings[0].host_port + 2)).is_err());
    }

    #[test]
    fn a_port_in_use_by_a_server_is_refused() {
        let server = TcpListener::bind("127.0.0.1:0").unwrap();
        let number = server.local_addr().unwrap().port();
        assert!(reserve(&[mapping(number, 1)]).is_err());
        let mut port = mapping(number, 1);
        port.host_ip = None;
        assert!(reserve(&[port]).is_err());
    }

    #[test]
    fn ranges_end_at_the_last_port() {
        assert!(matches!(reserve(&[mapping(65535, 2)]), Err(Error::PortRange { .. })));
    }
}
