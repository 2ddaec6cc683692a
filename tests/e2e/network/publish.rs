//! `-p`: from the host itself and from another machine, TCP and UDP, both families.

use std::net::UdpSocket;
use std::time::Duration;

use testkit::{Namespace, TestEnv, wait_until};

use super::bridge::answers;

const SERVER: &str = "base nc -ll -p 80 -e echo hello";

fn tcp_from_everywhere(env: &TestEnv) {
    env.base();
    let outside = env.outside();
    env.ok(&format!("run -d --name p -p 8080:80 {SERVER}"));
    let ask = |from: Option<&Namespace>, address: &str| {
        wait_until(&format!("an answer from {address}"), || answers(env, from, address).as_deref() == Some("hello\n"));
    };
    ask(None, "127.0.0.1:8080");
    ask(None, "192.0.2.1:8080");
    ask(Some(&outside), "192.0.2.1:8080");
    env.ok("rm -f -t 0 p");
    assert_eq!(answers(env, None, "127.0.0.1:8080"), None);
}

fn tcp_over_ipv6(env: &TestEnv) {
    if env.is_peer() {
        return testkit::note_skipped("podman's default network has no IPv6");
    }
    env.base();
    let outside = env.outside();
    env.ok("run -d --name p -p 8080:80 base sleep 1000");
    let server = env.network_of("p").call(|| std::net::TcpListener::bind("[::]:80")).unwrap();
    std::thread::spawn(move || {
        for mut stream in server.incoming().flatten() {
            let _ = std::io::Write::write_all(&mut stream, b"hello\n");
        }
    });
    for (from, address) in [(Some(&outside), "[fd00:2::1]:8080"), (None, "[fd00:2::1]:8080")] {
        wait_until(&format!("an answer from {address}"), || answers(env, from, address).as_deref() == Some("hello\n"));
    }
    env.ok("rm -f -t 0 p");
}

fn udp_from_everywhere(env: &TestEnv) {
    env.base();
    let outside = env.outside();
    env.ok("run -d --name p -p 5353:53/udp base sleep 1000");
    // busybox speaks no UDP: the server is the test itself, in the container's network.
    let server = env.network_of("p").call(|| UdpSocket::bind("0.0.0.0:53")).unwrap();
    std::thread::spawn(move || {
        let mut buffer = [0; 16];
        while let Ok((_, peer)) = server.recv_from(&mut buffer) {
            let _ = server.send_to(b"pong\n", peer);
        }
    });
    for (from, address) in [(Some(&outside), "192.0.2.1:5353"), (None, "192.0.2.1:5353"), (None, "127.0.0.1:5353")] {
        wait_until(&format!("an answer from {address}"), || echo_udp(env, from, address));
    }
    env.ok("rm -f -t 0 p");
}

fn echo_udp(env: &TestEnv, from: Option<&Namespace>, address: &str) -> bool {
    let ask = || {
        let socket = UdpSocket::bind("0.0.0.0:0").ok()?;
        socket.connect(address).ok()?;
        socket.set_read_timeout(Some(Duration::from_millis(500))).ok()?;
        socket.send(b"ping\n").ok()?;
        let mut buffer = [0; 16];
        let count = socket.recv(&mut buffer).ok()?;
        Some(buffer[..count] == *b"pong\n")
    };
    match from {
        Some(namespace) => namespace.call(ask),
        None => env.inside(ask),
    }
    .unwrap_or(false)
}

fn one_address_only(env: &TestEnv) {
    env.base();
    let outside = env.outside();
    env.ok(&format!("run -d --name p -p 127.0.0.1:8080:80 {SERVER}"));
    wait_until("the port", || answers(env, None, "127.0.0.1:8080").as_deref() == Some("hello\n"));
    assert_eq!(answers(env, Some(&outside), "192.0.2.1:8080"), None);
    env.ok("rm -f -t 0 p");
}

fn a_range_is_published(env: &TestEnv) {
    env.base();
    env.ok(&format!("run -d --name p -p 8080-8082:80-82 {SERVER}"));
    wait_until("the port", || answers(env, None, "127.0.0.1:8080").as_deref() == Some("hello\n"));
    env.ok("port p").has("82/tcp -> 0.0.0.0:8082");
    env.ok("rm -f -t 0 p");
}

fn without_a_host_port_one_is_found(env: &TestEnv) {
    env.base();
    env.ok(&format!("run -d --name p -p 80 {SERVER}"));
    let port = env.ok("port p 80").text().rsplit(':').next().unwrap().to_owned();
    wait_until("the port", || answers(env, None, &format!("127.0.0.1:{port}")).as_deref() == Some("hello\n"));
    env.ok("rm -f -t 0 p");
}

fn a_taken_port_is_named(env: &TestEnv) {
    env.base();
    env.ok(&format!("run -d --name first -p 8080:80 {SERVER}"));
    if !env.is_peer() {
        env.run(&format!("run -d --name second -p 8080:80 {SERVER}")).complains("8080").is_readable();
    }
    let listener = env.inside(|| std::net::TcpListener::bind("0.0.0.0:8081")).unwrap();
    env.run(&format!("run -d --name third -p 8081:80 {SERVER}")).complains("8081").is_readable();
    drop(listener);
    env.ok("rm -f -t 0 -a");
}

fn nonsense_is_refused(env: &TestEnv) {
    env.base();
    for port in ["nonsense", "99999:80", "8080:80/nonsense", "1-3:1-2", "1.2.3:80:80"] {
        env.run(&format!("run --rm -p {port} base true")).code(125).is_readable();
    }
}

testkit::cases! { both: [nonsense_is_refused]; root: [
    tcp_from_everywhere, tcp_over_ipv6, udp_from_everywhere, one_address_only, a_range_is_published,
    without_a_host_port_one_is_found, a_taken_port_is_named,
] }
