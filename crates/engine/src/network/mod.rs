//! From a container's network wishes to what the network crate does, and the files that tell the container about it.

mod files;
mod resolv;

pub(crate) use files::{Who, hostname, write_files};

use crate::{Engine, Error};
use ::network::pasta::{Starting, Wish};
use ::network::{Attachment, IpNet, Network, PortMapping, Protocol, Request, Reserved, Status};
use spec::ResolvedSpec;
use spec::namespaces::NsMode;
use spec::network::{PerNetwork, ResolvedPort};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::path::{Path, PathBuf};

/// How one start gets its network.
pub(crate) enum Plan {
    /// Somebody else's namespace (the host's, another container's, a file): nothing to do.
    Joined,
    /// A new one with `lo` only.
    Alone,
    /// Bridge networks.
    Bridge(Vec<Network>),
    /// This program.
    Pasta(PathBuf),
}

/// A network on its way.
pub(crate) struct Begun {
    netns: OwnedFd,
    pasta: Starting,
}

impl Begun {
    /// Where the namespace is found for as long as this lives.
    pub(crate) fn path(&self) -> PathBuf {
        PathBuf::from(format!("/proc/self/fd/{}", self.netns.as_raw_fd()))
    }
}

/// Decides; a warning when an ordinary user's network can't be had.
pub(crate) fn plan(engine: &Engine, resolved: &ResolvedSpec) -> Result<(Plan, Option<String>), Error> {
    let plan = match resolved.network.mode.mode {
        NsMode::Bridge => Plan::Bridge(networks(engine, resolved)?),
        NsMode::Pasta => match ::network::pasta::find() {
            Some(program) => match ::network::pasta::obstacle(&program) {
                None => Plan::Pasta(program),
                Some(why) => {
                    return Ok((Plan::Alone, Some(without_pasta(resolved, why, "(--network none says the same)"))));
                }
            },
            None => {
                let cure = "Install the package passt (or choose --network none or host)";
                return Ok((Plan::Alone, Some(without_pasta(resolved, "`pasta` isn't installed", cure))));
            }
        },
        NsMode::None | NsMode::Private => Plan::Alone,
        _ => Plan::Joined,
    };
    Ok((plan, None))
}

fn without_pasta(resolved: &ResolvedSpec, why: &str, cure: &str) -> String {
    let ports = if resolved.network.ports.is_empty() { "" } else { " and its ports aren't published" };
    format!("{why}: the container has no network but lo{ports}. {cure}")
}

/// Whether the networks can be had at all.
pub(crate) fn check(engine: &Engine, resolved: &ResolvedSpec) -> Result<(), Error> {
    if resolved.network.mode.mode != NsMode::Bridge {
        return Ok(());
    }
    if engine.privilege().is_rootless() {
        return Err(Error::Invalid("bridge networks need root for now; use --network pasta, host or none".to_owned()));
    }
    let default = engine.config().network.default_network.as_deref().unwrap_or("podman");
    match resolved.network.networks.iter().find(|(name, _)| *name != default) {
        None => Ok(()),
        Some((name, _)) => Err(Error::Invalid(format!(
            "unable to find network with name or ID {name}: network not found (only the default network \
             \"{default}\" exists for now)"
        ))),
    }
}

fn networks(engine: &Engine, resolved: &ResolvedSpec) -> Result<Vec<Network>, Error> {
    check(engine, resolved)?;
    let mut networks = Vec::new();
    for (name, _) in &resolved.network.networks {
        let subnet = engine.config().network.default_subnet.as_deref().map(subnet).transpose()?;
        networks.push(::network::default_network(name, subnet, engine.run_folder())?);
    }
    Ok(networks)
}

fn subnet(text: &str) -> Result<IpNet, Error> {
    let parse = || {
        let (addr, prefix) = text.split_once('/')?;
        Some(IpNet { addr: addr.parse().ok()?, prefix: prefix.parse().ok()? })
    };
    parse().ok_or_else(|| Error::Invalid(format!("containers.conf: default_subnet \"{text}\" is no subnet")))
}

impl Plan {
    /// Leases what there is to lease. `None`: nothing.
    pub(crate) fn reserve(
        &self,
        engine: &Engine,
        id: &str,
        resolved: &ResolvedSpec,
        ports: &[PortMapping],
    ) -> Result<Option<(Status, Reserved)>, Error> {
        let request = match self {
            Plan::Bridge(_) => self.request(id, resolved, ports)?,
            Plan::Pasta(_) if !ports.is_empty() => Request { container: id, attachments: Vec::new(), ports },
            _ => return Ok(None),
        };
        let (status, mut reserved) = ::network::reserve(engine.run_folder(), &request)?;
        if matches!(self, Plan::Pasta(_)) {
            // pasta binds them itself; ours have found out which are free.
            reserved.sockets.clear();
        }
        Ok(Some((status, reserved)))
    }

