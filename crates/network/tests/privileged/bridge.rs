//! Bridges, links, addresses and leases.

use crate::host::{Host, able, isolated, shell, within};
use std::collections::HashSet;
use std::os::fd::AsFd;

#[test]
fn privileged_a_container_gets_addresses_and_routes() {
    if !able() {
        return;
    }
    let host = Host::new();
    let c = host.start("4a2ca8ddfd5e9157", &[]);
    assert_eq!(c.address(true).to_string(), "10.88.0.2");
    let inside = within(&c.netns, || shell("ip -o addr; ip route; ip -6 route; ip -o link"));
    for expect in [
        "lo    inet 127.0.0.1/8",
        "eth0    inet 10.88.0.2/16 brd 10.88.255.255",
        "default via 10.88.0.1 dev eth0 proto static metric 100",
        "a6:6d:0a:58:00:02",
        "default via fd",
    ] {
        assert!(inside.contains(expect), "{expect} in {inside}");
    }
    assert!(!inside.contains("tentative nodad"));
    let outside = shell("ip -d link show minke0; ip addr show minke0; bridge link");
    assert!(outside.contains("alias minke ") && outside.contains("inet 10.88.0.1/16"), "{outside}");
    host.stop(c);
}

#[test]
fn privileged_a_taken_subnet_is_avoided() {
    if !able() {
        return;
    }
    let host = Host::new();
    shell(
        "ip link add x type bridge; ip addr add 10.88.0.1/16 dev x; ip link set x up; ip route add blackhole 10.89.0.0/24",
    );
    let run = tempfile::tempdir().unwrap();
    let network = network::default_network("podman", None, run.path()).unwrap();
    assert_eq!(network.subnets[0].subnet.to_string(), "10.89.1.0/24");
    assert_eq!(network.subnets[0].gateway.to_string(), "10.89.1.1");
    let again = network::default_network("podman", None, run.path()).unwrap();
    assert_eq!(network, again);
    // The first decision came before the bridge `x`: it stands.
    assert_eq!(host.network.subnets[0].subnet.to_string(), "10.88.0.0/16");
}

#[test]
fn privileged_another_run_directory_gets_another_bridge() {
    if !able() {
        return;
    }
    let host = Host::new();
    let c = host.start("aaaaaaaaaaaa", &[]);
    let run = tempfile::tempdir().unwrap();
    let other = network::default_network("podman", None, run.path()).unwrap();
    assert_eq!(other.bridge, "minke1");
    assert!(!network_overlaps(&host.network, &other));
    host.stop(c);
}

fn network_overlaps(a: &network::Network, b: &network::Network) -> bool {
    a.subnets.iter().any(|x| b.subnets.iter().any(|y| x.subnet.overlaps(&y.subnet)))
}

#[test]
fn privileged_many_at_once_make_one_bridge_and_unique_addresses() {
    if !able() {
        return;
    }
    let host = Host::new();
    let here = sys::namespace::open("/proc/thread-self/ns/net").unwrap();
    let containers: Vec<_> = std::thread::scope(|scope| {
        let start = |n: usize| {
            let (host, here) = (&host, &here);
            scope.spawn(move || {
                sys::namespace::join(here.as_fd(), sys::namespace::Namespaces::NET).unwrap();
                host.start(&format!("{n:064x}"), &[])
            })
        };
        let threads: Vec<_> = (0..100).map(start).collect();
        threads.into_iter().map(|t| t.join().unwrap()).collect()
    });
    let addresses: HashSet<_> = containers.iter().map(|c| c.address(true)).collect();
    assert_eq!(addresses.len(), 100);
    assert_eq!(network::leases(host.run.path()).unwrap().len(), 200);
    containers.into_iter().for_each(|c| host.stop(c));
    assert!(network::leases(host.run.path()).unwrap().is_empty());
}

#[test]
fn privileged_an_idle_network_leaves_nothing() {
    if !able() {
        return;
    }
    let host = Host::new();
    let c = host.start("aaaaaaaaaaaa", &[]);
    assert!(!network::remove_if_idle(host.run.path(), &host.network).unwrap());
    host.stop(c);
    assert!(network::remove_if_idle(host.run.path(), &host.network).unwrap());
    assert_eq!(shell("nft list ruleset"), "");
    assert!(!shell("ip link").contains("minke"));
    assert!(network::remove_if_idle(host.run.path(), &host.network).unwrap());
    let c = host.start("bbbbbbbbbbbb", &[]);
    assert_eq!(c.address(true).to_string(), "10.88.0.3", "addresses rotate");
    host.stop(c);
}

