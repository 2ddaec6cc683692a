//! The network as it will be: mode, networks in order, ports, name resolution.

use super::{Network, PerNetwork, ResolvedNetwork, flags, ports};
use crate::{
    Defaults, HostFacts, Invalid,
    namespaces::{Namespace, NsMode},
};
use oci::image::ContainerConfig;
use std::collections::BTreeMap;

pub(crate) fn resolve(
    network: &Network,
    image: &ContainerConfig,
    defaults: &Defaults,
    host: &HostFacts,
    warnings: &mut Vec<String>,
) -> Result<ResolvedNetwork, Invalid> {
    let configured = configured(network, defaults)?;
    let network = configured.as_ref().unwrap_or(network);
    let mode = mode(network, host)?;
    check(network, &mode, defaults)?;
    let exposed = exposed(&network.expose, image)?;
    let mut published = ports::resolve(&network.ports, network.publish_all, &exposed)?;
    if !published.is_empty() && matches!(mode.mode, NsMode::Host | NsMode::None | NsMode::Container) {
        warnings.push(format!(
            "Port mappings have been discarded because \"{}\" network namespace mode does not support them",
            mode.mode.name()
        ));
        published.clear();
    }
    let no_hosts = network.use_image_hosts.unwrap_or(defaults.no_hosts);
    let no_resolv_conf = network.use_image_resolv_conf || (defaults.no_resolv_conf && network.dns_servers.is_empty());
    let or = |own: &String, other: &String| if own.is_empty() { other.clone() } else { own.clone() };
    // The files of a joined container are shared, a container without network has no resolver.
    let joined = mode.mode == NsMode::Container;
    Ok(ResolvedNetwork {
        networks: networks(network, &mode, defaults),
        pasta_options: network.options.get("pasta").unwrap_or(&defaults.pasta_options).clone(),
        ports: published,
        exposed: exposed_list(&exposed),
        dns_servers: first(&network.dns_servers, &defaults.dns_servers),
        dns_search: first(&network.dns_search, &defaults.dns_searches),
        dns_options: first(&network.dns_options, &defaults.dns_options),
        write_resolv_conf: !no_resolv_conf && !joined && mode.mode != NsMode::None,
        write_hosts: !no_hosts && !joined,
        write_hostname: !network.use_image_hostname,
        base_hosts_file: or(&network.base_hosts_file, &defaults.base_hosts_file),
        add_hosts: network.add_hosts.iter().map(|text| flags::parse_add_host(text)).collect::<Result<_, _>>()?,
        host_containers_internal_ip: defaults.host_containers_internal_ip.clone(),
        mode,
    })
}

fn first<T: Clone>(own: &[T], configured: &[T]) -> Vec<T> {
    if own.is_empty() { configured.to_vec() } else { own.to_vec() }
}

/// With containers.conf's `netns` where nothing was asked for.
fn configured(network: &Network, defaults: &Defaults) -> Result<Option<Network>, Invalid> {
    if network.mode.mode != NsMode::Default || !network.networks.is_empty() || defaults.netns.is_empty() {
        return Ok(None);
    }
    let mut network = network.clone();
    network
        .set_networks(std::slice::from_ref(&defaults.netns))
        .map_err(|e| Invalid { message: format!("containers.conf: containers.netns: {}", e.message), hint: e.hint })?;
    Ok(Some(network))
}

fn no_bridge(network: &Network) -> Invalid {
    let names: Vec<&str> = network.networks.keys().map(String::as_str).collect();
    let which = if names.is_empty() { String::new() } else { format!("{}: ", names.join(", ")) };
    Invalid::new(format!("{which}bridge networks are not supported without privilege yet"))
        .hint("use --network pasta, host or none, or run as root")
}

fn mode(network: &Network, host: &HostFacts) -> Result<Namespace, Invalid> {
    let named = !network.networks.is_empty();
    match network.mode.mode {
        NsMode::Default | NsMode::Private if named => Ok(Namespace::of(NsMode::Bridge)),
        NsMode::Default | NsMode::Private => {
            Ok(Namespace::of(if host.rootless { NsMode::Pasta } else { NsMode::Bridge }))
        }
        NsMode::Bridge if host.rootless => Err(no_bridge(network)),
        NsMode::Pasta if !host.rootless => Err(Invalid::new(
            "invalid config provided: pasta networking is only supported for rootless mode or when inside a nested userns",
        )),
        NsMode::Pod => Err(crate::namespaces::no_pod()),
        NsMode::Host | NsMode::None | NsMode::Bridge | NsMode::Pasta | NsMode::Container | NsMode::Path => {
            Ok(network.mode.clone())
        }
        other => Err(Invalid::new(format!("invalid network mode {:?}", other.name()))),
    }
}

