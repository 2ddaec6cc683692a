//! Elements of the table's sets and maps: a bridge's and a container's.

use super::transaction::{DELSETELEM, GETSETELEM, INET, NEWSETELEM, SUBSYSTEM, TABLE, Transaction, header};
use crate::ip::{from_octets, octets};
use crate::netlink::message::{Attributes, Batch, CREATE, DUMP};
use crate::netlink::reply::{attribute, attributes};
use crate::netlink::{Socket, ask};
use crate::{Error, IpNet, Network, PortMapping, Protocol};
use std::net::IpAddr;

/// The maps of published ports.
pub const MAPS: [&str; 4] = ["any4", "any6", "host4", "host6"];
/// An attribute's length has 16 bits; an element needs some 90 bytes.
const PER_MESSAGE: usize = 400;
/// `NFT_SET_ELEM_INTERVAL_END`.
const INTERVAL_END: u32 = 1;

/// An element of one set or map, encoded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Element {
    /// Set or map.
    pub set: &'static str,
    /// Fields, each padded to four bytes.
    pub key: Vec<u8>,
    /// The same of a map's value; empty in a set.
    pub data: Vec<u8>,
    /// End of an interval.
    end: bool,
}

/// Elements of a container's published ports: to its first address of each family.
pub fn of_ports(ports: &[PortMapping], addresses: &[IpAddr]) -> Vec<Element> {
    let mut elements = Vec::new();
    for ipv4 in [true, false] {
        let Some(target) = addresses.iter().find(|a| a.is_ipv4() == ipv4) else {
            continue;
        };
        for port in ports {
            if port.host_ip.is_none_or(|ip| ip.is_ipv4() == ipv4) {
                elements.extend((0..port.count()).map(|n| of_port(port, n, *target)));
            }
        }
    }
    elements
}

fn of_port(port: &PortMapping, number: u16, target: IpAddr) -> Element {
    let mut key = vec![protocol_number(port.protocol), 0, 0, 0];
    let host = port.host_ip.filter(|ip| !ip.is_unspecified());
    key.extend(host.map(octets).unwrap_or_default());
    key.extend(service(port.host_port + number));
    let mut data = octets(target);
    data.extend(service(port.container_port + number));
    let set = match (host.is_some(), target.is_ipv4()) {
        (false, true) => MAPS[0],
        (false, false) => MAPS[1],
        (true, true) => MAPS[2],
        (true, false) => MAPS[3],
    };
    Element { set, key, data, end: false }
}

/// Elements of a network: its bridge, and its subnets unless it is internal.
pub fn of_network(network: &Network) -> Vec<Element> {
    let name = interface_name(&network.bridge);
    let mut elements = vec![in_set("bridges", name.clone())];
    if network.internal {
        elements.push(in_set("internal", name.clone()));
        elements.push(in_set("internal_pair", [name.clone(), name].concat()));
    } else {
        network.subnets.iter().for_each(|s| elements.extend(interval(s.subnet)));
    }
    elements
}

/// First address, and the first one after the subnet as the interval's end.
fn interval(net: IpNet) -> Vec<Element> {
    let set = if net.is_ipv4() { "subnets4" } else { "subnets6" };
    let mut elements = vec![in_set(set, octets(net.network().addr))];
    let mut after = octets(net.host(net.last_host()).unwrap_or(net.addr));
    for byte in after.iter_mut().rev() {
        *byte = byte.wrapping_add(1);
        if *byte != 0 {
            let end = Element { end: true, ..in_set(set, after) };
            elements.push(end);
            break;
        }
    }
    elements
}

fn in_set(set: &'static str, key: Vec<u8>) -> Element {
    Element { set, key, data: Vec::new(), end: false }
}

/// Adds all elements, or none. A stale one in the way (its container was killed with its monitor) is replaced.
pub fn add(socket: &Socket, elements: &[Element], comment: &str) -> Result<(), Error> {
    if elements.is_empty() {
        return Ok(());
    }
    let refused = change(NEWSETELEM, elements, comment).try_commit(socket)?;
    match refused.into_iter().next() {
        None => Ok(()),
        // The ports are held by our sockets, so nobody alive can own these.
        Some(refusal) if [libc::EBUSY, libc::EEXIST].contains(&refusal.errno) => {
            remove(socket, elements)?;
            change(NEWSETELEM, elements, comment).commit(socket)
        }
        Some(refusal) => Err(refusal.into_error()),
    }
}

/// Removes the elements; missing ones are fine, so is a missing table.
pub fn remove(socket: &Socket, elements: &[Element]) -> Result<(), Error> {
    if elements.is_empty() || try_remove(socket, elements)? {
        return Ok(());
    }
    for element in elements {
        try_remove(socket, std::slice::from_ref(element))?;
    }
    Ok(())
}

/// False: at least one was missing, and nothing was removed.
fn try_remove(socket: &Socket, elements: &[Element]) -> Result<bool, Error> {
    let refused = change(DELSETELEM, elements, "").try_commit(socket)?;
    match refused.into_iter().next() {
        None => Ok(true),
        Some(refusal) if refusal.errno == libc::ENOENT => Ok(false),
        Some(refusal) => Err(refusal.into_error()),
    }
}

