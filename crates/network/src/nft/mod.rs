//! The firewall: one table, made once; a container adds and removes elements of its maps and nothing else.
//!
//! No `nft` program is needed: the rules are sent over nfnetlink in one transaction (all or nothing). `nft list table inet
//! minke` shows, with the default network and one container that publishes `-p 8080:80` and `-p 127.0.0.1:53:53/udp`:
//!
//! ```text
//! table inet minke {
//!     set bridges { type ifname; elements = { "minke0" } }
//!     set internal { type ifname }               # bridges without a way out
//!     set internal_pair { type ifname . ifname } # the same twice: traffic that stays
//!     set subnets4 { type ipv4_addr; flags interval; elements = { 10.88.0.0/16 } }
//!     set subnets6 { type ipv6_addr; flags interval; elements = { fd…::/64 } }
//!     map any4  { type inet_proto . inet_service : ipv4_addr . inet_service
//!                 elements = { tcp . 8080 comment "4a2ca8ddfd5e" : 10.88.0.2 . 80 } }
//!     map host4 { type inet_proto . ipv4_addr . inet_service : ipv4_addr . inet_service
//!                 elements = { udp . 127.0.0.1 . 53 comment "4a2ca8ddfd5e" : 10.88.0.2 . 53 } }
//!     map any6, map host6                        # the same for IPv6
//!
//!     chain publish {                            # local destinations come here
//!         ip6 daddr ::1 return                   # the kernel never routes ::1 off the loopback
//!         dnat ip to meta l4proto . ip daddr . th dport map @host4
//!         dnat ip to meta l4proto . th dport map @any4
//!         …                                      # and IPv6
//!     }
//!     chain guard { type filter hook prerouting priority -150
//!         iifname @bridges ip daddr 127.0.0.0/8 drop  # route_localnet is on for the bridge: CVE-2020-8558
//!         iifname @bridges ip saddr 127.0.0.0/8 drop
//!     }
//!     chain prerouting { type nat hook prerouting priority -100; fib daddr type local jump publish }
//!     chain output { type nat hook output priority -100; fib daddr type local jump publish }
//!     chain postrouting { type nat hook postrouting priority 100
//!         ip saddr 127.0.0.0/8 oifname @bridges masquerade            # host → 127.0.0.1:port
//!         ip saddr @subnets4 oifname @bridges ct status dnat masquerade  # container → host's port → container
//!         ip saddr @subnets4 oifname != @bridges ip daddr != 224.0.0.0/4 masquerade
//!         …                                      # and IPv6
//!     }
//!     chain forward { type filter hook forward priority 0; policy accept
//!         iifname @bridges ct state invalid drop # or a late reset leaves with the container's own address
//!         iifname . oifname @internal_pair accept
//!         iifname @internal drop
//!         oifname @internal drop
//!     }
//! }
//! ```
//!
//! Chains of other tables have their own say: a `drop` policy in another forward chain (Docker's, firewalld's) stops what is
//! accepted here, as the kernel asks all of them.
//!
//! An element's target is the container's address, so it can be told from the leases alone whose it is and whether it is stray;
//! the comment (start of the container's id) is for the reader. The table may be shared by several run directories: host ports
//! can't collide, as each is held by a socket.

pub(crate) mod element;
pub(crate) mod expression;
pub(crate) mod table;
pub(crate) mod transaction;
