//! The table: its sets, maps, chains and rules; made in one transaction, removed in another.

use super::element::is_empty;
use super::expression::{IIFNAME, IP_DADDR, IP_SADDR, IP6_DADDR, IP6_SADDR, IPV4, IPV6, OIFNAME, Rule};
use super::transaction::{
    DELTABLE, GETGEN, GETTABLE, INET, NEWCHAIN, NEWRULE, NEWSET, NEWTABLE, SUBSYSTEM, TABLE, Transaction, header,
};
use crate::Error;
use crate::netlink::message::{ACK, APPEND, Attributes, Batch, CREATE, EXCL};
use crate::netlink::reply::attribute;
use crate::netlink::{Refusal, Socket, ask};

/// `NFT_SET_INTERVAL`, `NFT_SET_MAP`.
const INTERVAL: u32 = 0x4;
const MAP: u32 = 0x8;

/// `NF_ACCEPT`.
const POLICY_ACCEPT: u32 = 1;

/// nft's numbers of types (`enum datatypes` of its src), which the kernel only keeps for it.
const IPV4_ADDR: u32 = 7;
const IPV6_ADDR: u32 = 8;
const INET_PROTO: u32 = 12;
const INET_SERVICE: u32 = 13;
const IFNAME: u32 = 41;

/// Fields of a key or of a map's value, as nft's type numbers.
type Fields = &'static [u32];

/// Sets and maps: name, flags, key, value.
const SETS: &[(&str, u32, Fields, Fields)] = &[
    ("bridges", 0, &[IFNAME], &[]),
    ("internal", 0, &[IFNAME], &[]),
    ("internal_pair", 0, &[IFNAME, IFNAME], &[]),
    ("subnets4", INTERVAL, &[IPV4_ADDR], &[]),
    ("subnets6", INTERVAL, &[IPV6_ADDR], &[]),
    ("any4", MAP, &[INET_PROTO, INET_SERVICE], &[IPV4_ADDR, INET_SERVICE]),
    ("any6", MAP, &[INET_PROTO, INET_SERVICE], &[IPV6_ADDR, INET_SERVICE]),
    ("host4", MAP, &[INET_PROTO, IPV4_ADDR, INET_SERVICE], &[IPV4_ADDR, INET_SERVICE]),
    ("host6", MAP, &[INET_PROTO, IPV6_ADDR, INET_SERVICE], &[IPV6_ADDR, INET_SERVICE]),
];

/// Chains without a hook are jumped to.
const CHAINS: &[(&str, Option<Hook>)] = &[
    ("publish", None),
    ("guard", Some(Hook::new("filter", 0, -150))),
    ("prerouting", Some(Hook::new("nat", 0, -100))),
    ("output", Some(Hook::new("nat", 3, -100))),
    ("postrouting", Some(Hook::new("nat", 4, 100))),
    ("forward", Some(Hook::new("filter", 2, 0))),
];

/// Where the packet's way meets a chain: `NF_INET_PRE_ROUTING` 0, forward 2, output 3, post-routing 4.
struct Hook {
    kind: &'static str,
    number: u32,
    priority: i32,
}

impl Hook {
    const fn new(kind: &'static str, number: u32, priority: i32) -> Self {
        Self { kind, number, priority }
    }
}

