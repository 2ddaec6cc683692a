//! The default bridge: addresses, routes, masquerading, both families.

use testkit::{Namespace, TestEnv, wait_until};

fn address(env: &TestEnv, name: &str) -> String {
    env.ok(&format!("inspect {name} --format '{{{{(index .NetworkSettings.Networks \"podman\").IPAddress}}}}'")).text()
}

fn a_container_has_an_address_and_a_route(env: &TestEnv) {
    env.base();
    let output = env.ok("run --rm base sh -c 'ip -4 addr show dev eth0; ip route'");
    output.has("inet 10.88.0.").has("/16").has("default via 10.88.0.1 dev eth0");
}

fn a_container_has_an_ipv6_address(env: &TestEnv) {
    if env.is_peer() {
        return testkit::note_skipped("podman's default network has no IPv6");
    }
    env.base();
    env.ok("run --rm base sh -c 'ip -6 addr show dev eth0 scope global; ip -6 route'")
        .has("inet6 fd")
        .has("default via fd");
}

fn two_reach_each_other(env: &TestEnv) {
    env.base();
    env.ok("run -d --name server base sh -c 'echo hi >/tmp/x; httpd -f -p 80 -h /tmp'");
    let address = address(env, "server");
    wait_until("the server", || env.run(&format!("run --rm base wget -qO- http://{address}/x")).text() == "hi");
    env.ok("rm -f -t 0 server");
}

fn the_host_reaches_it(env: &TestEnv) {
    env.base();
    env.ok("run -d --name server base nc -ll -p 80 -e echo hello");
    let address = address(env, "server");
    wait_until("the server", || answers(env, None, &format!("{address}:80")).as_deref() == Some("hello\n"));
    env.ok("rm -f -t 0 server");
}

/// The far machine has no route back: it sees the host's own address.
fn the_outside_is_reached_masqueraded(env: &TestEnv) {
    env.base();
    let outside = env.outside();
    for (address, source, flags) in [("192.0.2.2:9", "192.0.2.1", ""), ("[fd00:2::2]:9", "fd00:2::1", "")] {
        if env.is_peer() && address.starts_with('[') {
            continue;
        }
        let listener = outside.call(|| std::net::TcpListener::bind(address)).unwrap();
        let host = address.rsplit_once(':').unwrap().0.trim_matches(['[', ']']);
        let process = env.engine().words(&format!("run --rm {flags} base nc -w 5 {host} 9")).spawn();
        listener.set_nonblocking(true).unwrap();
        let peer = testkit::wait_for("a connection from inside", || listener.accept().ok()).1;
        assert_eq!(peer.ip().to_string(), source);
        let _ = process.wait();
    }
}

fn names_and_hosts_are_written(env: &TestEnv) {
    env.base();
    let output = env.ok("run --rm --hostname me --name mine base cat /etc/hosts");
    output.has("10.88.0.").has("me").has("mine").has("127.0.0.1");
}

fn nothing_is_left(env: &TestEnv) {
    env.base();
    env.ok("run --rm -p 8080:80 base true");
    let before = env.trace();
    env.ok("run --rm -p 8080:80 base true");
    env.ok("run -d --name a -p 8081:80 -p 8082:80/udp base sleep 1000");
    env.ok("run -d --name b base sleep 1000");
    env.ok("rm -f -t 0 a b");
    before.assert_restored(env);
}

fn addresses_are_unique_and_given_back(env: &TestEnv) {
    env.base();
    let mut seen = std::collections::BTreeSet::new();
    for n in 0..6 {
        env.ok(&format!("run -d --name c{n} base sleep 1000"));
        assert!(seen.insert(address(env, &format!("c{n}"))), "twice: {seen:?}");
    }
    env.ok("rm -f -t 0 -a");
}

/// The host may have taken the usual subnet.
fn another_subnet_is_chosen_when_the_usual_is_taken(env: &TestEnv) {
    if env.is_peer() {
        return testkit::note_skipped("podman fails here");
    }
    env.base();
    env.script("ip link add taken0 type bridge; ip addr add 10.88.0.77/16 dev taken0; ip link set taken0 up");
    env.ok("run --rm base ip -4 addr show dev eth0").has("inet 10.").lacks("inet 10.88.");
}

/// What a TCP server says, asked from the host or another namespace.
pub(super) fn answers(env: &TestEnv, from: Option<&Namespace>, address: &str) -> Option<String> {
    let ask = || {
        let address = address.parse().expect("an address");
        let mut stream = std::net::TcpStream::connect_timeout(&address, std::time::Duration::from_secs(2)).ok()?;
        // The pasta of Debian 12 gives nothing to a client that only listens when the server closes at once.
        stream.shutdown(std::net::Shutdown::Write).ok()?;
        stream.set_read_timeout(Some(std::time::Duration::from_secs(2))).ok()?;
        let mut text = String::new();
        std::io::Read::read_to_string(&mut stream, &mut text).ok()?;
        Some(text)
    };
    match from {
        Some(namespace) => namespace.call(ask),
        None => env.inside(ask),
    }
}

fn the_default_network_has_podmans_id(env: &TestEnv) {
    env.base();
    env.ok("run -d --name c base sleep 100");
    env.ok("inspect c --format '{{(index .NetworkSettings.Networks \"podman\").NetworkID}}'")
        .prints("2f259bab93aaaaa2542ba43ef33eb990d0999ee1b9924b557b7be53c0b7a1bb9\n");
    env.ok("rm -f -t 0 c");
}

testkit::cases! { root: [
    a_container_has_an_address_and_a_route, a_container_has_an_ipv6_address, two_reach_each_other, the_host_reaches_it,
    the_default_network_has_podmans_id,
    the_outside_is_reached_masqueraded, names_and_hosts_are_written, nothing_is_left,
    addresses_are_unique_and_given_back, another_subnet_is_chosen_when_the_usual_is_taken,
] }
