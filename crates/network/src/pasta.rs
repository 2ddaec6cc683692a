//! Networking for ordinary users by the pasta program, with the arguments Podman gives it; see pasta(1) and the
//! `--network=pasta` part of podman-run(1).
//!
//! pasta goes to the background by itself when the network works, and runs until [`stop`].

use crate::{Error, PortMapping, Protocol};
use std::fs;
use std::io;
use std::os::fd::BorrowedFd;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

/// Queries to this address are forwarded to the host's resolver; Podman's choice.
pub const DNS_ADDRESS: &str = "169.254.1.1";
/// `host.containers.internal`, where pasta knows the option.
pub const HOST_ADDRESS: &str = "169.254.1.2";
/// udev gives it to everybody; bare containers and some hosts don't.
const TUN: &str = "/dev/net/tun";
const MAP_GUEST: &str = "--map-guest-addr";

/// Where `pasta` is, if installed.
pub fn find() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let usual = ["/usr/local/bin", "/usr/bin", "/bin"].map(PathBuf::from);
    let mut folders = std::env::split_paths(&path).chain(usual);
    folders.find_map(|folder| {
        let program = folder.join("pasta");
        let runs = rustix::fs::access(&program, rustix::fs::Access::EXEC_OK).is_ok();
        (folder.is_absolute() && runs).then_some(program)
    })
}

/// Whether this pasta gives the container an address of the host's ([`HOST_ADDRESS`]). Debian 12's doesn't.
///
/// An option's name is a string in the program, so looking for it costs a tenth of asking `--help`.
pub fn maps_host_address(program: &Path) -> bool {
    let name = &MAP_GUEST.as_bytes()[2..];
    let bytes = fs::read(program).unwrap_or_default();
    let starts = bytes.iter().enumerate().filter(|(_, byte)| **byte == name[0]);
    let mut tails = starts.map(|(at, _)| &bytes[at..]);
    tails.any(|tail| tail.starts_with(name))
}

/// Why pasta can't work here, if so. Until 2024 it wants an interface with a way out to copy; since then it can do without.
pub fn obstacle(program: &Path) -> Option<&'static str> {
    if rustix::fs::access(TUN, rustix::fs::Access::READ_OK | rustix::fs::Access::WRITE_OK).is_err() {
        return Some("`pasta` needs to read and write /dev/net/tun, which isn't allowed here");
    }
    let usable = has_way_out() || maps_host_address(program);
    (!usable).then_some("this machine has no network that `pasta` could use")
}

/// A default route, of either family, that isn't the kernel's own refusal on `lo`.
fn has_way_out() -> bool {
    let v4 = fs::read_to_string("/proc/net/route").unwrap_or_default();
    let v6 = fs::read_to_string("/proc/net/ipv6_route").unwrap_or_default();
    has_default_v4(&v4) || has_default_v6(&v6)
}

/// Interface, destination, …, mask in the eighth field; see proc_net(5).
fn has_default_v4(table: &str) -> bool {
    table.lines().skip(1).any(|line| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        fields.get(1) == Some(&"00000000") && fields.get(7) == Some(&"00000000")
    })
}

/// Destination, its length, …, interface last.
fn has_default_v6(table: &str) -> bool {
    table.lines().any(|line| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        fields.get(1) == Some(&"00") && fields.last().is_some_and(|interface| *interface != "lo")
    })
}

/// A pasta that sets up a namespace's network. Dropping it waits until it has tried, so that its pid file tells [`stop`] of it.
#[derive(Debug)]
pub struct Starting {
    program: PathBuf,
    child: Option<Child>,
    pid_file: PathBuf,
}

