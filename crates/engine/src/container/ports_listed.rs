//! Published ports as `ps` lists them: by address, protocol and port of the host, with neighbours joined to one range.

use super::port::protocol;
use network::PortMapping;
use serde::Serialize;

/// One published port or range.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct PortSummary {
    /// Address on the host; empty: all.
    pub host_ip: String,
    /// In the container.
    pub container_port: u16,
    /// On the host.
    pub host_port: u16,
    /// How many.
    pub range: u16,
    /// tcp, udp, sctp.
    pub protocol: String,
}

/// All of one container.
pub(super) fn list(published: &[PortMapping]) -> Vec<PortSummary> {
    let mut ports: Vec<PortSummary> = published.iter().map(summary).collect();
    ports.sort_by(|a, b| (&a.host_ip, &a.protocol, a.host_port).cmp(&(&b.host_ip, &b.protocol, b.host_port)));
    let mut joined: Vec<PortSummary> = Vec::with_capacity(ports.len());
    for port in ports {
        match joined.last_mut() {
            Some(last) if last.is_followed_by(&port) => last.range += port.range,
            _ => joined.push(port),
        }
    }
    joined
}

fn summary(port: &PortMapping) -> PortSummary {
    PortSummary {
        host_ip: port.host_ip.map(|ip| ip.to_string()).unwrap_or_default(),
        container_port: port.container_port,
        host_port: port.host_port,
        range: port.range,
        protocol: protocol(port.protocol).to_owned(),
    }
}

impl PortSummary {
    fn is_followed_by(&self, next: &PortSummary) -> bool {
        let end = |first: u16| first.checked_add(self.range);
        self.host_ip == next.host_ip
            && self.protocol == next.protocol
            && end(self.host_port) == Some(next.host_port)
            && end(self.container_port) == Some(next.container_port)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use network::Protocol::{self, Tcp, Udp};

    fn port(host_port: u16, container_port: u16, range: u16, protocol: Protocol) -> PortMapping {
        PortMapping { host_ip: None, host_port, container_port, range, protocol }
    }

    fn listed(ports: &[PortMapping]) -> Vec<(String, u16, u16, u16)> {
        let row = |p: PortSummary| (p.host_ip + &p.protocol, p.host_port, p.container_port, p.range);
        list(ports).into_iter().map(row).collect()
    }

    #[test]
    fn neighbours_are_joined() {
        let ports = [port(8080, 80, 1, Tcp), port(8083, 83, 1, Tcp), port(8081, 81, 2, Tcp)];
        assert_eq!(listed(&ports), [("tcp".to_owned(), 8080, 80, 4)]);
        let ports = [port(10001, 1, 1, Tcp), port(10000, 2, 1, Tcp), port(65535, 9, 1, Tcp), port(10002, 2, 1, Udp)];
        let expected = [("tcp", 10000, 2, 1), ("tcp", 10001, 1, 1), ("tcp", 65535, 9, 1), ("udp", 10002, 2, 1)];
        assert_eq!(listed(&ports), expected.map(|(what, host, inside, range)| (what.to_owned(), host, inside, range)));
    }

    #[test]
    fn addresses_stay_apart() {
        let local = PortMapping { host_ip: Some([127, 0, 0, 1].into()), ..port(5, 5, 1, Tcp) };
        let ports = [local, port(6, 6, 1, Tcp)];
        assert_eq!(listed(&ports), [("tcp".to_owned(), 6, 6, 1), ("127.0.0.1tcp".to_owned(), 5, 5, 1)]);
    }
}
