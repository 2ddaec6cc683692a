//! /etc/hosts, /etc/resolv.conf, /etc/hostname and /run/.containerenv of one start, in its run folder.

use super::{Plan, resolv};
use crate::{Engine, Error};
use ::network::Status;
use spec::ResolvedSpec;
use spec::facts::Files;
use spec::namespaces::NsMode;
use spec::network::{AddHost, ResolvedNetwork};
use std::fs;
use std::net::{IpAddr, UdpSocket};
use std::path::{Path, PathBuf};

/// Who the container is.
pub(crate) struct Who<'a> {
    pub(crate) id: &'a str,
    pub(crate) name: &'a str,
    pub(crate) image: &'a str,
    pub(crate) image_id: &'a str,
}

/// Writes what the container is to get.
pub(crate) fn write_files(
    engine: &Engine,
    who: &Who<'_>,
    resolved: &ResolvedSpec,
    plan: &Plan,
    status: &Status,
) -> Result<Files, Error> {
    let mode = resolved.network.mode.mode;
    if mode == NsMode::Container {
        return shared_files(engine, resolved, who);
    }
    let folder = engine.runs().of(who.id).join("files");
    let write = |name: &str, text: String| -> Result<Option<PathBuf>, Error> { write(&folder, name, &text).map(Some) };
    let hostname = hostname(who.id, resolved);
    let network = &resolved.network;
    let mut files = Files::default();
    if network.write_hosts && network.base_hosts_file != "image" {
        files.hosts = write("hosts", hosts(who, resolved, &hostname, plan, status)?)?;
    }
    if network.write_resolv_conf && mode != NsMode::None {
        let pasta = matches!(plan, Plan::Pasta(_)).then_some(::network::pasta::DNS_ADDRESS);
        files.resolv_conf =
            write("resolv.conf", resolv::text(resolv::of_host(), network, mode != NsMode::Host, pasta))?;
    }
    if network.write_hostname {
        files.hostname = write("hostname", format!("{hostname}\n"))?;
    }
    files.containerenv = write(".containerenv", env_text(engine, who, resolved))?;
    Ok(files)
}

/// A container in another's network namespace has that one's files about the network. Its name is its own.
fn shared_files(engine: &Engine, resolved: &ResolvedSpec, who: &Who<'_>) -> Result<Files, Error> {
    let theirs = engine.runs().of(&resolved.network.mode.value).join("files");
    let there = |name: &str| Some(theirs.join(name)).filter(|path| path.exists());
    let own = engine.runs().of(who.id).join("files");
    let write = |name: &str, text: String| -> Result<Option<PathBuf>, Error> { write(&own, name, &text).map(Some) };
    let hostname = match resolved.network.write_hostname {
        true => write("hostname", format!("{}\n", hostname(who.id, resolved)))?,
        false => None,
    };
    let containerenv = write(".containerenv", env_text(engine, who, resolved))?;
    Ok(Files { hosts: there("hosts"), resolv_conf: there("resolv.conf"), hostname, containerenv })
}

fn write(folder: &Path, name: &str, text: &str) -> Result<PathBuf, Error> {
    let path = folder.join(name);
    let written = fs::create_dir_all(folder).and_then(|()| fs::write(&path, text));
    written.map_err(|source| Error::io("write", &path, source))?;
    Ok(path)
}

/// What the container is called inside.
pub(crate) fn hostname(id: &str, resolved: &ResolvedSpec) -> String {
    match (resolved.hostname.as_str(), resolved.namespaces.uts.mode) {
        ("", NsMode::Host) => rustix::system::uname().nodename().to_string_lossy().into_owned(),
        ("", _) => id.chars().take(12).collect(),
        (name, _) => name.to_owned(),
    }
}

/// Podman writes contents only for privileged containers.
fn env_text(engine: &Engine, who: &Who<'_>, resolved: &ResolvedSpec) -> String {
    if !resolved.privileged {
        return String::new();
    }
    format!(
        "engine=\"minke-{}\"\nname=\"{}\"\nid=\"{}\"\nimage=\"{}\"\nimageid=\"{}\"\nrootless={}\n",
        env!("CARGO_PKG_VERSION"),
        who.name,
        who.id,
        who.image,
        who.image_id,
        u8::from(engine.privilege().is_rootless())
    )
}