/// Starts it for a namespace. `options` as containers.conf's pasta_options.
///
/// Host ports must be chosen already (see [`crate::reserve`], whose sockets must be closed again).
///
/// # Errors
/// That it can't be run, or that a protocol can't be forwarded.
pub fn start(
    program: &Path,
    netns: BorrowedFd<'_>,
    ports: &[PortMapping],
    options: &[String],
    pid_file: &Path,
) -> Result<Starting, Error> {
    let mut arguments = arguments(ports, options, maps_host_address(program))?;
    arguments.push("--pid".into());
    arguments.push(pid_file.display().to_string());
    // As standard input: pasta closes all other descriptors first, and before it opens the path it gives up the right to look
    // into /proc/PID of a process with more capabilities. It can't watch that path, so it is told not to; `stop` ends it.
    arguments.extend(["--netns", "/proc/self/fd/0", "--no-netns-quit"].map(String::from));
    let what = || format!("cannot run `{}`", program.display());
    let netns = netns.try_clone_to_owned().map_err(Error::io(what()))?;
    let mut command = Command::new(executed(program));
    // It is pasta, not passt, by the name it is called by.
    command.arg0(program).args(arguments).stdin(netns).stdout(Stdio::null()).stderr(Stdio::piped());
    let child = command.spawn().map_err(Error::io(what()))?;
    Ok(Starting { program: program.to_owned(), child: Some(child), pid_file: pid_file.to_owned() })
}

impl Starting {
    /// Returns its pid when the network works.
    ///
    /// # Errors
    /// pasta's own words.
    pub fn finish(mut self) -> Result<i32, Error> {
        let what = || format!("cannot wait for `{}`", self.program.display());
        let Some(child) = self.child.take() else { return read_pid(&self.pid_file) };
        let Output { status, stderr, .. } = child.wait_with_output().map_err(Error::io(what()))?;
        if !status.success() {
            return Err(Error::Pasta {
                code: status.code().unwrap_or(-1),
                stderr: said(&String::from_utf8_lossy(&stderr)),
            });
        }
        read_pid(&self.pid_file)
    }
}

impl Drop for Starting {
    fn drop(&mut self) {
        if let Some(child) = self.child.take() {
            let _ = child.wait_with_output();
        }
    }
}

/// The file that is run in the end: where the processor has AVX2, the program would execute its other build at once, which costs
/// one and a half milliseconds.
fn executed(program: &Path) -> PathBuf {
    #[cfg(target_arch = "x86_64")]
    if std::arch::is_x86_feature_detected!("avx2") {
        let real = fs::canonicalize(program).unwrap_or_else(|_| program.to_owned());
        let other = PathBuf::from(format!("{}.avx2", real.display()));
        if other.is_file() {
            return other;
        }
    }
    program.to_owned()
}

/// Ends the pasta of that pid file, if it still runs, and removes the file.
///
/// # Errors
/// When it can't be signalled.
pub fn stop(pid_file: &Path) -> Result<(), Error> {
    if let Ok(pid) = read_pid(pid_file) {
        end(pid)?;
    }
    let _ = fs::remove_file(pid_file);
    Ok(())
}

/// By a pidfd, opened before the name is checked, so that a reused pid is never hit.
fn end(pid: i32) -> Result<(), Error> {
    use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};
    let Some(Ok(process)) = Pid::from_raw(pid).map(|pid| pidfd_open(pid, PidfdFlags::empty())) else {
        return Ok(());
    };
    let name = fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
    // `pasta` or `pasta.avx2`, or `passt…` under its other name.
    if !name.starts_with("pasta") && !name.starts_with("passt") {
        return Ok(());
    }
    match pidfd_send_signal(&process, Signal::TERM) {
        Ok(()) | Err(rustix::io::Errno::SRCH) => Ok(()),
        Err(e) => Err(Error::io(format!("cannot end pasta, process {pid}"))(e.into())),
    }
}

/// Podman's arguments; what the options set themselves is not set again.
fn arguments(ports: &[PortMapping], options: &[String], maps_host: bool) -> Result<Vec<String>, Error> {
    let has = |names: &[&str]| options.iter().any(|o| names.iter().any(|n| is_option(o, n)));
    let mut all = vec!["--config-net".to_string()];
    // Podman's own word, which pasta doesn't know.
    all.extend(options.iter().filter(|o| *o != "--map-gw").cloned());
    let mut forwarded = Vec::new();
    for port in ports {
        let (flag, specification) = forward(port)?;
        forwarded.push(flag);
        all.extend([flag.to_string(), specification]);
    }
    let mut add = |wanted: bool, words: &[&str]| {
        if wanted {
            all.extend(words.iter().map(|w| (*w).to_string()));
        }
    };
    add(!has(&["--dns-forward"]), &["--dns-forward", DNS_ADDRESS]);
    let tcp = has(&["-t", "--tcp-ports"]) || forwarded.contains(&"-t");
    add(!tcp, &["-t", "none"]);
    let udp = has(&["-u", "--udp-ports"]) || forwarded.contains(&"-u");
    add(!udp, &["-u", "none"]);
    add(!has(&["-T", "--tcp-ns"]), &["-T", "none"]);
    add(!has(&["-U", "--udp-ns"]), &["-U", "none"]);
    add(!has(&["--map-gw", "--no-map-gw"]), &["--no-map-gw"]);
    add(!has(&["-q", "--quiet"]), &["--quiet"]);
    add(maps_host && !has(&[MAP_GUEST]), &[MAP_GUEST, HOST_ADDRESS]);
    Ok(all)
}

