//! A host of its own for a test: namespaces for the host, the internet and the containers.

use network::{Attachment, Network, PortMapping, Protocol, Request, Reserved, Status};
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;
use std::process::Command;
use sys::namespace::{self, Namespaces};
use tempfile::TempDir;

/// A thread's network namespace as a host with one way out, and its run directory.
pub struct Host {
    /// Run directory.
    pub run: TempDir,
    /// Default network.
    pub network: Network,
    /// The other end of the host's uplink: 192.0.2.1 and 2001:db8::1; the host is .2.
    pub internet: OwnedFd,
}

/// A running container's network.
pub struct Container {
    pub id: String,
    pub status: Status,
    pub netns: OwnedFd,
    pub reserved: Option<Reserved>,
}

/// Whether this can run here; says why not.
#[allow(clippy::print_stderr)]
pub fn able() -> bool {
    let root = rustix::process::geteuid().is_root();
    let programs = ["nft", "ip", "socat"].iter().filter(|p| !installed(p)).collect::<Vec<_>>();
    if !root || !programs.is_empty() {
        eprintln!("skipped: needs root{}", programs.iter().map(|p| format!(", {p}")).collect::<String>());
        return false;
    }
    true
}

pub fn installed(program: &str) -> bool {
    let path = std::env::var("PATH").unwrap_or_default() + ":/usr/sbin:/sbin";
    path.split(':').any(|folder| Path::new(folder).join(program).exists())
}

/// Moves this thread into a new namespace, with `lo` up.
pub fn new_namespace() -> OwnedFd {
    namespace::unshare(Namespaces::NET).unwrap();
    sys::interface::bring_loopback_up().unwrap();
    own_namespace()
}

fn own_namespace() -> OwnedFd {
    namespace::open("/proc/thread-self/ns/net").unwrap()
}

impl Host {
    /// Makes host and internet; the calling thread is on the host then.
    pub fn new() -> Self {
        let internet = new_namespace();
        namespace::unshare(Namespaces::NET).unwrap();
        let here = own_namespace();
        sys::interface::bring_loopback_up().unwrap();
        namespace::join(internet.as_fd(), Namespaces::NET).unwrap();
        let at_once = "echo 0 >/proc/sys/net/ipv6/conf/default/accept_dad";
        shell(at_once);
        within(&here, || shell(at_once));
        shell("ip link add up0 type veth peer name host0");
        shell("ip addr add 192.0.2.1/24 dev up0; ip addr add 2001:db8::1/64 dev up0 nodad; ip link set up0 up");
        let fd = std::os::fd::AsRawFd::as_raw_fd(&here);
        shell(&format!("ip link set host0 netns /proc/{}/fd/{fd}", std::process::id()));
        namespace::join(here.as_fd(), Namespaces::NET).unwrap();
        shell("ip addr add 192.0.2.2/24 dev host0; ip addr add 2001:db8::2/64 dev host0 nodad; ip link set host0 up");
        shell("ip route add default via 192.0.2.1; ip -6 route add default via 2001:db8::1");
        let run = TempDir::new().unwrap();
        let network = network::default_network("podman", None, run.path()).unwrap();
        Self { run, network, internet }
    }

    /// Starts a container's network.
    pub fn start(&self, id: &str, ports: &[PortMapping]) -> Container {
        let netns = isolated();
        let (request, ports_asked) = (self.request(id, ports), ports.len());
        let (status, reserved) = network::reserve(self.run.path(), &request).unwrap();
        network::setup(self.run.path(), &request, &status, netns.as_fd()).unwrap();
        assert_eq!(status.ports.len(), ports_asked);
        Container { id: id.to_string(), status, netns, reserved: Some(reserved) }
    }

    pub fn request<'a>(&'a self, id: &'a str, ports: &'a [PortMapping]) -> Request<'a> {
        Request {
            container: id,
            attachments: vec![Attachment {
                network: &self.network,
                addresses: Vec::new(),
                mac: None,
                interface: "eth0".into(),
            }],
            ports,
        }
    }

    /// Ends it in the way the engine does.
    pub fn stop(&self, mut container: Container) {
        let errors = network::teardown(self.run.path(), &container.id, &container.status);
        assert!(errors.is_empty(), "{errors:?}");
        container.reserved.take();
    }
}

/// A new namespace, without staying in it.
pub fn isolated() -> OwnedFd {
    let here = own_namespace();
    namespace::unshare(Namespaces::NET).unwrap();
    let made = own_namespace();
    namespace::join(here.as_fd(), Namespaces::NET).unwrap();
    made
}

/// Runs `work` in that namespace.
pub fn within<T>(netns: &OwnedFd, work: impl FnOnce() -> T) -> T {
    namespace::within_network(netns.as_fd(), work).unwrap()
}

impl Container {
    /// Its IPv4 or IPv6 address.
    pub fn address(&self, ipv4: bool) -> std::net::IpAddr {
        let all = &self.status.interfaces[0].addresses;
        all.iter().find(|a| a.addr.is_ipv4() == ipv4).unwrap().addr
    }
}

/// A published port.
pub fn port(host_ip: Option<&str>, host: u16, container: u16, protocol: Protocol) -> PortMapping {
    PortMapping {
        host_ip: host_ip.map(|ip| ip.parse().unwrap()),
        host_port: host,
        container_port: container,
        range: 1,
        protocol,
    }
}

/// What a command prints; it must succeed.
pub fn shell(command: &str) -> String {
    let output = Command::new("sh").args(["-ec", command]).output().unwrap();
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "`{command}`: {error}");
    String::from_utf8(output.stdout).unwrap()
}
