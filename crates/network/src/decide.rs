//! Which bridge and which subnets the default network has on this host; decided once for as long as its bridge is there.
//!
//! The decision is kept in `<run>/networks/<name>/network.json`. It is written under another name and linked to its own, so that
//! of several commands that decide at once all follow the first.

use crate::bridge::{alias, host_has_ipv6, remove_if_idle};
use crate::lease::folder;
use crate::link::{self, Link};
use crate::netlink::{Family, Refusal, Socket, open};
use crate::{Error, IpNet, Network, Subnet};
use rustix::rand::GetRandomFlags;
use std::fs;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::Path;

/// Podman's.
const SUBNET: IpNet = IpNet::new(IpAddr::V4(Ipv4Addr::new(10, 88, 0, 0)), 16);
/// Where a free /24 is looked for when that one is taken: Podman's pools, then the other private ranges for hosts that route
/// all of 10.0.0.0/8 elsewhere.
const POOLS: [IpNet; 3] = [
    IpNet::new(IpAddr::V4(Ipv4Addr::new(10, 89, 0, 0)), 8),
    IpNet::new(IpAddr::V4(Ipv4Addr::new(172, 16, 0, 0)), 12),
    IpNet::new(IpAddr::V4(Ipv4Addr::new(192, 168, 0, 0)), 16),
];
/// The id Podman gives its network `podman` everywhere.
const PODMAN_ID: &str = "2f259bab93aaaaa2542ba43ef33eb990d0999ee1b9924b557b7be53c0b7a1bb9";
/// Bridges `minke0`, `minke1`, … that may belong to other run directories.
const BRIDGES: u32 = 1000;

/// The default network for this host: configured subnet if free here, IPv6 when the host has it. Pure given the facts it reads.
///
/// All callers with the same run directory get the same answer until no container is attached.
///
/// # Errors
/// When the host's routes can't be read, no subnet is free, or the decision can't be kept.
pub fn default_network(name: &str, subnet: Option<IpNet>, run: &Path) -> Result<Network, Error> {
    if let Some(network) = read(run, name)? {
        let agrees = subnet.is_none_or(|wish| network.subnets.iter().any(|s| s.subnet == wish.network()));
        if agrees || !remove_if_idle(run, &network)? {
            return Ok(network);
        }
    }
    let network = decide(name, subnet, run)?;
    write(run, &network)?;
    // Another command may have been first.
    Ok(read(run, name)?.unwrap_or(network))
}

/// The networks that have a bridge, or are about to.
pub fn known_networks(run: &Path) -> Vec<Network> {
    let entries = fs::read_dir(run.join("networks")).into_iter().flatten().flatten();
    let names = entries.map(|e| e.file_name().to_string_lossy().into_owned());
    names.filter_map(|name| read(run, &name).ok().flatten()).collect()
}

