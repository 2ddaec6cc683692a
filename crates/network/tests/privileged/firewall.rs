//! The ruleset as `nft` reads it, and its elements over containers' lives.

use crate::host::{Host, able, port, shell};
use network::Protocol;

#[test]
fn privileged_the_ruleset_reads_as_documented() {
    if !able() {
        return;
    }
    let host = Host::new();
    let ports = [
        port(None, 8080, 80, Protocol::Tcp),
        port(Some("127.0.0.1"), 53, 53, Protocol::Udp),
        port(Some("2001:db8::2"), 443, 8443, Protocol::Tcp),
        port(None, 9899, 9899, Protocol::Sctp),
    ];
    let c = host.start("4a2ca8ddfd5e9157", &ports);
    let rules = shell("nft list table inet minke");
    for expect in [
        r#"elements = { "minke0" }"#,
        "elements = { 10.88.0.0/16 }",
        r#"tcp . 8080 comment "4a2ca8ddfd5e" : 10.88.0.2 . 80"#,
        r#"sctp . 9899 comment "4a2ca8ddfd5e" : 10.88.0.2 . 9899"#,
        r#"udp . 127.0.0.1 . 53 comment "4a2ca8ddfd5e" : 10.88.0.2 . 53"#,
        r#"tcp . 2001:db8::2 . 443 comment "4a2ca8ddfd5e" : fd"#,
        "ip6 daddr ::1 return",
        "dnat ip to meta l4proto . ip daddr . th dport map @host4",
        "dnat ip to meta l4proto . th dport map @any4",
        "dnat ip6 to meta l4proto . ip6 daddr . th dport map @host6",
        "dnat ip6 to meta l4proto . th dport map @any6",
        "iifname @bridges ip daddr 127.0.0.0/8 drop",
        "fib daddr type local jump publish",
        "ip saddr @subnets4 oifname != @bridges ip daddr != 224.0.0.0/4 masquerade",
        "ip6 saddr @subnets6 oifname != @bridges ip6 daddr != ff00::/8 masquerade",
        "ip saddr @subnets4 oifname @bridges ct status dnat masquerade",
        "iifname @bridges ct state invalid drop",
        "iifname . oifname @internal_pair accept",
    ] {
        assert!(rules.contains(expect), "no `{expect}` in\n{rules}");
    }
    host.stop(c);
    let rules = shell("nft list table inet minke");
    assert!(!rules.contains("4a2ca8ddfd5e"), "{rules}");
}

#[test]
fn privileged_a_flushed_firewall_is_made_again() {
    if !able() {
        return;
    }
    let host = Host::new();
    let first = host.start("aaaaaaaaaaaa", &[port(None, 8080, 80, Protocol::Tcp)]);
    shell("nft flush ruleset");
    let second = host.start("bbbbbbbbbbbb", &[port(None, 8081, 80, Protocol::Tcp)]);
    assert!(shell("nft list ruleset").contains("tcp . 8081"));
    host.stop(first);
    host.stop(second);
}

#[test]
fn privileged_large_ranges_take_one_transaction() {
    if !able() {
        return;
    }
    let host = Host::new();
    let mut range = port(Some("127.0.0.1"), 20000, 30000, Protocol::Udp);
    range.range = 900;
    let c = host.start("aaaaaaaaaaaa", &[range]);
    let rules = shell("nft list map inet minke host4");
    assert!(rules.contains("127.0.0.1 . 20000 ") && rules.contains("127.0.0.1 . 20899 "));
    host.stop(c);
    assert!(!shell("nft list map inet minke host4").contains("127.0.0.1"));
}

#[test]
fn privileged_strays_are_found_by_their_address() {
    if !able() {
        return;
    }
    let host = Host::new();
    let killed = host.start("aaaaaaaaaaaa", &[port(None, 8080, 80, Protocol::Tcp)]);
    let alive = host.start("bbbbbbbbbbbb", &[port(None, 8081, 80, Protocol::Tcp)]);
    // As after kill -9 of its monitor: sockets and namespace go, leases and elements stay.
    drop(killed);
    let (removed, errors) = network::strays(host.run.path(), &|id| id == "bbbbbbbbbbbb");
    assert!(errors.is_empty(), "{errors:?}");
    assert_eq!(removed, 4, "two leases and two elements");
    let rules = shell("nft list ruleset");
    assert!(!rules.contains("tcp . 8080") && rules.contains("tcp . 8081"), "{rules}");
    assert_eq!(network::strays(host.run.path(), &|id| id == "bbbbbbbbbbbb").0, 0);
    host.stop(alive);
}

#[test]
fn privileged_a_stale_element_is_replaced() {
    if !able() {
        return;
    }
    let host = Host::new();
    let killed = host.start("aaaaaaaaaaaa", &[port(None, 8080, 80, Protocol::Tcp)]);
    drop(killed);
    let c = host.start("bbbbbbbbbbbb", &[port(None, 8080, 80, Protocol::Tcp)]);
    let rules = shell("nft list ruleset");
    assert!(rules.contains(r#"tcp . 8080 comment "bbbbbbbbbbbb" : 10.88.0.3 . 80"#), "{rules}");
    host.stop(c);
}
