//! What can go wrong.

use crate::IpNet;
use std::io;
use std::net::IpAddr;

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
        source: io::Error,
    },
    /// A published port can't be had; Podman's words.
    #[error("{0}")]
    Port(String),
    /// A range of ports beyond 65535, or container port 0.
    #[error("invalid port range: {count} ports from {host} on the host and {container} in the container")]
    PortRange {
        /// First on the host.
        host: u16,
        /// First in the container.
        container: u16,
        /// How many.
        count: u16,
    },
    /// A wished address that no subnet of the network has.
    #[error("requested IP address {addr} is not in any subnet of network {network}")]
    AddressOutside {
        /// Wished.
        addr: IpAddr,
        /// Network's name.
        network: String,
    },
    /// A wished address that is in use.
    #[error("requested IP address {addr} of network {network} is already allocated to {holder}")]
    AddressTaken {
        /// Wished.
        addr: IpAddr,
        /// Network's name.
        network: String,
        /// Who has it.
        holder: String,
    },
    /// No address is left.
    #[error("no free address in {subnet} of network {network}; remove containers that are not needed")]
    SubnetFull {
        /// Searched.
        subnet: IpNet,
        /// Network's name.
        network: String,
    },
    /// All private ranges are routed elsewhere.
    #[error(
        "could not find a free subnet for network {0}: routes of this host cover all candidates; set default_subnet in containers.conf"
    )]
    NoSubnet(String),
    /// The bridge's name is taken.
    #[error("the bridge {bridge} belongs to `{owner}`; remove it (`ip link delete {bridge}`) if that is gone")]
    ForeignBridge {
        /// Interface.
        bridge: String,
        /// What its maker wrote beside the name.
        owner: String,
    },
    /// pasta does nothing.
    #[error(
        "`{program}` did not get the network ready within {seconds} s: it hangs or this machine is very busy; try again, or choose --network none or host"
    )]
    PastaSilent {
        /// Its file.
        program: String,
        /// How long it was waited for.
        seconds: u64,
    },
    /// pasta refused.
    #[error("pasta failed with exit code {code}:\n{stderr}")]
    Pasta {
        /// Exit code, -1 when it was killed.
        code: i32,
        /// What it said.
        stderr: String,
    },
}

impl Error {
    /// An I/O error that tells what was tried.
    pub(crate) fn io(what: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        let what = what.into();
        move |source| Self::Io { what, source }
    }
}
