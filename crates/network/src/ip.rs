//! Arithmetic on addresses with prefixes.

use crate::IpNet;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

impl IpNet {
    /// An address with its prefix length.
    pub const fn new(addr: IpAddr, prefix: u8) -> Self {
        Self { addr, prefix }
    }

    /// IPv4?
    pub const fn is_ipv4(&self) -> bool {
        self.addr.is_ipv4()
    }

    /// The network's first address, with the same prefix.
    #[must_use]
    pub fn network(&self) -> Self {
        Self::new(from_bits(self.is_ipv4(), self.first()), self.prefix)
    }

    /// Whether the address lies in it.
    pub fn contains(&self, addr: IpAddr) -> bool {
        addr.is_ipv4() == self.is_ipv4() && bits(addr) >= self.first() && bits(addr) <= self.first() + self.last_host()
    }

    /// Whether both share an address.
    pub fn overlaps(&self, other: &Self) -> bool {
        self.contains(other.network().addr) || other.contains(self.network().addr)
    }

    /// The address with that number, counted from the network's own. `None` beyond the end.
    pub fn host(&self, number: u128) -> Option<IpAddr> {
        (number <= self.last_host()).then(|| from_bits(self.is_ipv4(), self.first() + number))
    }

    /// That address's number, if it lies inside.
    pub fn number(&self, addr: IpAddr) -> Option<u128> {
        self.contains(addr).then(|| bits(addr) - self.first())
    }

    /// The greatest number: IPv4's broadcast address.
    pub fn last_host(&self) -> u128 {
        let width = if self.is_ipv4() { 32 } else { 128 };
        match width - u32::from(self.prefix.min(width as u8)) {
            128 => u128::MAX,
            rest => (1 << rest) - 1,
        }
    }

    fn first(&self) -> u128 {
        bits(self.addr) & !self.last_host()
    }
}

/// The address as bytes in network order.
pub fn octets(addr: IpAddr) -> Vec<u8> {
    match addr {
        IpAddr::V4(a) => a.octets().to_vec(),
        IpAddr::V6(a) => a.octets().to_vec(),
    }
}

/// The address of 4 or 16 bytes in network order.
pub fn from_octets(bytes: &[u8]) -> Option<IpAddr> {
    if let Ok(four) = <[u8; 4]>::try_from(bytes) {
        return Some(Ipv4Addr::from(four).into());
    }
    let sixteen = <[u8; 16]>::try_from(bytes).ok()?;
    Some(Ipv6Addr::from(sixteen).into())
}

fn bits(addr: IpAddr) -> u128 {
    match addr {
        IpAddr::V4(a) => a.to_bits().into(),
        IpAddr::V6(a) => a.to_bits(),
    }
}

fn from_bits(ipv4: bool, bits: u128) -> IpAddr {
    match ipv4 {
        true => Ipv4Addr::from_bits(bits as u32).into(),
        false => Ipv6Addr::from_bits(bits).into(),
    }
}

impl fmt::Display for IpNet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.addr, self.prefix)
    }
}

impl FromStr for IpNet {
    type Err = String;

    /// `10.88.0.0/16`, `fd00::/64`. The address may have bits beyond the prefix.
    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is not an address with a prefix, like 10.88.0.0/16");
        let (addr, prefix) = text.split_once('/').ok_or_else(wrong)?;
        let addr: IpAddr = addr.parse().map_err(|_| wrong())?;
        let prefix: u8 = prefix.parse().map_err(|_| wrong())?;
        match prefix <= if addr.is_ipv4() { 32 } else { 128 } {
            true => Ok(Self::new(addr, prefix)),
            false => Err(wrong()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn net(text: &str) -> IpNet {
        text.parse().unwrap()
    }

    #[test]
    fn overlap_is_containment_either_way() {
        assert!(net("10.0.0.0/8").overlaps(&net("10.88.0.0/16")));
        assert!(net("10.88.5.9/24").overlaps(&net("10.88.0.0/16")));
        assert!(!net("10.89.0.0/16").overlaps(&net("10.88.0.0/16")));
        assert!(!net("::/0").overlaps(&net("10.88.0.0/16")));
        assert!(net("0.0.0.0/0").overlaps(&net("10.88.0.0/16")));
    }

    #[test]
    fn hosts_are_numbered_from_the_network() {
        assert_eq!(net("10.88.0.0/16").host(257).unwrap().to_string(), "10.88.1.1");
        assert_eq!(net("10.88.0.0/30").host(4), None);
        assert_eq!(net("fd00::/64").host(5).unwrap().to_string(), "fd00::5");
        assert_eq!(net("10.88.9.9/16").number("10.88.1.0".parse().unwrap()), Some(256));
        assert_eq!(net("10.88.9.9/16").network().to_string(), "10.88.0.0/16");
        assert!(net("::/0").contains("ffff::1".parse().unwrap()));
    }

    #[test]
    fn prefixes_are_checked() {
        for wrong in ["10.0.0.0", "10.0.0.0/33", "x/8", "::/129", "10.0.0.0/-1"] {
            assert!(wrong.parse::<IpNet>().is_err(), "{wrong}");
        }
    }
}
