//! `port`: published ports of one container.

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
pub fn port(_engine: &Engine, _name: &str) -> Result<Vec<PublishedPort>, Error> {
    todo!()
}