fn check(network: &Network, mode: &Namespace, defaults: &Defaults) -> Result<(), Invalid> {
    let dns = !network.dns_servers.is_empty() || !network.dns_search.is_empty() || !network.dns_options.is_empty();
    if (dns || network.use_image_resolv_conf) && matches!(mode.mode, NsMode::None | NsMode::Container) {
        return Err(Invalid::new(format!("conflicting options: dns and the network mode: {}", mode.mode.name())));
    }
    if network.use_image_resolv_conf && dns {
        return Err(Invalid::new("--dns none and other DNS settings exclude each other"));
    }
    if network.use_image_hosts.unwrap_or(defaults.no_hosts) && !network.add_hosts.is_empty() {
        return Err(Invalid::new("--no-hosts and --add-host cannot be set together"));
    }
    let fixed = |wish: &PerNetwork| !wish.static_ips.is_empty() || !wish.static_mac.is_empty();
    if mode.mode != NsMode::Bridge && network.networks.values().any(fixed) {
        return Err(Invalid::new("--ip can only be set when the network mode is bridge: invalid argument"));
    }
    Ok(())
}

fn networks(network: &Network, mode: &Namespace, defaults: &Defaults) -> Vec<(String, PerNetwork)> {
    if mode.mode != NsMode::Bridge {
        return Vec::new();
    }
    if network.networks.is_empty() {
        return vec![(defaults.default_network.clone(), PerNetwork::default())];
    }
    let real =
        |name: &String| if name == flags::DEFAULT_NETWORK { defaults.default_network.clone() } else { name.clone() };
    network.networks.iter().map(|(name, wish)| (real(name), wish.clone())).collect()
}

/// The user's and the image's.
fn exposed(asked: &BTreeMap<u16, String>, image: &ContainerConfig) -> Result<BTreeMap<u16, String>, Invalid> {
    let mut all = asked.clone();
    for text in image.exposed_ports.keys() {
        ports::add_exposed(&mut all, text)
            .map_err(|e| Invalid::new(format!("the image's exposed port {text:?}: {e}")))?;
    }
    Ok(all)
}

fn exposed_list(exposed: &BTreeMap<u16, String>) -> Vec<String> {
    let each = exposed.iter().flat_map(|(port, names)| names.split(',').map(move |name| format!("{port}/{name}")));
    each.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolved(
        networks: &[&str],
        change: impl Fn(&mut Network),
        rootless: bool,
    ) -> Result<(ResolvedNetwork, Vec<String>), String> {
        let mut network = Network::default();
        let texts: Vec<String> = networks.iter().map(|text| text.to_string()).collect();
        network.set_networks(&texts).map_err(|e| e.message)?;
        change(&mut network);
        let mut warnings = Vec::new();
        let host = HostFacts { rootless, ..HostFacts::default() };
        let resolved = resolve(&network, &ContainerConfig::default(), &Defaults::default(), &host, &mut warnings);
        resolved.map(|resolved| (resolved, warnings)).map_err(|e| e.message)
    }

    #[test]
    fn root_gets_the_bridge_and_users_get_pasta() {
        let (network, _) = resolved(&[], |_| (), false).unwrap();
        assert_eq!(network.mode.mode, NsMode::Bridge);
        assert_eq!(network.networks, [("podman".to_owned(), PerNetwork::default())]);
        assert_eq!(resolved(&[], |_| (), true).unwrap().0.mode.mode, NsMode::Pasta);
        assert!(resolved(&["pasta"], |_| (), false).is_err());
        assert!(resolved(&["bridge"], |_| (), true).is_err());
    }

    #[test]
    fn ports_need_a_network_of_their_own() {
        let (network, warnings) = resolved(&["host"], |n| n.publish("80:80").unwrap(), false).unwrap();
        assert!(network.ports.is_empty());
        assert_eq!(
            warnings,
            ["Port mappings have been discarded because \"host\" network namespace mode does not support them"]
        );
    }

    #[test]
    fn conflicts() {
        let dns = |n: &mut Network| n.set_dns(&["1.1.1.1".into()]).unwrap();
        assert_eq!(resolved(&["none"], dns, false).unwrap_err(), "conflicting options: dns and the network mode: none");
        let no_hosts = |n: &mut Network| {
            n.use_image_hosts = Some(true);
            n.add_host("a:1.2.3.4").unwrap();
        };
        assert_eq!(resolved(&[], no_hosts, false).unwrap_err(), "--no-hosts and --add-host cannot be set together");
    }

    #[test]
    fn files_by_mode() {
        let files = |mode| {
            let (network, _) = resolved(&[mode], |_| (), false).unwrap();
            (network.write_hosts, network.write_resolv_conf, network.write_hostname)
        };
        assert_eq!(files("bridge"), (true, true, true));
        assert_eq!(files("none"), (true, false, true));
        assert_eq!(files("container:x"), (false, false, true));
    }

    #[test]
    fn the_images_ports_are_exposed() {
        let mut image = ContainerConfig::default();
        image.exposed_ports.insert("80/tcp".into(), Default::default());
        let network = Network { publish_all: true, ..Network::default() };
        let host = HostFacts::default();
        let resolved = resolve(&network, &image, &Defaults::default(), &host, &mut Vec::new()).unwrap();
        assert_eq!(resolved.exposed, ["80/tcp"]);
        assert_eq!(resolved.ports[0].container_port, 80);
    }
}