fn hosts(
    who: &Who<'_>,
    resolved: &ResolvedSpec,
    hostname: &str,
    plan: &Plan,
    status: &Status,
) -> Result<String, Error> {
    let network = &resolved.network;
    let gateway = host_address(plan, status);
    let mut text = asked_hosts(network, gateway)?;
    text.push_str(&base(&network.base_hosts_file)?);
    let internal = match network.host_containers_internal_ip.as_str() {
        "" => gateway,
        "none" => None,
        address => address.parse().ok(),
    };
    let internal = internal.map(|address| (address, [HOST_NAMES[0], HOST_NAMES[1]]));
    let own = own_addresses(resolved, plan, status).into_iter().map(|address| (address, [hostname, who.name]));
    let added: String =
        internal.into_iter().chain(own).filter_map(|(address, names)| line(&text, address, &names)).collect();
    Ok(text + &added)
}

/// What a container calls its host.
const HOST_NAMES: [&str; 2] = ["host.containers.internal", "host.docker.internal"];

/// `--add-host`.
fn asked_hosts(network: &ResolvedNetwork, gateway: Option<IpAddr>) -> Result<String, Error> {
    let line = |host: &AddHost| match host.address.or(gateway) {
        Some(address) => Ok(format!("{address}\t{}\n", host.names.join(" "))),
        None => Err(Error::Invalid(format!(
            "unable to replace \"host-gateway\" of host entry \"{}:host-gateway\": host containers internal IP address is empty",
            host.names.join(";")
        ))),
    };
    network.add_hosts.iter().map(line).collect()
}

fn own_addresses(resolved: &ResolvedSpec, plan: &Plan, status: &Status) -> Vec<IpAddr> {
    match (plan, resolved.network.mode.mode) {
        (_, NsMode::Host | NsMode::Path) => Vec::new(),
        (Plan::Bridge(_), _) => status.interfaces.iter().flat_map(|i| &i.addresses).map(|net| net.addr).collect(),
        (Plan::Pasta(_), _) => local_address().into_iter().collect(),
        _ => vec![IpAddr::from([127, 0, 0, 1])],
    }
}

/// A line with the names that `text` doesn't hold; `None`: it holds all.
fn line(text: &str, address: IpAddr, names: &[&str]) -> Option<String> {
    let known = |name: &str| text.lines().any(|line| line.split_whitespace().skip(1).any(|other| other == name));
    let names: Vec<&str> = names.iter().copied().filter(|name| !known(name)).collect();
    (!names.is_empty()).then(|| format!("{address}\t{}\n", names.join(" ")))
}

/// The file everything else is added to, with one tab a line.
fn base(file: &str) -> Result<String, Error> {
    const LOCALHOST: &str = "127.0.0.1\tlocalhost\n::1\tlocalhost\n";
    let path = match file {
        "none" => return Ok(LOCALHOST.to_owned()),
        "" => Path::new("/etc/hosts"),
        file => Path::new(file),
    };
    let text = match fs::read_to_string(path) {
        Err(error) if file.is_empty() && error.kind() == std::io::ErrorKind::NotFound => LOCALHOST.to_owned(),
        text => text.map_err(|source| Error::io("read", path, source))?,
    };
    let lines = text.lines().map(|line| line.split('#').next().unwrap_or_default());
    let words = lines.map(|line| line.split_whitespace().collect::<Vec<_>>());
    Ok(words.filter(|w| w.len() > 1).map(|w| format!("{}\t{}\n", w[0], w[1..].join(" "))).collect())
}

/// Where the container finds the host.
fn host_address(plan: &Plan, status: &Status) -> Option<IpAddr> {
    match plan {
        Plan::Bridge(networks) => {
            let gateways = status.interfaces.iter().flat_map(|i| i.gateways.iter().copied());
            gateways.chain(networks.iter().flat_map(|n| &n.subnets).map(|subnet| subnet.gateway)).next()
        }
        Plan::Pasta(program) if ::network::pasta::maps_host_address(program) => {
            ::network::pasta::HOST_ADDRESS.parse().ok()
        }
        _ => local_address(),
    }
}

/// The address the host uses towards the world (nothing is sent).
fn local_address() -> Option<IpAddr> {
    let socket = UdpSocket::bind("0.0.0.0:0").ok()?;
    socket.connect("192.0.2.1:9").ok()?;
    socket.local_addr().ok().map(|address| address.ip()).filter(|ip| !ip.is_unspecified())
}
