//! Networks, published ports, names.

use crate::error::Failure;
use crate::syntax::flag::Flag;
use crate::syntax::matches::Matches;
use spec::ContainerSpec;

/// See podman-run(1).
pub static FLAGS: &[Flag] = &[
    Flag::list("add-host", "strings", "Add a line to /etc/hosts (name:address, name:host-gateway)"),
    Flag::list("dns", "strings", "Ask this name server"),
    Flag::list("dns-option", "strings", "Add an option to /etc/resolv.conf").alias(&["dns-opt"]),
    Flag::list("dns-search", "strings", "Search this domain"),
    Flag::list("expose", "strings", "Note that the container listens on this port"),
    Flag::array("network", "stringArray", "Network: bridge, none, host, container:ID, pasta, private").alias(&["net"]),
    Flag::bool("no-hosts", "Leave /etc/hosts as the image has it"),
    Flag::list("publish", "strings", "Publish a port ([[address:]host:]port[/protocol])").short('p'),
    Flag::bool("publish-all", "Publish all exposed ports on free ports of the host").short('P'),
];

/// Puts the flags into the spec.
pub fn apply(matches: &Matches, spec: &mut ContainerSpec) -> Result<(), Failure> {
    let network = &mut spec.network;
    network.set_networks(matches.list("network"))?;
    for text in matches.list("publish") {
        network.publish(text)?;
    }
    for text in matches.list("expose") {
        network.add_exposed(text)?;
    }
    network.publish_all = matches.bool("publish-all");
    network.set_dns(matches.list("dns"))?;
    network.dns_search = matches.list("dns-search").to_vec();
    network.dns_options = matches.list("dns-option").to_vec();
    network.use_image_hosts = matches.maybe_bool("no-hosts");
    for text in matches.list("add-host") {
        network.add_host(text)?;
    }
    Ok(())
}