fn rules() -> [(&'static str, Rule); 18] {
    let rule = Rule::default;
    let mut loopback6 = [0; 16];
    loopback6[15] = 1;
    [
        ("publish", rule().family(IPV6).field_is(IP6_DADDR, &loopback6).back()),
        ("publish", rule().dnat_by("host4", IPV4, true)),
        ("publish", rule().dnat_by("any4", IPV4, false)),
        ("publish", rule().dnat_by("host6", IPV6, true)),
        ("publish", rule().dnat_by("any6", IPV6, false)),
        ("guard", from_bridge().family(IPV4).field_is(IP_DADDR, &[127]).drop()),
        ("guard", from_bridge().family(IPV4).field_is(IP_SADDR, &[127]).drop()),
        ("prerouting", rule().destination_is_local().jump("publish")),
        ("output", rule().destination_is_local().jump("publish")),
        ("postrouting", to_bridge(rule().family(IPV4).field_is(IP_SADDR, &[127])).masquerade()),
        ("postrouting", hairpin(IPV4)),
        ("postrouting", outward(IPV4)),
        ("postrouting", hairpin(IPV6)),
        ("postrouting", outward(IPV6)),
        ("forward", from_bridge().state_invalid().drop()),
        ("forward", rule().interfaces_in("internal_pair").accept()),
        ("forward", rule().interface_in(IIFNAME, "internal", false).drop()),
        ("forward", rule().interface_in(OIFNAME, "internal", false).drop()),
    ]
}

fn from_bridge() -> Rule {
    Rule::default().interface_in(IIFNAME, "bridges", false)
}

fn to_bridge(rule: Rule) -> Rule {
    rule.interface_in(OIFNAME, "bridges", false)
}

fn from_subnet(family: u8) -> Rule {
    match family {
        IPV4 => Rule::default().family(IPV4).field_in(IP_SADDR, "subnets4"),
        _ => Rule::default().family(IPV6).field_in(IP6_SADDR, "subnets6"),
    }
}

/// A container that asks for a port of the host gets to another (or itself): the answer has to come back this way.
fn hairpin(family: u8) -> Rule {
    to_bridge(from_subnet(family)).status_dnat().masquerade()
}

fn outward(family: u8) -> Rule {
    let rule = from_subnet(family).interface_in(OIFNAME, "bridges", true);
    match family {
        IPV4 => rule.masked_field_is_not(IP_DADDR, &[0xf0, 0, 0, 0], &[224, 0, 0, 0]),
        _ => rule.masked_field_is_not(IP6_DADDR, &[0xff], &[0xff]),
    }
    .masquerade()
}

/// Makes the table unless it is there.
pub fn ensure(socket: &Socket) -> Result<(), Error> {
    let mut refused = creation().try_commit(socket)?;
    // The table is the first message and must be new, so whoever comes second changes nothing.
    match refused.is_empty() || refused[0].errno == libc::EEXIST {
        true => Ok(()),
        false => Err(refused.swap_remove(0).into_error()),
    }
}

fn creation() -> Transaction {
    let mut transaction = Transaction::begin(None);
    let label = format!("create the firewall table `inet {TABLE}`");
    transaction.add(label, (NEWTABLE, CREATE | EXCL), |a| {
        a.text(1, TABLE);
        a.be32(2, 0);
    });
    for (number, (name, flags, key, value)) in SETS.iter().enumerate() {
        let label = format!("create the firewall set `{name}`");
        transaction.add(label, (NEWSET, CREATE), |a| {
            write_set(a, (name, *flags), (key, value), number as u32 + 1);
        });
    }
    for (name, hook) in CHAINS {
        let label = format!("create the firewall chain `{name}`");
        transaction.add(label, (NEWCHAIN, CREATE), |a| write_chain(a, name, hook.as_ref()));
    }
    for (chain, rule) in rules() {
        let label = format!("add a rule to the firewall chain `{chain}`");
        transaction.add(label, (NEWRULE, CREATE | APPEND), |a| {
            a.text(1, TABLE);
            a.text(2, chain);
            a.nest(4, |a| rule.write(a));
        });
    }
    transaction
}

fn write_set(a: &mut Attributes<'_>, (name, flags): (&str, u32), (key, value): (Fields, Fields), id: u32) {
    a.text(1, TABLE);
    a.text(2, name);
    a.be32(3, flags);
    a.be32(4, kind(key));
    a.be32(5, length(key));
    if !value.is_empty() {
        a.be32(6, kind(value));
        a.be32(7, length(value));
    }
    a.be32(10, id);
    // For nft only (type 0, length 4): names are in the host's byte order (1), all else in the network's (2).
    let order = if key.contains(&IFNAME) { 1u32 } else { 2 };
    let userdata = [&[0, 4], order.to_ne_bytes().as_slice()].concat();
    a.bytes(13, &userdata);
}

/// nft packs the types of a concatenation into six bits each.
fn kind(fields: Fields) -> u32 {
    fields.iter().fold(0, |packed, field| packed << 6 | field)
}

/// Bytes, each field filling whole words.
fn length(fields: Fields) -> u32 {
    let bytes = fields.iter().map(|field| match *field {
        IFNAME | IPV6_ADDR => 16,
        _ => 4,
    });
    bytes.sum()
}

fn write_chain(a: &mut Attributes<'_>, name: &str, hook: Option<&Hook>) {
    a.text(1, TABLE);
    a.text(3, name);
    if let Some(hook) = hook {
        a.nest(4, |a| {
            a.be32(1, hook.number);
            a.be32(2, hook.priority as u32);
        });
        a.be32(5, POLICY_ACCEPT);
        a.text(7, hook.kind);
    }
}

/// Whether the table is there (some other program may have flushed all).
pub fn exists(socket: &Socket) -> Result<bool, Error> {
    let mut batch = Batch::new();
    let label = format!("look up the firewall table `inet {TABLE}`");
    batch.message(label, (SUBSYSTEM | GETTABLE, ACK), &header(INET), |a| a.text(1, TABLE));
    match ask(socket, &batch, |_, _| {}) {
        Ok(()) => Ok(true),
        Err(refusal) if refusal.errno == libc::ENOENT => Ok(false),
        Err(refusal) => Err(refusal.into_error()),
    }
}

/// Removes the table if no bridge uses it any more.
pub fn remove_if_unused(socket: &Socket) -> Result<(), Error> {
    let generation = generation(socket).map_err(Refusal::into_error)?;
    if !exists(socket)? || !is_empty(socket, "bridges")? {
        return Ok(());
    }
    let mut transaction = Transaction::begin(Some(generation));
    transaction.add(format!("remove the firewall table `inet {TABLE}`"), (DELTABLE, 0), |a| a.text(1, TABLE));
    match transaction.try_commit(socket)?.into_iter().next() {
        // Somebody changed the firewall meanwhile; the table stays until the next time.
        Some(refusal) if refusal.errno != ERESTART && refusal.errno != libc::ENOENT => Err(refusal.into_error()),
        _ => Ok(()),
    }
}

/// `ERESTART` of linux/errno.h, which no system call but netlink's answers shows.
const ERESTART: i32 = 85;

fn generation(socket: &Socket) -> Result<u32, Refusal> {
    let mut batch = Batch::new();
    batch.message("ask for the firewall's generation", (SUBSYSTEM | GETGEN, ACK), &header(0), |_| {});
    let mut id = 0;
    ask(socket, &batch, |_, payload| {
        let bytes = payload.get(4..).and_then(|a| attribute(a, 1));
        id = bytes.and_then(|b| b.try_into().ok()).map_or(0, u32::from_be_bytes);
    })?;
    Ok(id)
}