/// `-t`, `-t8080`, `--tcp-ports`, `--tcp-ports=8080`.
fn is_option(word: &str, name: &str) -> bool {
    match word.strip_prefix(name) {
        None => false,
        Some(rest) => rest.is_empty() || rest.starts_with('=') || !name.starts_with("--"),
    }
}

fn forward(port: &PortMapping) -> Result<(&'static str, String), Error> {
    let flag = match port.protocol {
        Protocol::Tcp => "-t",
        Protocol::Udp => "-u",
        Protocol::Sctp => return Err(Error::Port("can't forward protocol: sctp".into())),
    };
    let address = port.host_ip.map(|ip| format!("{ip}/")).unwrap_or_default();
    let range = |first: u16| format!("{first}-{}", u32::from(first) + u32::from(port.count()) - 1);
    let ports = format!("{}:{}", range(port.host_port), range(port.container_port));
    Ok((flag, format!("{address}{ports}")))
}

/// Without the complaints of older versions that there is no syslog.
fn said(stderr: &str) -> String {
    let lines = stderr.lines().filter(|l| !l.ends_with("bytes to syslog") && !l.is_empty());
    lines.collect::<Vec<_>>().join("\n")
}

fn read_pid(pid_file: &Path) -> Result<i32, Error> {
    let what = || format!("cannot read pasta's pid from `{}`", pid_file.display());
    let text = fs::read_to_string(pid_file).map_err(Error::io(what()))?;
    text.trim().parse().map_err(|_| Error::io(what())(io::ErrorKind::InvalidData.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_way_out_is_a_default_route() {
        let head = "Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\tMTU\tWindow\tIRTT\n";
        let local = "eth0\t0002000A\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0\n";
        let default = "eth0\t00000000\t0102000A\t0003\t0\t0\t0\t00000000\t0\t0\t0\n";
        assert!(!has_default_v4(&format!("{head}{local}")));
        assert!(has_default_v4(&format!("{head}{local}{default}")));
        let zero = "0".repeat(32);
        let line =
            |interface: &str| format!("{zero} 00 {zero} 00 {zero} ffffffff 00000001 00000000 00200200 {interface}\n");
        assert!(!has_default_v6(&line("lo")));
        assert!(has_default_v6(&line("eth0")));
    }

    fn port(host_ip: Option<&str>, protocol: Protocol) -> PortMapping {
        PortMapping {
            host_ip: host_ip.map(|ip| ip.parse().unwrap()),
            host_port: 8080,
            container_port: 80,
            range: 1,
            protocol,
        }
    }

    fn check(ports: &[PortMapping], options: &[&str], expect: &str) {
        let options: Vec<String> = options.iter().map(|o| (*o).to_string()).collect();
        assert_eq!(arguments(ports, &options, true).unwrap().join(" "), expect);
    }

    #[test]
    fn arguments_are_podmans() {
        check(
            &[port(Some("127.0.0.1"), Protocol::Tcp), port(None, Protocol::Tcp)],
            &[],
            "--config-net -t 127.0.0.1/8080-8080:80-80 -t 8080-8080:80-80 --dns-forward 169.254.1.1 -u none -T none -U none \
             --no-map-gw --quiet --map-guest-addr 169.254.1.2",
        );
        check(
            &[],
            &["--map-gw", "-t", "auto", "--dns-forward=10.0.2.3", "-T,5"],
            "--config-net -t auto --dns-forward=10.0.2.3 -T,5 -u none -U none --quiet --map-guest-addr 169.254.1.2",
        );
        assert!(arguments(&[port(None, Protocol::Sctp)], &[], true).is_err());
    }

    #[test]
    fn words_about_syslog_are_left_out() {
        assert_eq!(said("Failed to send 5 bytes to syslog\nNo route\n\n"), "No route");
    }
}