    /// Begins with what takes longest before the container's first process is there: pasta, for a namespace that is made for it.
    /// A container with a user namespace of its own must own its network namespace as well, so there is nothing to begin with.
    pub(crate) fn begin(
        &self,
        engine: &Engine,
        id: &str,
        resolved: &ResolvedSpec,
        status: &Status,
    ) -> Result<Option<Begun>, Error> {
        match self {
            Plan::Pasta(program) if resolved.namespaces.user.mode == NsMode::Host => {
                let (netns, routes) = ::network::new_namespace()?;
                let pid_file = pid_file(&engine.runs().of(id));
                let pasta =
                    ::network::pasta::start(&wish(program, resolved, status, &pid_file), netns.as_fd(), routes)?;
                Ok(Some(Begun { netns, pasta }))
            }
            _ => Ok(None),
        }
    }

    /// Sets up the namespace of a launched container, so that it can begin. Returns pasta if it was started: whether it works is
    /// known only when it is ready.
    pub(crate) fn setup(
        &self,
        engine: &Engine,
        id: &str,
        resolved: &ResolvedSpec,
        status: &Status,
        begun: Option<Begun>,
        launched: &runtime::Launched,
    ) -> Result<Option<Starting>, Error> {
        let mut pasta = match (self, begun) {
            // The runtime sets `lo` up.
            (Plan::Joined | Plan::Alone, _) => None,
            (Plan::Bridge(_), _) => {
                let request = self.request(id, resolved, &status.ports)?;
                ::network::setup(engine.run_folder(), &request, status, launched.netns()?.as_fd())?;
                None
            }
            (Plan::Pasta(_), Some(begun)) => Some(begun.pasta),
            (Plan::Pasta(program), None) => {
                let pid_file = pid_file(&engine.runs().of(id));
                let wish = wish(program, resolved, status, &pid_file);
                Some(::network::pasta::start(&wish, launched.netns()?.as_fd(), None)?)
            }
        };
        pasta.as_mut().map(Starting::configured).transpose()?;
        Ok(pasta)
    }

    fn request<'a>(
        &'a self,
        id: &'a str,
        resolved: &'a ResolvedSpec,
        ports: &'a [PortMapping],
    ) -> Result<Request<'a>, Error> {
        let Plan::Bridge(networks) = self else { return Ok(Request { container: id, attachments: Vec::new(), ports }) };
        let mut attachments = Vec::new();
        for (index, (network, (_, wish))) in networks.iter().zip(&resolved.network.networks).enumerate() {
            attachments.push(attachment(network, wish, index)?);
        }
        Ok(Request { container: id, attachments, ports })
    }
}

fn wish<'a>(program: &'a Path, resolved: &'a ResolvedSpec, status: &'a Status, pid_file: &'a Path) -> Wish<'a> {
    Wish { program, ports: &status.ports, options: &resolved.network.pasta_options, pid_file }
}

fn attachment<'a>(network: &'a Network, wish: &PerNetwork, index: usize) -> Result<Attachment<'a>, Error> {
    let interface = match wish.interface_name.as_str() {
        "" => format!("eth{index}"),
        name => name.to_owned(),
    };
    let mac = match wish.static_mac.as_str() {
        "" => None,
        text => Some(mac(text).ok_or_else(|| Error::Invalid(format!("address {text}: invalid MAC address")))?),
    };
    Ok(Attachment { network, addresses: wish.static_ips.clone(), mac, interface })
}

fn mac(text: &str) -> Option<[u8; 6]> {
    let bytes: Option<Vec<u8>> = text.split([':', '-']).map(|part| u8::from_str_radix(part, 16).ok()).collect();
    bytes?.try_into().ok()
}

/// Where pasta's pid is kept.
pub(crate) fn pid_file(folder: &Path) -> PathBuf {
    folder.join("pasta.pid")
}

/// The network crate's word for a port.
pub(crate) fn port(port: &ResolvedPort) -> PortMapping {
    PortMapping {
        host_ip: port.host_ip,
        host_port: port.host_port,
        container_port: port.container_port,
        range: port.range,
        protocol: match port.protocol {
            spec::network::Protocol::Tcp => Protocol::Tcp,
            spec::network::Protocol::Udp => Protocol::Udp,
            spec::network::Protocol::Sctp => Protocol::Sctp,
        },
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn macs() {
        assert_eq!(super::mac("92:d0:c6:0a:29:33"), Some([0x92, 0xd0, 0xc6, 0x0a, 0x29, 0x33]));
        assert_eq!(super::mac("92:d0:c6:0a:29"), None);
        assert_eq!(super::mac("zz:d0:c6:0a:29:33"), None);
    }
}
