//! The rtnetlink messages this crate needs: bridge, veth pair, addresses, routes. rtnetlink(7), linux/if_link.h.

use crate::ip::{from_octets, octets};
use crate::netlink::message::{ACK, Batch, CREATE, DUMP, EXCL};
use crate::netlink::reply::attribute;
use crate::netlink::{Refusal, Socket, ask};
use crate::{Error, IpNet};
use rustix::net::netdevice::name_to_index;
use std::net::IpAddr;
use std::os::fd::{AsRawFd, BorrowedFd};

const NEWLINK: u16 = 16;
const DELLINK: u16 = 17;
const GETLINK: u16 = 18;
const NEWADDR: u16 = 20;
const GETADDR: u16 = 22;
const NEWROUTE: u16 = 24;
const GETROUTE: u16 = 26;

const IFLA_ADDRESS: u16 = 1;
const IFLA_IFNAME: u16 = 3;
const IFLA_MTU: u16 = 4;
const IFLA_MASTER: u16 = 10;
const IFLA_LINKINFO: u16 = 18;
const IFLA_IFALIAS: u16 = 20;
const IFLA_NET_NS_FD: u16 = 28;
const IFLA_INFO_KIND: u16 = 1;
const IFLA_INFO_DATA: u16 = 2;
const IFLA_INFO_SLAVE_KIND: u16 = 4;
const IFLA_INFO_SLAVE_DATA: u16 = 5;
const VETH_INFO_PEER: u16 = 1;
const IFLA_BRPORT_MODE: u16 = 4;
const IFF_UP: u32 = 1;

const IFA_ADDRESS: u16 = 1;
const IFA_LOCAL: u16 = 2;
const IFA_BROADCAST: u16 = 4;
const IFA_F_NODAD: u8 = 2;

const RTA_DST: u16 = 1;
const RTA_OIF: u16 = 4;
const RTA_GATEWAY: u16 = 5;
const RTA_PRIORITY: u16 = 6;
const RTPROT_STATIC: u8 = 4;
const RT_TABLE_MAIN: u8 = 254;
const RTN_UNICAST: u8 = 1;

/// A veth pair with one end on a bridge and the other in a container.
pub struct Veth<'a> {
    /// Name on the host.
    pub host_name: &'a str,
    /// Name inside.
    pub name: &'a str,
    /// Hardware address inside.
    pub mac: [u8; 6],
    /// The bridge's index.
    pub bridge: u32,
    /// The container's network namespace.
    pub netns: BorrowedFd<'a>,
    /// `None`: the kernel's.
    pub mtu: Option<u32>,
}

impl Veth<'_> {
    /// Creates the pair, the far end at once in its namespace; the near one is up and on the bridge.
    ///
    /// The far end can't be made up here: veth refuses to go up before both ends know each other (`ENOTCONN`).
    pub fn create(&self, batch: &mut Batch) {
        let label = format!("create the link pair `{}` and `{}`", self.host_name, self.name);
        let kind = (NEWLINK, ACK | CREATE | EXCL);
        batch.message(label, kind, &link_header(0, true), |a| {
            a.text(IFLA_IFNAME, self.host_name);
            a.u32(IFLA_MASTER, self.bridge);
            self.mtu.iter().for_each(|mtu| a.u32(IFLA_MTU, *mtu));
            a.nest(IFLA_LINKINFO, |a| {
                a.text(IFLA_INFO_KIND, "veth");
                a.nest(IFLA_INFO_DATA, |a| {
                    a.nest_after(VETH_INFO_PEER, &link_header(0, false), |a| {
                        a.text(IFLA_IFNAME, self.name);
                        a.bytes(IFLA_ADDRESS, &self.mac);
                        self.mtu.iter().for_each(|mtu| a.u32(IFLA_MTU, *mtu));
                        a.u32(IFLA_NET_NS_FD, self.netns.as_raw_fd() as u32);
                    });
                });
            });
        });
    }
}

