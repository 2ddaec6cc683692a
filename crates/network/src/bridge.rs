//! A network's bridge and its place in the firewall: made when the first container needs it, removed when idle.

use crate::ip::octets;
use crate::lease::{folder, leases};
use crate::link;
use crate::lock::Lock;
use crate::netlink::message::Batch;
use crate::netlink::{Family, Refusal, Socket, open, send, try_send};
use crate::nft::{element, table};
use crate::{Error, IpNet, Network, decide};
use std::fs;
use std::io;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

/// The file in a network's folder that says that its bridge was made.
pub const MARKER: &str = "bridge";

/// The sockets of the host's network namespace that attaching needs.
pub struct Host {
    /// Links and addresses.
    pub route: Socket,
    /// Firewall.
    pub firewall: Socket,
}

impl Host {
    /// Opens both.
    pub fn open() -> Result<Self, Error> {
        Ok(Self { route: open(Family::Route)?, firewall: open(Family::Netfilter)? })
    }
}

/// Makes the bridge, its addresses, sysctls and firewall elements where they are missing; returns its index.
///
/// The caller holds the lock shared and has a lease in the network. The file `bridge` tells that all was done for the link with that
/// index; it is checked that link and table are still there.
pub fn ensure(run: &Path, lock: &Lock, network: &Network, host: &Host) -> Result<u32, Error> {
    if let Some(index) = ready(run, network, host)? {
        return Ok(index);
    }
    lock.upgrade()?;
    let made = match ready(run, network, host)? {
        Some(index) => Ok(index),
        None => make(run, network, host),
    };
    lock.downgrade()?;
    made
}

fn ready(run: &Path, network: &Network, host: &Host) -> Result<Option<u32>, Error> {
    let Ok(noted) = fs::read_to_string(marker(run, network)) else {
        return Ok(None);
    };
    let index = link::index_of(&host.route, &network.bridge);
    let same = index.ok().filter(|index| noted == note(*index, network));
    match same {
        Some(index) if table::exists(&host.firewall)? => Ok(Some(index)),
        _ => Ok(None),
    }
}

fn make(run: &Path, network: &Network, host: &Host) -> Result<u32, Error> {
    let elements = element::of_network(network);
    let add = || table::ensure(&host.firewall).and_then(|()| element::add(&host.firewall, &elements, ""));
    // An engine with another run directory may have removed the table, which it saw without bridges, in between.
    add().or_else(|_| add())?;
    let index = make_link(run, network, &host.route)?;
    set_sysctls(network)?;
    decide::write(run, network)?;
    let marker = marker(run, network);
    fs::write(&marker, note(index, network)).map_err(Error::io(format!("cannot write `{}`", marker.display())))?;
    Ok(index)
}

/// Creates the link if need be, and gives it its owner and addresses.
fn make_link(run: &Path, network: &Network, route: &Socket) -> Result<u32, Error> {
    let mut batch = Batch::new();
    let (name, ours) = (&network.bridge, alias(run));
    link::create_bridge(&mut batch, name, bridge_mac(network), network.mtu);
    refuse_all_but(libc::EEXIST, try_send(route, &batch)?)?;
    let found = link::find(route, name).map_err(Refusal::into_error)?;
    let owner = found.map(|l| l.alias).unwrap_or_default();
    if !owner.is_empty() && owner != ours {
        return Err(Error::ForeignBridge { bridge: name.clone(), owner });
    }
    let index = link::index_of(route, name)?;
    let mut batch = Batch::new();
    link::set_alias(&mut batch, (index, name), &ours);
    for subnet in &network.subnets {
        let net = IpNet::new(subnet.gateway, subnet.subnet.prefix);
        link::add_address(&mut batch, (index, name), net);
    }
    link::up(&mut batch, index, name);
    refuse_all_but(libc::EEXIST, try_send(route, &batch)?)?;
    Ok(index)
}

fn refuse_all_but(errno: i32, refused: Vec<Refusal>) -> Result<(), Error> {
    match refused.into_iter().find(|r| r.errno != errno) {
        Some(refusal) => Err(refusal.into_error()),
        None => Ok(()),
    }
}

