//! Container networks: bridge with veth, addresses, masquerading and published ports, over netlink and nftables; pasta for
//! ordinary users. (What netavark and pasta's caller do in Podman.)
//!
//! Stateless but for address leases, which are files in the run directory (a reboot ends them). The layout of the firewall
//! is described in [`nft`].

mod bridge;
mod conntrack;
mod decide;
mod error;
mod idle;
mod ip;
mod lease;
mod link;
mod lock;
mod namespace;
mod netlink;
mod nft;
pub mod pasta;
mod ports;
mod publish;
mod setup;
mod stray;

pub use bridge::remove_if_idle;
pub use decide::default_network;
pub use error::Error;
pub use idle::{has_idle, remove_idle};
pub use lease::{Lease, leases, release};
pub use namespace::new_namespace;
pub use publish::{Kept, unpublish};
pub use setup::{reserve, setup, teardown};
pub use stray::strays;

use serde::{Deserialize, Serialize};
use std::net::IpAddr;

/// One published port (range).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PortMapping {
    /// `None`: all addresses, IPv4 and IPv6.
    pub host_ip: Option<IpAddr>,
    /// First port on the host.
    pub host_port: u16,
    /// First port in the container.
    pub container_port: u16,
    /// How many.
    pub range: u16,
    /// tcp, udp, sctp.
    pub protocol: Protocol,
}

/// Transport protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Hash, PartialOrd, Ord)]
#[serde(rename_all = "lowercase")]
pub enum Protocol {
    /// TCP.
    Tcp,
    /// UDP.
    Udp,
    /// SCTP.
    Sctp,
}

/// An address with its prefix length.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct IpNet {
    /// Address.
    pub addr: IpAddr,
    /// Bits.
    pub prefix: u8,
}

/// A network's definition (in Podman's words; stored as JSON).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Network {
    /// `podman` is the default one.
    pub name: String,
    /// 64 hex digits.
    pub id: String,
    /// Interface of the bridge, at most 15 bytes.
    pub bridge: String,
    /// Subnets with gateway; one IPv4, mostly one IPv6.
    pub subnets: Vec<Subnet>,
    /// No way out.
    pub internal: bool,
    /// `None`: the kernel's.
    pub mtu: Option<u32>,
}

/// One subnet.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Subnet {
    /// Network address and prefix.
    pub subnet: IpNet,
    /// The bridge's address.
    pub gateway: IpAddr,
}

/// One container's wish.
#[derive(Debug, Clone)]
pub struct Request<'a> {
    /// Container id (64 hex).
    pub container: &'a str,
    /// Networks in order: eth0, eth1, ….
    pub attachments: Vec<Attachment<'a>>,
    /// Published ports.
    pub ports: &'a [PortMapping],
}

/// One network of one container.
#[derive(Debug, Clone)]
pub struct Attachment<'a> {
    /// Which.
    pub network: &'a Network,
    /// Fixed addresses, else leased.
    pub addresses: Vec<IpAddr>,
    /// Fixed MAC.
    pub mac: Option<[u8; 6]>,
    /// Name inside.
    pub interface: String,
}

/// What was leased and set up; enough to tear it down. Stored as JSON with the container's run state.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Status {
    /// One per attachment.
    pub interfaces: Vec<Interface>,
    /// As asked, with host ports filled in where 0 was asked.
    pub ports: Vec<PortMapping>,
}

/// One interface.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Interface {
    /// Network's name.
    pub network: String,
    /// Bridge it hangs on.
    pub bridge: String,
    /// Inside.
    pub name: String,
    /// On the host.
    pub host_name: String,
    /// Its own.
    pub mac: String,
    /// With prefix.
    pub addresses: Vec<IpNet>,
    /// Default routes.
    pub gateways: Vec<IpAddr>,
}

/// Sockets that reserve published ports on the host, kept by the monitor while the container runs.
#[derive(Debug)]
pub struct Reserved {
    /// Bound sockets. Nobody needs to serve them.
    pub sockets: Vec<std::os::fd::OwnedFd>,
}