/// Lets the bridge send frames out of the port they came from: how a container reaches itself by a published port where
/// br_netfilter does the translation on the bridge (net.bridge.bridge-nf-call-iptables, on by default where that is loaded).
pub fn allow_hairpin(batch: &mut Batch, name: &str) {
    let label = format!("set hairpin mode of `{name}`");
    batch.message(label, (NEWLINK, ACK), &link_header(0, false), |a| {
        a.text(IFLA_IFNAME, name);
        a.nest(IFLA_LINKINFO, |a| {
            a.text(IFLA_INFO_SLAVE_KIND, "bridge");
            a.nest(IFLA_INFO_SLAVE_DATA, |a| a.bytes(IFLA_BRPORT_MODE, &[1]));
        });
    });
}

/// Creates a bridge that is up.
pub fn create_bridge(batch: &mut Batch, name: &str, mac: [u8; 6], mtu: Option<u32>) {
    let kind = (NEWLINK, ACK | CREATE | EXCL);
    let label = format!("create the bridge `{name}`");
    batch.message(label, kind, &link_header(0, true), |a| {
        a.text(IFLA_IFNAME, name);
        // A fixed address: left alone, a bridge takes its lowest port's and changes it as containers come and go.
        a.bytes(IFLA_ADDRESS, &mac);
        mtu.iter().for_each(|mtu| a.u32(IFLA_MTU, *mtu));
        a.nest(IFLA_LINKINFO, |a| a.text(IFLA_INFO_KIND, "bridge"));
    });
}

/// Names a link's owner, in a text the kernel keeps beside the name. (It ignores it while a link is created.)
pub fn set_alias(batch: &mut Batch, (index, name): (u32, &str), alias: &str) {
    let label = format!("set the alias of `{name}`");
    batch.message(label, (NEWLINK, ACK), &link_header(index, false), |a| {
        a.text(IFLA_IFALIAS, alias);
    });
}

/// Sets a link up.
pub fn up(batch: &mut Batch, index: u32, name: &str) {
    let kind = (NEWLINK, ACK);
    batch.message(format!("set `{name}` up"), kind, &link_header(index, true), |_| {});
}

/// Deletes a link by name. Takes some 20 ms.
pub fn delete(batch: &mut Batch, name: &str) {
    let kind = (DELLINK, ACK);
    batch.message(format!("delete the link `{name}`"), kind, &link_header(0, false), |a| {
        a.text(IFLA_IFNAME, name);
    });
}

/// Adds an address; an IPv6 one is usable at once, without duplicate detection.
pub fn add_address(batch: &mut Batch, (index, name): (u32, &str), net: IpNet) {
    let label = format!("add the address {net} to `{name}`");
    let mut header = vec![family(net.addr), net.prefix, IFA_F_NODAD * u8::from(!net.is_ipv4()), 0];
    header.extend(index.to_ne_bytes());
    batch.message(label, (NEWADDR, ACK | CREATE | EXCL), &header, |a| {
        let own = octets(net.addr);
        a.bytes(IFA_LOCAL, &own);
        a.bytes(IFA_ADDRESS, &own);
        let broadcast = net.network().host(net.last_host());
        if let Some(IpAddr::V4(last)) = broadcast.filter(|_| net.prefix < 31) {
            a.bytes(IFA_BROADCAST, &last.octets());
        }
    });
}

/// Adds a default route. The lowest `metric` wins.
pub fn add_default_route(batch: &mut Batch, index: u32, gateway: IpAddr, metric: u32) {
    let label = format!("add the default route by {gateway}");
    let header = [family(gateway), 0, 0, 0, RT_TABLE_MAIN, RTPROT_STATIC, 0, RTN_UNICAST, 0, 0, 0, 0];
    batch.message(label, (NEWROUTE, ACK | CREATE | EXCL), &header, |a| {
        a.bytes(RTA_GATEWAY, &octets(gateway));
        a.u32(RTA_OIF, index);
        a.u32(RTA_PRIORITY, metric);
    });
}

