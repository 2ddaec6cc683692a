//! Forgetting UDP flows that the kernel tracks: they outlive a change of the published ports, as nobody closes them.

use crate::netlink::message::{ACK, Attributes, Batch, DUMP};
use crate::netlink::reply::attribute;
use crate::netlink::{Refusal, Socket, ask, try_send};
use crate::{PortMapping, Protocol};

/// `NFNL_SUBSYS_CTNETLINK` with `IPCTNL_MSG_CT_GET` and `IPCTNL_MSG_CT_DELETE`.
const GET: u16 = 1 << 8 | 1;
const DELETE: u16 = 1 << 8 | 2;
const TUPLE_ORIG: u16 = 1;
const ZONE: u16 = 18;
const TUPLE_PROTO: u16 = 2;
const PROTO_NUM: u16 = 1;
const PROTO_DST_PORT: u16 = 3;
const UDP: u8 = 17;

/// A tracked flow, as its original direction's raw attributes.
struct Flow {
    family: u8,
    original: Vec<u8>,
    zone: Option<Vec<u8>>,
}

/// Forgets flows to these UDP ports of the host. Failures are only logged: a flow that stays misleads one client for a minute.
pub fn forget_udp(socket: &Socket, ports: &[PortMapping]) {
    if ports.iter().any(|p| p.protocol == Protocol::Udp)
        && let Err(refusal) = forget(socket, ports)
    {
        log::debug!("{}: errno {}", refusal.what, refusal.errno);
    }
}

fn forget(socket: &Socket, ports: &[PortMapping]) -> Result<(), Refusal> {
    let mut batch = Batch::new();
    batch.message("list tracked flows", (GET, DUMP), &[0; 4], |_| {});
    let mut flows = Vec::new();
    ask(socket, &batch, |_, payload| flows.extend(udp_flow(payload, ports)))?;
    for flow in flows {
        let mut batch = Batch::new();
        batch.message("forget a flow", (DELETE, ACK), &[flow.family, 0, 0, 0], |a: &mut Attributes<'_>| {
            a.nest(TUPLE_ORIG, |a| a.raw(&flow.original));
            flow.zone.iter().for_each(|zone| a.bytes(ZONE, zone));
        });
        // One that ended by itself meanwhile is as well.
        let _ = try_send(socket, &batch);
    }
    Ok(())
}

fn udp_flow(payload: &[u8], ports: &[PortMapping]) -> Option<Flow> {
    let attributes = payload.get(4..)?;
    let original = attribute(attributes, TUPLE_ORIG)?;
    let proto = attribute(original, TUPLE_PROTO)?;
    let port = attribute(proto, PROTO_DST_PORT)?;
    let port = u16::from_be_bytes(port.try_into().ok()?);
    let wanted = |p: &PortMapping| {
        let end = u32::from(p.host_port) + u32::from(p.count());
        p.protocol == Protocol::Udp && p.host_port <= port && u32::from(port) < end
    };
    let udp = attribute(proto, PROTO_NUM)? == [UDP];
    (udp && ports.iter().any(wanted)).then(|| Flow {
        family: payload[0],
        original: original.to_vec(),
        zone: attribute(attributes, ZONE).map(<[u8]>::to_vec),
    })
}
