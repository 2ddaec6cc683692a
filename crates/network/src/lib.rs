//! Container networks: bridge with veth, addresses, masquerading and published ports, over netlink and nftables; pasta for
//! ordinary users. (What netavark and pasta's caller do in Podman.)
//!
//! Stateless but for address leases, which are files in the run directory (a reboot ends them).

use serde::{Deserialize, Serialize};
use std::net::IpAddr;
use std::os::fd::BorrowedFd;
use std::path::Path;

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

/// A failed step, naming the thing.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// An address family, port, name, … and the cause.
    #[error("{what}")]
    Io {
        /// What was tried, with the names.
        what: String,
        /// Why.
        #[source]
        source: std::io::Error,
    },
}

/// Sockets that reserve published ports on the host, kept by the monitor while the container runs.
pub struct Reserved {
    /// Bound sockets.
    pub sockets: Vec<std::os::fd::OwnedFd>,
}

/// The default network for this host: configured subnet if free here, IPv6 when the host has it. Pure given the facts it reads.
pub fn default_network(_name: &str, _subnet: Option<IpNet>, _run: &Path) -> Result<Network, Error> {
    todo!()
}
/// Leases addresses (files made with O_EXCL under `run`), fills in free host ports, and binds those ports. Fast, no netlink.
pub fn reserve(_run: &Path, _request: &Request<'_>) -> Result<(Status, Reserved), Error> {
    todo!()
}
/// Makes links, addresses, routes and firewall elements for a reserved status in that namespace. Undoes itself on failure.
pub fn setup(_run: &Path, _request: &Request<'_>, _status: &Status, _netns: BorrowedFd<'_>) -> Result<(), Error> {
    todo!()
}
/// Removes firewall elements and leases. Idempotent; goes on after errors and returns them all. Links vanish with the namespace.
pub fn teardown(_run: &Path, _container: &str, _status: &Status) -> Vec<Error> {
    todo!()
}
/// Sets `lo` up in that namespace (mode `none`).
pub fn loopback_up(_netns: BorrowedFd<'_>) -> Result<(), Error> {
    todo!()
}

/// Rootless networking by the pasta program.
pub mod pasta {
    use super::{Error, PortMapping};
    use std::os::fd::BorrowedFd;
    use std::path::{Path, PathBuf};
    /// Where `pasta` is, if installed.
    pub fn find() -> Option<PathBuf> {
        todo!()
    }
    /// Starts it for a namespace and returns when the network works. `options` as containers.conf's pasta_options. Returns its pid.
    pub fn start(
        _program: &Path,
        _netns: BorrowedFd<'_>,
        _ports: &[PortMapping],
        _options: &[String],
        _pid_file: &Path,
    ) -> Result<i32, Error> {
        todo!()
    }
}