fn read(run: &Path, name: &str) -> Result<Option<Network>, Error> {
    let path = folder(run, name).join("network.json");
    let what = || format!("cannot read `{}`", path.display());
    match fs::read(&path) {
        Ok(bytes) => serde_json::from_slice(&bytes).map(Some).map_err(|e| Error::io(what())(e.into())),
        Err(e) if matches!(e.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => Ok(None),
        Err(e) => Err(Error::io(what())(e)),
    }
}

/// Keeps a network's definition unless one is kept already.
pub fn write(run: &Path, network: &Network) -> Result<(), Error> {
    let folder = folder(run, &network.name);
    let what = || format!("cannot write `{}/network.json`", folder.display());
    let text = serde_json::to_vec_pretty(network).map_err(|e| Error::io(what())(e.into()))?;
    let temporary = folder.join(format!(".network.{}", random_hex(8)?));
    fs::create_dir_all(&folder).map_err(Error::io(what()))?;
    fs::write(&temporary, text).map_err(Error::io(what()))?;
    let linked = fs::hard_link(&temporary, folder.join("network.json"));
    let _ = fs::remove_file(&temporary);
    match linked {
        Err(e) if e.kind() != io::ErrorKind::AlreadyExists => Err(Error::io(what())(e)),
        _ => Ok(()),
    }
}

fn decide(name: &str, wish: Option<IpNet>, run: &Path) -> Result<Network, Error> {
    let route = open(Family::Route)?;
    let (bridge, own) = free_bridge(&route, run).map_err(Refusal::into_error)?;
    let used = link::subnets_in_use(&route, own).map_err(Refusal::into_error)?;
    let ipv4 = free_subnet(wish.map(|w| w.network()), &used);
    let ipv4 = ipv4.ok_or_else(|| Error::NoSubnet(name.to_string()))?;
    let mut subnets = vec![ipv4];
    if ipv4.is_ipv4() && host_has_ipv6() {
        subnets.push(local_ipv6(&machine_id()?, &bridge));
    }
    let id = match name {
        "podman" => PODMAN_ID.to_string(),
        _ => random_hex(32)?,
    };
    Ok(Network {
        name: name.to_string(),
        id,
        bridge,
        subnets: subnets.into_iter().map(with_gateway).collect(),
        internal: false,
        mtu: None,
    })
}

/// The first bridge name that is free or ours, with the index of the link if there is one.
fn free_bridge(route: &Socket, run: &Path) -> Result<(String, Option<u32>), Refusal> {
    let ours = alias(run);
    for number in 0..BRIDGES {
        let name = format!("minke{number}");
        match link::find(route, &name)? {
            None => return Ok((name, None)),
            Some(Link { index, alias }) if alias == ours => return Ok((name, Some(index))),
            Some(_) => {}
        }
    }
    Ok((format!("minke{BRIDGES}"), None))
}

/// The wished subnet, or Podman's, or the next free one.
fn free_subnet(wish: Option<IpNet>, used: &[IpNet]) -> Option<IpNet> {
    let free = |net: &IpNet| !used.iter().any(|u| u.overlaps(net));
    let first = wish.unwrap_or(SUBNET);
    let candidates = POOLS.iter().flat_map(|pool| {
        let start = pool.network().number(pool.addr).unwrap_or(0);
        let hosts = (start..=pool.last_host()).step_by(256);
        hosts.filter_map(|number| pool.host(number)).map(|addr| IpNet::new(addr, 24))
    });
    std::iter::once(first).chain(candidates).find(free)
}

/// A unique local /64 (RFC 4193) that stays the same on this machine: a name's hash under the machine's id, which itself is not told.
fn local_ipv6(machine: &str, bridge: &str) -> IpNet {
    let global = fnv(machine.as_bytes().iter().chain(b"minke network"));
    let subnet = fnv(bridge.as_bytes().iter());
    let bits = 0xfd << 120 | u128::from(global & 0xff_ffff_ffff) << 80 | u128::from(subnet & 0xffff) << 64;
    IpNet::new(Ipv6Addr::from_bits(bits).into(), 64)
}

/// FNV-1a: spreads, no more is needed.
fn fnv<'a>(bytes: impl Iterator<Item = &'a u8>) -> u64 {
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

/// Of systemd or D-Bus; a random one where the machine has none (the decision is kept anyway).
fn machine_id() -> Result<String, Error> {
    let files = ["/etc/machine-id", "/var/lib/dbus/machine-id"];
    let mut texts = files.iter().filter_map(|file| fs::read_to_string(file).ok());
    match texts.find(|text| text.trim().len() >= 32) {
        Some(text) => Ok(text.trim().to_string()),
        None => random_hex(16),
    }
}

fn with_gateway(subnet: IpNet) -> Subnet {
    Subnet { subnet, gateway: subnet.host(1).unwrap_or(subnet.addr) }
}

fn random_hex(bytes: usize) -> Result<String, Error> {
    let mut random = vec![0; bytes];
    rustix::rand::getrandom(&mut random, GetRandomFlags::empty())
        .map_err(|e| Error::io("cannot get random bytes")(e.into()))?;
    Ok(random.iter().map(|b| format!("{b:02x}")).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn free(wish: Option<&str>, used: &[&str]) -> String {
        let used: Vec<IpNet> = used.iter().map(|u| u.parse().unwrap()).collect();
        let found = free_subnet(wish.map(|w| w.parse().unwrap()), &used);
        found.map_or("none".into(), |net| net.to_string())
    }

    #[test]
    fn the_first_free_subnet_is_taken() {
        assert_eq!(free(None, &["192.0.2.7/24"]), "10.88.0.0/16");
        assert_eq!(free(None, &["10.88.0.1/16"]), "10.89.0.0/24");
        assert_eq!(free(None, &["10.88.3.0/24", "10.89.0.0/23"]), "10.89.2.0/24");
        assert_eq!(free(None, &["10.0.0.0/8"]), "172.16.0.0/24");
        assert_eq!(free(Some("10.7.0.0/16"), &["10.88.0.1/16"]), "10.7.0.0/16");
        assert_eq!(free(None, &["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"]), "none");
    }

    #[test]
    fn local_subnets_are_stable_and_differ_by_machine_and_bridge() {
        let one = local_ipv6("a", "minke0");
        assert_eq!(one, local_ipv6("a", "minke0"));
        assert_ne!(one, local_ipv6("b", "minke0"));
        assert_ne!(one, local_ipv6("a", "minke1"));
        assert!(one.to_string().starts_with("fd") && one.to_string().ends_with("::/64"));
    }
}