#[test]
fn privileged_a_failed_setup_leaves_no_link() {
    if !able() {
        return;
    }
    let host = Host::new();
    let netns = isolated();
    let request = host.request("aaaaaaaaaaaa", &[]);
    let (mut status, _reserved) = network::reserve(host.run.path(), &request).unwrap();
    // A gateway that isn't reachable.
    status.interfaces[0].gateways = vec!["203.0.113.1".parse().unwrap()];
    let error = network::setup(host.run.path(), &request, &status, netns.as_fd()).unwrap_err();
    assert!(error.to_string().contains("cannot add the default route by 203.0.113.1"), "{error}");
    assert!(!shell("ip link").contains("mkaaaaaa"));
    assert!(network::teardown(host.run.path(), "aaaaaaaaaaaa", &status).is_empty());
    assert!(network::teardown(host.run.path(), "aaaaaaaaaaaa", &status).is_empty());
}

#[test]
fn privileged_wished_addresses_are_checked() {
    if !able() {
        return;
    }
    let host = Host::new();
    let ask = |address: &str| {
        let mut request = host.request("bbbbbbbbbbbb", &[]);
        request.attachments[0].addresses = vec![address.parse().unwrap()];
        network::reserve(host.run.path(), &request).map(|(status, _)| status).map_err(|e| e.to_string())
    };
    assert_eq!(ask("10.88.7.7").unwrap().interfaces[0].addresses[0].addr.to_string(), "10.88.7.7");
    assert!(ask("10.88.7.7").unwrap_err().contains("already allocated to container bbbbbbbbbbbb"));
    assert!(ask("10.88.0.1").unwrap_err().contains("already allocated to the network itself"));
    assert!(ask("10.1.0.1").unwrap_err().contains("not in any subnet"));
    network::release(host.run.path(), "bbbbbbbbbbbb").unwrap();
    assert!(network::leases(host.run.path()).unwrap().is_empty());
}

#[test]
fn privileged_a_container_can_have_several_networks() {
    if !able() {
        return;
    }
    let host = Host::new();
    let mut second = host.network.clone();
    second.name = "second".into();
    second.bridge = "minke7".into();
    second.subnets.truncate(1);
    second.subnets[0].subnet = "10.70.0.0/24".parse().unwrap();
    second.subnets[0].gateway = "10.70.0.1".parse().unwrap();
    let mut request = host.request("aaaaaaaaaaaa", &[]);
    let mut attachment = request.attachments[0].clone();
    attachment.network = &second;
    attachment.interface = "eth1".into();
    attachment.mac = Some([2, 0, 0, 0, 0, 9]);
    request.attachments.push(attachment);
    let netns = isolated();
    let (status, _reserved) = network::reserve(host.run.path(), &request).unwrap();
    network::setup(host.run.path(), &request, &status, netns.as_fd()).unwrap();
    let inside = within(&netns, || shell("ip -o -4 addr; ip route; ip -o link"));
    for expect in
        ["eth1    inet 10.70.0.2/24", "default via 10.70.0.1 dev eth1 proto static metric 101", "02:00:00:00:00:09"]
    {
        assert!(inside.contains(expect), "{expect} in {inside}");
    }
    assert!(network::teardown(host.run.path(), "aaaaaaaaaaaa", &status).is_empty());
    assert!(network::remove_if_idle(host.run.path(), &second).unwrap());
    assert!(shell("nft list ruleset").contains("minke0"), "the other network is still there");
}

#[test]
fn privileged_a_container_without_ipv6_is_attached_by_ipv4() {
    if !able() {
        return;
    }
    let host = Host::new();
    let netns = isolated();
    within(&netns, || shell("echo 1 >/proc/sys/net/ipv6/conf/all/disable_ipv6"));
    let request = host.request("aaaaaaaaaaaa", &[]);
    let (status, _reserved) = network::reserve(host.run.path(), &request).unwrap();
    network::setup(host.run.path(), &request, &status, netns.as_fd()).unwrap();
    let inside = within(&netns, || shell("ip -o addr show eth0"));
    assert!(inside.contains("10.88.0.2/16") && !inside.contains("inet6"), "{inside}");
}
