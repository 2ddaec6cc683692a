//! A container's attachment to its networks: reserve, set up, tear down.

use crate::bridge::{self, Host, mac_of, sysctl, write_sysctl};
use crate::lease::{self, Lease};
use crate::link::{self, Veth};
use crate::lock::Lock;
use crate::namespace::visit;
use crate::netlink::message::Batch;
use crate::netlink::{Family, Socket, open, send};
use crate::publish::{Kept, publish, unpublish};
use crate::{Attachment, Error, Interface, Request, Reserved, Status, ports};
use rustix::rand::GetRandomFlags;
use std::io;
use std::os::fd::BorrowedFd;
use std::path::Path;

/// `lo` is the first link of every namespace.
const LOOPBACK: u32 = 1;
/// Podman's for default routes; later networks of a container get a higher one.
const METRIC: u32 = 100;

/// Leases addresses (files made under `run`), fills in free host ports, and binds those ports. Fast, no netlink.
///
/// # Errors
/// A port or address that can't be had. Then nothing stays leased.
pub fn reserve(run: &Path, request: &Request<'_>) -> Result<(Status, Reserved), Error> {
    let (ports, sockets) = ports::reserve(request.ports)?;
    let mut status = Status { interfaces: Vec::new(), ports };
    for attachment in &request.attachments {
        match reserve_interface(run, request.container, attachment) {
            Ok(interface) => status.interfaces.push(interface),
            Err(error) => {
                release_all(run, request.container, &status, &mut Vec::new());
                return Err(error);
            }
        }
    }
    Ok((status, Reserved { sockets }))
}

fn reserve_interface(run: &Path, container: &str, wish: &Attachment<'_>) -> Result<Interface, Error> {
    let network = wish.network;
    let addresses = lease::take(run, network, container, &wish.addresses)?;
    let ipv4 = addresses.iter().find(|a| a.is_ipv4()).or(addresses.first());
    // Made of the address, so that whoever has it cached finds the address's next owner as well.
    let mac = wish.mac.unwrap_or_else(|| mac_of(ipv4.map(|a| a.addr)));
    let gateways = network.subnets.iter().map(|s| s.gateway);
    Ok(Interface {
        network: network.name.clone(),
        bridge: network.bridge.clone(),
        name: wish.interface.clone(),
        host_name: host_name(container)?,
        mac: mac.map(|byte| format!("{byte:02x}")).join(":"),
        addresses,
        gateways: gateways.filter(|_| !network.internal).collect(),
    })
}

/// `mk`, the start of the container's id, and some chance: a restarted container's former link may not be gone yet.
fn host_name(container: &str) -> Result<String, Error> {
    let mut random = [0; 3];
    rustix::rand::getrandom(&mut random, GetRandomFlags::empty())
        .map_err(|e| Error::io("cannot get random bytes")(e.into()))?;
    let id: String = container.chars().take(6).collect();
    let [a, b, c] = random;
    Ok(format!("mk{id}{a:02x}{b:02x}{c:02x}"))
}

/// Makes links, addresses, routes and firewall elements for a reserved status in that namespace. Undoes itself on failure.
/// What it returns is best kept by the monitor, see [`Kept`].
///
/// # Errors
/// The step that failed, with the kernel's words where it has some.
pub fn setup(run: &Path, request: &Request<'_>, status: &Status, netns: BorrowedFd<'_>) -> Result<Kept, Error> {
    let lock = Lock::shared(run)?;
    let host = Host::open()?;
    let inside = visit(netns, Inside::open)?;
    let mut made = Vec::new();
    let result = attach_all(run, request, status, (&lock, &host, &inside, netns), &mut made)
        .and_then(|()| publish(run, &host.firewall, request.container, status));
    match result {
        Ok(()) => Ok(Kept::new(host.firewall)),
        Err(error) => {
            undo(&host, &made);
            Err(error)
        }
    }
}

/// What attaching works with: the lock it holds, the host's sockets, the container's socket and namespace.
type Tools<'a> = (&'a Lock, &'a Host, &'a Inside, BorrowedFd<'a>);