fn change(kind: u16, elements: &[Element], comment: &str) -> Transaction {
    let mut transaction = Transaction::begin(None);
    let (verb, flags) = match kind {
        NEWSETELEM => ("add to", CREATE),
        _ => ("remove from", 0),
    };
    for same_set in elements.chunk_by(|a, b| a.set == b.set) {
        for chunk in same_set.chunks(PER_MESSAGE) {
            let label = format!("{verb} the firewall set `{}`", chunk[0].set);
            transaction.add(label, (kind, flags), |a| {
                a.text(1, TABLE);
                a.text(2, chunk[0].set);
                a.nest(3, |a| chunk.iter().for_each(|e| e.write(a, comment)));
            });
        }
    }
    transaction
}

impl Element {
    fn write(&self, a: &mut Attributes<'_>, comment: &str) {
        a.nest(1, |a| {
            a.nest(1, |a| a.bytes(1, &self.key));
            if !self.data.is_empty() {
                a.nest(2, |a| a.bytes(1, &self.data));
            }
            if self.end {
                a.be32(3, INTERVAL_END);
            }
            if !comment.is_empty() && !self.end {
                a.bytes(6, &userdata(comment));
            }
        });
    }

    /// The container's address a map's element leads to.
    pub fn target(&self) -> Option<IpAddr> {
        let address = self.data.len().checked_sub(4)?;
        from_octets(&self.data[..address])
    }
}

/// All elements of a set or map; none when there is no such table.
pub fn list(socket: &Socket, set: &'static str) -> Result<Vec<Element>, Error> {
    let mut batch = Batch::new();
    let label = format!("list the firewall set `{set}`");
    batch.message(label, (SUBSYSTEM | GETSETELEM, DUMP), &header(INET), |a| {
        a.text(1, TABLE);
        a.text(2, set);
    });
    let mut found = Vec::new();
    let answer = ask(socket, &batch, |_, payload| {
        let elements = payload.get(4..).and_then(|a| attribute(a, 3));
        for (_, element) in attributes(elements.unwrap_or_default()) {
            let value = |kind| attribute(element, kind).and_then(|v| attribute(v, 1));
            let key = value(1).unwrap_or_default().to_vec();
            let data = value(2).unwrap_or_default().to_vec();
            found.push(Element { set, key, data, end: false });
        }
    });
    match answer {
        Err(refusal) if refusal.errno != libc::ENOENT => Err(refusal.into_error()),
        _ => Ok(found),
    }
}

/// Whether nothing is in that set.
pub fn is_empty(socket: &Socket, set: &'static str) -> Result<bool, Error> {
    Ok(list(socket, set)?.is_empty())
}

/// nft's form of a comment: type 0, length, text with its NUL.
fn userdata(comment: &str) -> Vec<u8> {
    let mut bytes = vec![0, (comment.len() + 1) as u8];
    bytes.extend(comment.as_bytes());
    bytes.push(0);
    bytes
}

fn interface_name(name: &str) -> Vec<u8> {
    let mut bytes = name.as_bytes().to_vec();
    bytes.resize(16, 0);
    bytes
}

fn service(port: u16) -> [u8; 4] {
    let [high, low] = port.to_be_bytes();
    [high, low, 0, 0]
}

pub fn protocol_number(protocol: Protocol) -> u8 {
    match protocol {
        Protocol::Tcp => 6,
        Protocol::Udp => 17,
        Protocol::Sctp => 132,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn port(host_ip: Option<&str>) -> PortMapping {
        PortMapping {
            host_ip: host_ip.map(|ip| ip.parse().unwrap()),
            host_port: 8080,
            container_port: 80,
            range: 2,
            protocol: Protocol::Tcp,
        }
    }

    fn sets(host_ip: Option<&str>) -> Vec<&'static str> {
        let addresses = ["10.88.0.2", "fd00::2"].map(|a| a.parse().unwrap());
        let elements = of_ports(&[port(host_ip)], &addresses);
        elements.iter().map(|e| e.set).collect()
    }

    #[test]
    fn ports_go_to_the_map_of_their_family_and_address() {
        assert_eq!(sets(None), ["any4", "any4", "any6", "any6"]);
        assert_eq!(sets(Some("127.0.0.1")), ["host4", "host4"]);
        assert_eq!(sets(Some("0.0.0.0")), ["any4", "any4"]);
        assert_eq!(sets(Some("::1")), ["host6", "host6"]);
    }

    #[test]
    fn elements_are_fields_of_four_bytes() {
        let elements = of_ports(&[port(Some("1.2.3.4"))], &["10.88.0.2".parse().unwrap()]);
        let second = &elements[1];
        assert_eq!(second.key, [6, 0, 0, 0, 1, 2, 3, 4, 0x1f, 0x91, 0, 0]);
        assert_eq!(second.data, [10, 88, 0, 2, 0, 81, 0, 0]);
        assert_eq!(second.target(), Some("10.88.0.2".parse().unwrap()));
    }

    #[test]
    fn an_interval_ends_after_its_last_address() {
        let ends = interval("10.255.0.0/16".parse().unwrap());
        assert_eq!(ends[1].key, [11, 0, 0, 0]);
        assert_eq!(interval("255.255.0.0/16".parse().unwrap()).len(), 1);
    }
}
