//! The expressions rules are made of, encoded for the kernel. linux/netfilter/nf_tables.h; each mirrors what `nft
//! --debug=netlink` shows for the rule in words.

use crate::netlink::message::Attributes;

/// Expressions of one rule, in order.
#[derive(Default)]
pub struct Rule {
    expressions: Vec<Expression>,
}

type Writer = Box<dyn Fn(&mut Attributes<'_>)>;

struct Expression {
    name: &'static str,
    write: Writer,
}

/// Where in the packet.
#[derive(Clone, Copy)]
pub struct Field {
    base: u32,
    offset: u32,
    length: u32,
}

pub const IP_SADDR: Field = Field::new(1, 12, 4);
pub const IP_DADDR: Field = Field::new(1, 16, 4);
pub const IP6_SADDR: Field = Field::new(1, 8, 16);
pub const IP6_DADDR: Field = Field::new(1, 24, 16);
pub const TH_DPORT: Field = Field::new(2, 2, 2);

impl Field {
    const fn new(base: u32, offset: u32, length: u32) -> Self {
        Self { base, offset, length }
    }

    /// Its first bytes only: how a prefix of whole bytes is matched.
    pub const fn first(self, length: u32) -> Self {
        Self { length, ..self }
    }
}

/// `meta` keys.
pub const IIFNAME: u32 = 6;
pub const OIFNAME: u32 = 7;
const NFPROTO: u32 = 15;
const L4PROTO: u32 = 16;

/// Registers: the first of 16 bytes, and numbered ones of 4 bytes that overlay them.
const VERDICT: u32 = 0;
const REG1: u32 = 1;
const REG32: u32 = 8;

/// `NFPROTO_IPV4` and `NFPROTO_IPV6`.
pub const IPV4: u8 = 2;
pub const IPV6: u8 = 10;

const DROP: i32 = 0;
const ACCEPT: i32 = 1;
const JUMP: i32 = -3;
const RETURN: i32 = -5;

const EQUAL: u32 = 0;
const NOT_EQUAL: u32 = 1;
/// `NF_CT_STATE_INVALID_BIT`.
const STATE_INVALID: u32 = 1;
/// `IPS_DST_NAT`.
const STATUS_DNAT: u32 = 1 << 5;
/// `RTN_LOCAL`.
const LOCAL: u32 = 2;

impl Rule {
    fn push(mut self, name: &'static str, write: impl Fn(&mut Attributes<'_>) + 'static) -> Self {
        self.expressions.push(Expression { name, write: Box::new(write) });
        self
    }

    /// Writes the list (`NFTA_RULE_EXPRESSIONS`).
    pub fn write(&self, a: &mut Attributes<'_>) {
        for expression in &self.expressions {
            a.nest(1, |a| {
                a.text(1, expression.name);
                a.nest(2, |a| (expression.write)(a));
            });
        }
    }

    /// `meta nfproto ipv4`: needed before any field of that family in an inet table.
    pub fn family(self, family: u8) -> Self {
        self.meta(NFPROTO, REG1).compare(EQUAL, vec![family])
    }

    /// `ip daddr 127.0.0.0/8` and the like: the field's first bytes.
    pub fn field_is(self, field: Field, value: &[u8]) -> Self {
        self.payload(field.first(value.len() as u32), REG1).compare(EQUAL, value.to_vec())
    }

    /// `ip daddr != 224.0.0.0/4`: the field under a mask.
    pub fn masked_field_is_not(self, field: Field, mask: &'static [u8], value: &[u8]) -> Self {
        let length = mask.len() as u32;
        self.payload(field.first(length), REG1)
            .push("bitwise", move |a| {
                a.be32(1, REG1);
                a.be32(2, REG1);
                a.be32(3, length);
                a.nest(4, |a| a.bytes(1, mask));
                a.nest(5, |a| a.bytes(1, &vec![0; mask.len()]));
            })
            .compare(NOT_EQUAL, value.to_vec())
    }

    /// `ip saddr @set`.
    pub fn field_in(self, field: Field, set: &'static str) -> Self {
        self.payload(field, REG1).lookup(set, false)
    }

    /// `iifname @set`, `oifname != @set`.
    pub fn interface_in(self, key: u32, set: &'static str, inverted: bool) -> Self {
        self.meta(key, REG1).lookup(set, inverted)
    }

    /// `iifname . oifname @set`.
    pub fn interfaces_in(self, set: &'static str) -> Self {
        // A name takes 16 bytes, a whole register.
        self.meta(IIFNAME, REG1).meta(OIFNAME, REG1 + 1).lookup(set, false)
    }

    /// `ct state invalid`.
    pub fn state_invalid(self) -> Self {
        self.conntrack_bit(0, STATE_INVALID)
    }

    /// `ct status dnat`.
    pub fn status_dnat(self) -> Self {
        self.conntrack_bit(2, STATUS_DNAT)
    }

    /// `fib daddr type local`.
    pub fn destination_is_local(self) -> Self {
        self.push("fib", |a| {
            a.be32(1, REG1);
            a.be32(2, 3);
            a.be32(3, 1 << 1);
        })
        .compare(EQUAL, LOCAL.to_ne_bytes().to_vec())
    }

    /// `dnat ip to meta l4proto [. ip daddr] . th dport map @map`.
    pub fn dnat_by(self, map: &'static str, family: u8, with_address: bool) -> Self {
        let (field, words) = match family {
            IPV4 => (IP_DADDR, 1),
            _ => (IP6_DADDR, 4),
        };
        let mut rule = self.family(family).meta(L4PROTO, REG1);
        let mut next = REG32 + 1;
        if with_address {
            rule = rule.payload(field, next);
            next += words;
        }
        rule.payload(TH_DPORT, next)
            .push("lookup", move |a| {
                a.text(1, map);
                a.be32(2, REG1);
                a.be32(3, REG1);
            })
            .push("nat", move |a| {
                a.be32(1, 1);
                a.be32(2, family.into());
                a.be32(3, REG1);
                a.be32(5, REG32 + words);
            })
    }

    /// `masquerade`.
    pub fn masquerade(self) -> Self {
        self.push("masq", |_| {})
    }

    /// `drop`.
    pub fn drop(self) -> Self {
        self.verdict(DROP, None)
    }

    /// `accept`.
    pub fn accept(self) -> Self {
        self.verdict(ACCEPT, None)
    }

    /// `return`.
    pub fn back(self) -> Self {
        self.verdict(RETURN, None)
    }

    /// `jump chain`.
    pub fn jump(self, chain: &'static str) -> Self {
        self.verdict(JUMP, Some(chain))
    }

    fn verdict(self, code: i32, chain: Option<&'static str>) -> Self {
        self.push("immediate", move |a| {
            a.be32(1, VERDICT);
            a.nest(2, |a| {
                a.nest(2, |a| {
                    a.be32(1, code as u32);
                    chain.iter().for_each(|name| a.text(2, name));
                });
            });
        })
    }

    fn meta(self, key: u32, register: u32) -> Self {
        self.push("meta", move |a| {
            a.be32(1, register);
            a.be32(2, key);
        })
    }

    fn payload(self, field: Field, register: u32) -> Self {
        self.push("payload", move |a| {
            a.be32(1, register);
            a.be32(2, field.base);
            a.be32(3, field.offset);
            a.be32(4, field.length);
        })
    }

    fn compare(self, operator: u32, value: Vec<u8>) -> Self {
        self.push("cmp", move |a| {
            a.be32(1, REG1);
            a.be32(2, operator);
            a.nest(3, |a| a.bytes(1, &value));
        })
    }

    fn lookup(self, set: &'static str, inverted: bool) -> Self {
        self.push("lookup", move |a| {
            a.text(1, set);
            a.be32(2, REG1);
            if inverted {
                a.be32(5, 1);
            }
        })
    }

    /// Whether a bit of a connection's state is set.
    fn conntrack_bit(self, key: u32, bit: u32) -> Self {
        self.push("ct", move |a| {
            a.be32(1, REG1);
            a.be32(2, key);
        })
        .push("bitwise", move |a| {
            a.be32(1, REG1);
            a.be32(2, REG1);
            a.be32(3, 4);
            a.nest(4, |a| a.bytes(1, &bit.to_ne_bytes()));
            a.nest(5, |a| a.bytes(1, &[0; 4]));
        })
        .compare(NOT_EQUAL, vec![0; 4])
    }
}