fn attach_all(
    run: &Path,
    request: &Request<'_>,
    status: &Status,
    (lock, host, inside, netns): Tools<'_>,
    made: &mut Vec<String>,
) -> Result<(), Error> {
    let pairs = request.attachments.iter().zip(&status.interfaces);
    for (position, (wish, interface)) in pairs.enumerate() {
        let bridge = bridge::ensure(run, lock, wish.network, host)?;
        let veth = Veth {
            host_name: &interface.host_name,
            name: &interface.name,
            mac: parse_mac(&interface.mac)?,
            bridge,
            netns,
            mtu: wish.network.mtu,
        };
        let mut batch = Batch::new();
        veth.create(&mut batch);
        if !status.ports.is_empty() {
            link::allow_hairpin(&mut batch, veth.host_name);
        }
        // Before the send: its first message may succeed and the second fail.
        made.push(interface.host_name.clone());
        send(&host.route, &batch)?;
        configure(inside, interface, METRIC + position as u32)?;
    }
    Ok(())
}

/// In the container's namespace: loopback and interface up, addresses, default routes. One exchange.
fn configure(inside: &Inside, interface: &Interface, metric: u32) -> Result<(), Error> {
    let name = &interface.name;
    let index = link::index_of(&inside.route, name)?;
    let mut batch = Batch::new();
    link::up(&mut batch, LOOPBACK, "lo");
    link::up(&mut batch, index, name);
    for address in interface.addresses.iter().filter(|a| inside.ipv6 || a.is_ipv4()) {
        link::add_address(&mut batch, (index, name), *address);
    }
    for gateway in interface.gateways.iter().filter(|g| inside.ipv6 || g.is_ipv4()) {
        link::add_default_route(&mut batch, index, *gateway, metric);
    }
    send(&inside.route, &batch)
}

/// Explicitly, as the namespace may live on; what fails is only left behind for the namespace's end.
fn undo(host: &Host, made: &[String]) {
    for name in made {
        let mut batch = Batch::new();
        link::delete(&mut batch, name);
        if let Err(error) = send(&host.route, &batch) {
            log::debug!("{error}");
        }
    }
}

/// Removes firewall elements and leases. Idempotent; goes on after errors and returns them all. Links vanish with the namespace.
pub fn teardown(run: &Path, container: &str, status: &Status) -> Vec<Error> {
    let (_kept, mut errors) = unpublish(run, container, status);
    release_all(run, container, status, &mut errors);
    errors
}

fn release_all(run: &Path, container: &str, status: &Status, errors: &mut Vec<Error>) {
    for interface in &status.interfaces {
        for address in &interface.addresses {
            let lease =
                Lease { network: interface.network.clone(), address: address.addr, container: container.to_string() };
            errors.extend(lease::remove(run, &lease).err());
        }
    }
}

/// What is needed of the container's namespace.
struct Inside {
    route: Socket,
    /// Not so with `--sysctl net.ipv6.conf.all.disable_ipv6=1`, or on a host without it.
    ipv6: bool,
}

impl Inside {
    /// Run in that namespace. Has it ignore routers, whom other containers could pose as, and use addresses at once.
    fn open() -> Result<Self, Error> {
        let ipv6 = sysctl("ipv6/conf/default/disable_ipv6") == "0";
        if ipv6 {
            write_sysctl("ipv6/conf/default/accept_ra", "0")?;
            write_sysctl("ipv6/conf/default/accept_dad", "0")?;
        }
        Ok(Self { route: open(Family::Route)?, ipv6 })
    }
}

fn parse_mac(text: &str) -> Result<[u8; 6], Error> {
    let bytes: Result<Vec<u8>, _> = text.split(':').map(|b| u8::from_str_radix(b, 16)).collect();
    let mac = bytes.ok().and_then(|b| <[u8; 6]>::try_from(b).ok());
    mac.ok_or_else(|| {
        let cause = io::Error::from(io::ErrorKind::InvalidInput);
        Error::io(format!("cannot read the hardware address `{text}`"))(cause)
    })
}