/// Forwarding, and what keeps the bridge's containers from reconfiguring the host.
fn set_sysctls(network: &Network) -> Result<(), Error> {
    let bridge = &network.bridge;
    if network.subnets.iter().any(|s| s.subnet.is_ipv4()) {
        write_sysctl("ipv4/ip_forward", "1")?;
        // Lets the host reach published ports by 127.0.0.1; the firewall's `guard` drops what would abuse it.
        write_sysctl(&format!("ipv4/conf/{bridge}/route_localnet"), "1")?;
    }
    if network.subnets.iter().any(|s| !s.subnet.is_ipv4()) {
        keep_router_advertisements()?;
        write_sysctl("ipv6/conf/all/forwarding", "1")?;
        // Neighbours are asked from the link-local address, which has to be valid at once, not a second later.
        write_sysctl(&format!("ipv6/conf/{bridge}/accept_dad"), "0")?;
        // No container may pose as a router: CVE-2020-13401.
        write_sysctl(&format!("ipv6/conf/{bridge}/accept_ra"), "0")?;
    }
    Ok(())
}

/// A host that forwards ignores router advertisements unless told otherwise (value 2): its own default route would vanish.
fn keep_router_advertisements() -> Result<(), Error> {
    let folder = "/proc/sys/net/ipv6/conf";
    if sysctl("ipv6/conf/all/forwarding") == "1" {
        return Ok(());
    }
    let entries = fs::read_dir(folder).map_err(Error::io(format!("cannot read `{folder}`")))?;
    for entry in entries.flatten() {
        let key = format!("ipv6/conf/{}/accept_ra", entry.file_name().to_string_lossy());
        if sysctl(&key) == "1" {
            write_sysctl(&key, "2")?;
        }
    }
    Ok(())
}

/// A key below net, its parts divided by `/`; empty when there is none.
pub fn sysctl(key: &str) -> String {
    let text = fs::read_to_string(format!("/proc/sys/net/{key}")).unwrap_or_default();
    text.trim().to_string()
}

/// Writes one unless it has that value (a read-only /proc/sys is fine then).
pub fn write_sysctl(key: &str, value: &str) -> Result<(), Error> {
    if sysctl(key) == value {
        return Ok(());
    }
    let path = format!("/proc/sys/net/{key}");
    fs::write(&path, value).map_err(Error::io(format!("cannot write {value} to `{path}`")))
}

/// Removes the network's bridge and firewall elements if no address is leased in it, and the table if it was the last. True: removed.
///
/// # Errors
/// What could not be removed.
pub fn remove_if_idle(run: &Path, network: &Network) -> Result<bool, Error> {
    let _lock = Lock::exclusive(run)?;
    if leases(run)?.iter().any(|l| l.network == network.name) {
        return Ok(false);
    }
    remove(run, network).map(|()| true)
}

/// Whoever is killed in here leaves the marker, by which the next command finds out.
fn remove(run: &Path, network: &Network) -> Result<(), Error> {
    let host = Host::open()?;
    let ours = link::find(&host.route, &network.bridge).map_err(Refusal::into_error)?;
    if ours.is_some_and(|l| l.alias == alias(run)) {
        let mut batch = Batch::new();
        link::delete(&mut batch, &network.bridge);
        send(&host.route, &batch)?;
    }
    element::remove(&host.firewall, &element::of_network(network))?;
    table::remove_if_unused(&host.firewall)?;
    forget(&marker(run, network))?;
    // Next time the host may have other networks.
    forget(&folder(run, &network.name).join("network.json"))
}

fn forget(path: &Path) -> Result<(), Error> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(Error::io(format!("cannot remove `{}`", path.display()))(error))
        }
        _ => Ok(()),
    }
}

/// Tells whose bridge it is: two engines with different run directories must not share one.
pub fn alias(run: &Path) -> String {
    let alias = format!("minke {}", run.display());
    // IFALIASZ is 256 with the NUL.
    alias.chars().take(250).collect()
}

/// Locally administered, and the same every time, so that neighbours' caches stay true.
fn bridge_mac(network: &Network) -> [u8; 6] {
    mac_of(network.subnets.first().map(|s| s.gateway))
}

/// A hardware address made of the IP address's last four bytes.
pub fn mac_of(address: Option<IpAddr>) -> [u8; 6] {
    let bytes = address.map(octets).unwrap_or_default();
    let mut mac = [0xa6, 0x6d, 0, 0, 0, 0];
    if let Some(tail) = bytes.last_chunk::<4>() {
        mac[2..].copy_from_slice(tail);
    }
    mac
}

fn marker(run: &Path, network: &Network) -> PathBuf {
    folder(run, &network.name).join(MARKER)
}

/// What the marker says: anything that differs means another bridge than was made.
fn note(index: u32, network: &Network) -> String {
    let mut note = format!("{index} {}", network.bridge);
    for subnet in &network.subnets {
        note.push_str(&format!(" {} {}", subnet.subnet, subnet.gateway));
    }
    note
}

/// Whether IPv6 is to be had on this host.
pub fn host_has_ipv6() -> bool {
    sysctl("ipv6/conf/all/disable_ipv6") == "0"
}
