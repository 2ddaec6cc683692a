//! Measures what attaching a container to the bridge costs, in a network namespace of its own: `attach [COUNT [IDLE_MS]]`.
//! Prints lower quartiles in microseconds: the default network's decision, `reserve`, `setup`, `unpublish`, `teardown`.

#![allow(clippy::print_stdout)]

use network::{Attachment, PortMapping, Protocol, Request};
use std::os::fd::{AsFd, OwnedFd};
use std::time::{Duration, Instant};
use sys::namespace::{self, Namespaces};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut numbers = std::env::args().skip(1).map(|n| n.parse::<u64>());
    let count = numbers.next().transpose()?.unwrap_or(30);
    let idle = Duration::from_millis(numbers.next().transpose()?.unwrap_or(200));
    namespace::unshare(Namespaces::NET)?;
    let run = std::env::temp_dir().join(format!("minke-attach-{}", std::process::id()));
    let ports = [PortMapping { host_ip: None, host_port: 8080, container_port: 80, range: 1, protocol: Protocol::Tcp }];
    for ports in [&[][..], &ports] {
        let mut samples: [Vec<u128>; 5] = Default::default();
        for number in 0..count {
            let netns = isolated()?;
            std::thread::sleep(idle);
            let times = once(&run, &format!("{number:064x}"), ports, &netns)?;
            samples.iter_mut().zip(times).for_each(|(all, one)| all.push(one.as_micros()));
        }
        print!("{} ports:", ports.len());
        for (name, all) in ["decide", "reserve", "setup", "unpublish", "teardown"].iter().zip(&mut samples) {
            let first = all[0];
            all.sort_unstable();
            print!("  {name} {} (first {first})", all[all.len() / 4]);
        }
        println!();
    }
    std::fs::remove_dir_all(run)?;
    Ok(())
}

/// A new network namespace, without staying in it.
fn isolated() -> std::io::Result<OwnedFd> {
    let own = namespace::open("/proc/thread-self/ns/net")?;
    namespace::unshare(Namespaces::NET)?;
    let made = namespace::open("/proc/thread-self/ns/net")?;
    namespace::join(own.as_fd(), Namespaces::NET)?;
    Ok(made)
}

fn once(
    run: &std::path::Path,
    container: &str,
    ports: &[PortMapping],
    netns: &OwnedFd,
) -> Result<[Duration; 5], network::Error> {
    let mut times = [Duration::ZERO; 5];
    let start = Instant::now();
    let network = network::default_network("podman", None, run)?;
    times[0] = start.elapsed();
    let request = Request {
        container,
        attachments: vec![Attachment { network: &network, addresses: Vec::new(), mac: None, interface: "eth0".into() }],
        ports,
    };
    let start = Instant::now();
    let (status, _reserved) = network::reserve(run, &request)?;
    times[1] = start.elapsed();
    let start = Instant::now();
    let attached = network::setup(run, &request, &status, netns.as_fd())?;
    times[2] = start.elapsed();
    let start = Instant::now();
    let (unpublished, mut errors) = network::unpublish(run, container, &status);
    times[3] = start.elapsed();
    let start = Instant::now();
    errors.extend(network::teardown(run, container, &status));
    times[4] = start.elapsed();
    drop((attached, unpublished));
    errors.into_iter().next().map_or(Ok(times), Err)
}
