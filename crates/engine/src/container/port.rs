//! `port`: published ports of one container.

use super::resolve_name;
use crate::{Engine, Error};

/// One published port, ranges unfolded.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct PublishedPort {
    /// In the container.
    pub container_port: u16,
    /// tcp, udp, sctp.
    pub protocol: String,
    /// `0.0.0.0` when all.
    pub host_ip: String,
    /// On the host.
    pub host_port: u16,
}

/// Ordered by container port.
pub fn port(engine: &Engine, name: &str) -> Result<Vec<PublishedPort>, Error> {
    let id = resolve_name(engine, name)?;
    let live = engine.runs().live(&id)?;
    let row = engine.database()?.container(&id)?.ok_or_else(|| Error::NoSuchContainer(name.to_owned()))?;
    let published = match live.state() {
        Some(state) if !state.network.ports.is_empty() => &state.network.ports,
        _ => &row.summary.ports,
    };
    Ok(unfold(published))
}

/// Ranges port by port.
pub(super) fn unfold(ports: &[network::PortMapping]) -> Vec<PublishedPort> {
    let mut all: Vec<PublishedPort> =
        ports.iter().flat_map(|port| (0..port.range).map(move |n| one(port, n))).collect();
    all.sort();
    all
}

fn one(port: &network::PortMapping, offset: u16) -> PublishedPort {
    PublishedPort {
        container_port: port.container_port.saturating_add(offset),
        protocol: protocol(port.protocol).to_owned(),
        host_ip: port.host_ip.map_or("0.0.0.0".to_owned(), |ip| ip.to_string()),
        host_port: port.host_port.saturating_add(offset),
    }
}

/// As text.
pub(super) fn protocol(protocol: network::Protocol) -> &'static str {
    match protocol {
        network::Protocol::Tcp => "tcp",
        network::Protocol::Udp => "udp",
        network::Protocol::Sctp => "sctp",
    }
}
