//! Packets that really go their way.

use crate::host::{Container, Host, able, port, shell, within};
use network::Protocol;
use std::io::{self, Read, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::os::fd::OwnedFd;
use std::time::Duration;

const LIMIT: Duration = Duration::from_secs(2);

/// A server there that answers every connection with the client's address as it sees it.
pub fn serve(netns: &OwnedFd, port: u16) {
    let listener = within(netns, || TcpListener::bind(("::", port)).unwrap());
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let peer = stream.peer_addr().unwrap().ip().to_canonical();
            let _ = write!(stream, "{peer}");
        }
    });
}

/// Whom a server sees when this thread's namespace calls.
pub fn call(ip: IpAddr, port: u16) -> io::Result<String> {
    let mut stream = TcpStream::connect_timeout(&SocketAddr::new(ip, port), LIMIT)?;
    stream.set_read_timeout(Some(LIMIT))?;
    let mut seen = String::new();
    stream.read_to_string(&mut seen)?;
    Ok(seen)
}

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn server(host: &Host) -> Container {
    let ports = [port(None, 8080, 80, Protocol::Tcp), port(Some("127.0.0.1"), 8081, 80, Protocol::Tcp)];
    let c = host.start("aaaaaaaaaaaa", &ports);
    serve(&c.netns, 80);
    c
}

#[test]
fn privileged_containers_reach_each_other_unchanged() {
    if !able() {
        return;
    }
    let host = Host::new();
    let (a, b) = (server(&host), host.start("bbbbbbbbbbbb", &[]));
    for ipv4 in [true, false] {
        let seen = within(&b.netns, || call(a.address(ipv4), 80)).unwrap();
        assert_eq!(seen, b.address(ipv4).to_string());
    }
}

#[test]
fn privileged_the_way_out_is_masqueraded() {
    if !able() {
        return;
    }
    let host = Host::new();
    let c = host.start("aaaaaaaaaaaa", &[]);
    serve(&host.internet, 7);
    assert_eq!(within(&c.netns, || call(ip("192.0.2.1"), 7)).unwrap(), "192.0.2.2");
    assert_eq!(within(&c.netns, || call(ip("2001:db8::1"), 7)).unwrap(), "2001:db8::2");
}

#[test]
fn privileged_published_ports_are_reached_from_outside() {
    if !able() {
        return;
    }
    let host = Host::new();
    let c = server(&host);
    // The client's own address is seen.
    assert_eq!(within(&host.internet, || call(ip("192.0.2.2"), 8080)).unwrap(), "192.0.2.1");
    assert_eq!(within(&host.internet, || call(ip("2001:db8::2"), 8080)).unwrap(), "2001:db8::1");
    assert!(within(&host.internet, || call(ip("192.0.2.2"), 8081)).is_err(), "bound to 127.0.0.1");
    host.stop(c);
    assert!(within(&host.internet, || call(ip("192.0.2.2"), 8080)).is_err());
}

#[test]
fn privileged_the_host_reaches_published_ports() {
    if !able() {
        return;
    }
    let host = Host::new();
    let _c = server(&host);
    assert_eq!(call(ip("127.0.0.1"), 8080).unwrap(), "10.88.0.1");
    assert_eq!(call(ip("127.0.0.1"), 8081).unwrap(), "10.88.0.1");
    assert_eq!(call(ip("192.0.2.2"), 8080).unwrap(), "192.0.2.2");
    assert_eq!(call(ip("2001:db8::2"), 8080).unwrap(), "2001:db8::2");
    let refused = call(ip("::1"), 8080).unwrap_err();
    assert_eq!(refused.kind(), io::ErrorKind::ConnectionRefused, "at once, so that clients try 127.0.0.1");
}

#[test]
fn privileged_containers_reach_published_ports_of_the_host() {
    if !able() {
        return;
    }
    let host = Host::new();
    let (a, b) = (server(&host), host.start("bbbbbbbbbbbb", &[]));
    let gateway = |c: &Container, ipv4: bool| {
        let mut all = c.status.interfaces[0].gateways.iter();
        *all.find(|g| g.is_ipv4() == ipv4).unwrap()
    };
    for c in [&a, &b] {
        for ipv4 in [true, false] {
            let bridge = gateway(c, ipv4);
            let outer = if ipv4 { ip("192.0.2.2") } else { ip("2001:db8::2") };
            for called in [outer, bridge] {
                let seen = within(&c.netns, || call(called, 8080));
                assert_eq!(seen.ok(), Some(bridge.to_string()), "{} calls {called}", c.id);
            }
        }
    }
}

#[test]
fn privileged_containers_do_not_reach_the_hosts_loopback() {
    if !able() {
        return;
    }
    let host = Host::new();
    let c = host.start("aaaaaaaaaaaa", &[]);
    let secret = UdpSocket::bind("127.0.0.1:5000").unwrap();
    secret.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
    within(&c.netns, || {
        shell(
            "ip addr del 127.0.0.1/8 dev lo; ip route add 127.0.0.1 via 10.88.0.1; echo 1 >/proc/sys/net/ipv4/conf/all/route_localnet",
        );
        let from = UdpSocket::bind((c.address(true), 0)).unwrap();
        from.send_to(b"x", "127.0.0.1:5000").unwrap();
    });
    assert!(secret.recv(&mut [0; 8]).is_err(), "CVE-2020-8558");
}

#[test]
fn privileged_udp_flows_follow_the_published_port() {
    if !able() {
        return;
    }
    let host = Host::new();
    let client = within(&host.internet, || UdpSocket::bind("192.0.2.1:4000").unwrap());
    client.set_read_timeout(Some(LIMIT)).unwrap();
    client.connect("192.0.2.2:5353").unwrap();
    let published = [port(None, 5353, 53, Protocol::Udp)];
    // Before, between and after: each time the tracked flow of the same client has to be forgotten.
    client.send(b"nobody is there").unwrap();
    assert_eq!(client.recv(&mut [0; 8]).unwrap_err().kind(), io::ErrorKind::ConnectionRefused);
    for id in ["aaaaaaaaaaaa", "bbbbbbbbbbbb"] {
        let c = host.start(id, &published);
        let server = within(&c.netns, || UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 53)).unwrap());
        server.set_read_timeout(Some(LIMIT)).unwrap();
        client.send(b"hello").unwrap();
        let mut buffer = [0; 32];
        let (length, from) = server.recv_from(&mut buffer).unwrap();
        assert_eq!((&buffer[..length], from.to_string().as_str()), (&b"hello"[..], "192.0.2.1:4000"));
        server.send_to(b"answer", from).unwrap();
        assert_eq!(client.recv(&mut buffer).unwrap(), 6);
        host.stop(c);
    }
}

#[test]
fn privileged_internal_networks_have_no_way_out() {
    if !able() {
        return;
    }
    let mut host = Host::new();
    host.network.internal = true;
    let (a, b) = (server(&host), host.start("bbbbbbbbbbbb", &[]));
    assert_eq!(within(&b.netns, || call(a.address(true), 80)).unwrap(), b.address(true).to_string());
    serve(&host.internet, 7);
    within(&b.netns, || shell("ip route add default via 10.88.0.1"));
    assert!(within(&b.netns, || call(ip("192.0.2.1"), 7)).is_err());
    assert!(within(&host.internet, || call(ip("192.0.2.2"), 8080)).is_err());
}
