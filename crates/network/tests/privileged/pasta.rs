//! pasta, where it is installed: as in an ordinary user's namespaces, with a host that has one way out.

use crate::host::{Host, able, installed, isolated, port, shell, within};
use crate::traffic::{call, serve};
use network::{Protocol, pasta};
use std::net::IpAddr;
use std::os::fd::AsFd;
use std::process::Command;

/// Set for the process in the user namespace.
const INSIDE: &str = "MINKE_TEST_PASTA";

#[test]
fn privileged_pasta_connects_both_ways() {
    if !able() || !installed("pasta") {
        return;
    }
    if std::env::var_os(INSIDE).is_some() {
        return connects_both_ways();
    }
    // pasta gives up its rights as the machine's root, so it is run as root of a namespace.
    let this = std::env::current_exe().unwrap();
    let name = "pasta::privileged_pasta_connects_both_ways";
    let mut command = Command::new("unshare");
    command.args(["--map-root-user", "--net", "--"]).arg(this).args(["--exact", name, "--nocapture"]);
    let output = command.env(INSIDE, "1").output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

fn connects_both_ways() {
    let host = Host::new();
    let netns = isolated();
    let program = pasta::find().unwrap();
    let pid_file = host.run.path().join("pasta.pid");
    let ports = [port(Some("127.0.0.1"), 8080, 80, Protocol::Tcp), port(None, 5353, 53, Protocol::Udp)];
    let wish = pasta::Wish { program: &program, ports: &ports, options: &[], pid_file: &pid_file };
    let starting = pasta::start(&wish, netns.as_fd(), None).unwrap();
    let pid = starting.pid();
    starting.finish(None).unwrap();
    serve(&netns, 80);
    serve(&host.internet, 7);
    let inside = within(&netns, || shell("ip -o addr; ip route"));
    assert!(inside.contains("192.0.2.2/24") && inside.contains("default via 192.0.2.1"), "{inside}");
    let out: IpAddr = "192.0.2.1".parse().unwrap();
    assert_eq!(within(&netns, || call(out, 7)).unwrap(), "192.0.2.2");
    assert!(call("127.0.0.1".parse().unwrap(), 8080).is_ok());
    let other = pid_file.with_extension("2");
    let taken = pasta::start(&pasta::Wish { pid_file: &other, ..wish }, isolated().as_fd(), None);
    let taken = taken.unwrap().finish(None).unwrap_err().to_string();
    assert!(taken.starts_with("pasta failed with exit code 1:\n"), "{taken}");
    assert!(!taken.contains("syslog"), "{taken}");
    ends_with_its_file(pid, &pid_file);
}

fn ends_with_its_file(pid: i32, pid_file: &std::path::Path) {
    let process = sys::pidfd::open(pid).unwrap();
    pasta::stop(pid_file).unwrap();
    assert!(sys::pidfd::poll_exit(process.as_fd(), 5000).unwrap());
    assert!(!pid_file.exists());
    pasta::stop(pid_file).unwrap();
}