/// A link as the kernel tells it.
#[derive(Debug, PartialEq, Eq)]
pub struct Link {
    /// Number in its namespace.
    pub index: u32,
    /// What its maker wrote beside the name.
    pub alias: String,
}

/// Looks a link up by its name; `None` when there is none.
pub fn find(socket: &Socket, name: &str) -> Result<Option<Link>, Refusal> {
    let mut batch = Batch::new();
    let label = format!("look up the link `{name}`");
    batch.message(label, (GETLINK, ACK), &link_header(0, false), |a| {
        a.text(IFLA_IFNAME, name);
    });
    let mut found = None;
    let answer = ask(socket, &batch, |_, payload| found = parse_link(payload));
    match answer {
        Err(refusal) if refusal.errno == libc::ENODEV => Ok(None),
        other => other.map(|()| found),
    }
}

/// The index of a link that must be there. An ioctl: cheaper than asking for all of the link. netdevice(7).
pub fn index_of(socket: &Socket, name: &str) -> Result<u32, Error> {
    name_to_index(socket, name).map_err(|e| Error::io(format!("cannot find the link `{name}`"))(e.into()))
}

/// All addresses and routes of the namespace, as the subnets that are in use; default routes aside.
pub fn subnets_in_use(socket: &Socket, except_link: Option<u32>) -> Result<Vec<IpNet>, Refusal> {
    let mut used = Vec::new();
    let mut batch = Batch::new();
    batch.message("list the host's addresses", (GETADDR, DUMP), &[0; 8], |_| {});
    ask(socket, &batch, |_, payload| {
        used.extend(parse_address(payload, except_link));
    })?;
    let mut batch = Batch::new();
    batch.message("list the host's routes", (GETROUTE, DUMP), &[0; 12], |_| {});
    ask(socket, &batch, |_, payload| {
        used.extend(parse_route(payload, except_link));
    })?;
    Ok(used)
}

fn parse_link(payload: &[u8]) -> Option<Link> {
    let alias = attribute(payload.get(16..)?, IFLA_IFALIAS).unwrap_or_default();
    let alias = alias.strip_suffix(&[0]).unwrap_or(alias);
    Some(Link { index: host_u32(payload.get(4..8)?)?, alias: String::from_utf8_lossy(alias).into_owned() })
}

fn parse_address(payload: &[u8], except_link: Option<u32>) -> Option<IpNet> {
    let index = host_u32(payload.get(4..8)?)?;
    let addr = from_octets(attribute(payload.get(8..)?, IFA_ADDRESS)?)?;
    (Some(index) != except_link).then(|| IpNet::new(addr, payload[1]))
}

fn parse_route(payload: &[u8], except_link: Option<u32>) -> Option<IpNet> {
    let attributes = payload.get(12..)?;
    let index = attribute(attributes, RTA_OIF).and_then(host_u32);
    let addr = from_octets(attribute(attributes, RTA_DST)?)?;
    let ours = index.is_some() && index == except_link;
    (!ours && payload[1] > 0).then(|| IpNet::new(addr, payload[1]))
}

/// `struct ifinfomsg`.
fn link_header(index: u32, up: bool) -> [u8; 16] {
    let mut header = [0; 16];
    let flags = IFF_UP * u32::from(up);
    header[4..8].copy_from_slice(&index.to_ne_bytes());
    header[8..12].copy_from_slice(&flags.to_ne_bytes());
    header[12..16].copy_from_slice(&flags.to_ne_bytes());
    header
}

fn family(addr: IpAddr) -> u8 {
    let family = if addr.is_ipv4() { libc::AF_INET } else { libc::AF_INET6 };
    family as u8
}

fn host_u32(bytes: &[u8]) -> Option<u32> {
    Some(u32::from_ne_bytes(bytes.try_into().ok()?))
}
