//! Networks, published ports, names (`--network`, `-p`, `--dns`, `--add-host`): fields.

pub mod flags;
pub(crate) mod plan;
pub mod ports;

use crate::{is_default, namespaces::Namespace, null_default};
use serde::{Deserialize, Deserializer, Serialize};
use std::{collections::BTreeMap, net::IpAddr};

/// Wishes for the network.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Network {
    /// Mode.
    #[serde(rename = "netns", skip_serializing_if = "is_default")]
    pub mode: Namespace,
    /// Bridge networks by name.
    #[serde(
        rename = "Networks",
        alias = "networks",
        skip_serializing_if = "is_default",
        deserialize_with = "null_default"
    )]
    pub networks: BTreeMap<String, PerNetwork>,
    /// Options of the mode's program (`pasta`: argv).
    #[serde(rename = "network_options", skip_serializing_if = "is_default", deserialize_with = "null_default")]
    pub options: BTreeMap<String, Vec<String>>,
    /// `-p`.
    #[serde(rename = "portmappings", skip_serializing_if = "is_default", deserialize_with = "null_default")]
    pub ports: Vec<PortMapping>,
    /// `-P`.
    #[serde(rename = "publish_image_ports", skip_serializing_if = "is_default", deserialize_with = "null_default")]
    pub publish_all: bool,
    /// `--expose`: port → protocols (`tcp`, `tcp,udp`).
    #[serde(skip_serializing_if = "is_default", deserialize_with = "port_keys")]
    pub expose: BTreeMap<u16, String>,
    /// `--dns`.
    #[serde(rename = "dns_server", skip_serializing_if = "is_default", deserialize_with = "null_default")]
    pub dns_servers: Vec<IpAddr>,
    /// `--dns-search`.
    #[serde(rename = "dns_search", skip_serializing_if = "is_default", deserialize_with = "null_default")]
    pub dns_search: Vec<String>,
    /// `--dns-option`.
    #[serde(rename = "dns_option", skip_serializing_if = "is_default", deserialize_with = "null_default")]
    pub dns_options: Vec<String>,
    /// Leave /etc/resolv.conf as the image has it (`--dns none`).
    #[serde(rename = "use_image_resolve_conf", skip_serializing_if = "is_default", deserialize_with = "null_default")]
    pub use_image_resolv_conf: bool,
    /// Leave /etc/hosts as the image has it (`--no-hosts`). `None`: containers.conf decides.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub use_image_hosts: Option<bool>,
    /// Leave /etc/hostname as the image has it.
    #[serde(skip_serializing_if = "is_default", deserialize_with = "null_default")]
    pub use_image_hostname: bool,
    /// Base of /etc/hosts: a file, `none`, `image`; empty: containers.conf.
    #[serde(rename = "base_hosts_file", skip_serializing_if = "is_default")]
    pub base_hosts_file: String,
    /// `--add-host`: `name:ip`, `name1;name2:host-gateway`, checked.
    #[serde(rename = "hostadd", skip_serializing_if = "is_default", deserialize_with = "null_default")]
    pub add_hosts: Vec<String>,
}

/// One container's wishes for one network.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct PerNetwork {
    /// Fixed addresses.
    #[serde(skip_serializing_if = "is_default", deserialize_with = "null_default")]
    pub static_ips: Vec<IpAddr>,
    /// More names.
    #[serde(skip_serializing_if = "is_default", deserialize_with = "null_default")]
    pub aliases: Vec<String>,
    /// `aa:bb:…`; empty: made up.
    #[serde(skip_serializing_if = "is_default")]
    pub static_mac: String,
    /// Name inside; empty: eth0, ….
    #[serde(skip_serializing_if = "is_default")]
    pub interface_name: String,
    /// Driver options.
    #[serde(skip_serializing_if = "is_default", deserialize_with = "null_default")]
    pub options: BTreeMap<String, String>,
}

/// One published port or range, as libpod writes it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PortMapping {
    /// `None`: all addresses.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "address_or_empty")]
    pub host_ip: Option<IpAddr>,
    /// First inside.
    pub container_port: u16,
    /// First on the host; 0: a free one.
    pub host_port: u16,
    /// How many; 0 means 1.
    pub range: u16,
    /// `tcp`, `udp`, `sctp`, or several with commas; empty: tcp.
    pub protocol: String,
}

fn address_or_empty<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<IpAddr>, D::Error> {
    match Option::<String>::deserialize(deserializer)?.as_deref() {
        None | Some("") => Ok(None),
        Some(text) => text.parse().map(Some).map_err(serde::de::Error::custom),
    }
}

/// JSON keys are text; behind `flatten` serde doesn't turn them into numbers by itself.
fn port_keys<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BTreeMap<u16, String>, D::Error> {
    let texts = Option::<BTreeMap<String, String>>::deserialize(deserializer)?.unwrap_or_default();
    texts.into_iter().map(|(k, v)| Ok((k.parse().map_err(serde::de::Error::custom)?, v))).collect()
}

/// Network wishes, decided.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ResolvedNetwork {
    /// Host, None, Bridge, Pasta, Container, Path, Private (a new one left alone).
    pub mode: Namespace,
    /// For Bridge, in order: eth0, eth1, ….
    pub networks: Vec<(String, PerNetwork)>,
    /// argv for pasta.
    pub pasta_options: Vec<String>,
    /// One protocol and at least one port each; host port 0: to be chosen.
    pub ports: Vec<ResolvedPort>,
    /// Exposed by image and user: `80/tcp`.
    pub exposed: Vec<String>,
    /// Empty: the host's.
    pub dns_servers: Vec<IpAddr>,
    /// Empty: the host's; `.`: none.
    pub dns_search: Vec<String>,
    /// Options.
    pub dns_options: Vec<String>,
    /// The engine writes /etc/resolv.conf.
    pub write_resolv_conf: bool,
    /// The engine writes /etc/hosts.
    pub write_hosts: bool,
    /// The engine writes /etc/hostname.
    pub write_hostname: bool,
    /// Base of /etc/hosts: empty (the host's), a file, `none`, `image`.
    pub base_hosts_file: String,
    /// More lines of /etc/hosts.
    pub add_hosts: Vec<AddHost>,
    /// Address of `host.containers.internal`; empty: the engine finds it, `none`: no such line.
    pub host_containers_internal_ip: String,
}

/// One published range of one protocol.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResolvedPort {
    /// `None`: all addresses.
    pub host_ip: Option<IpAddr>,
    /// First; 0: a free one.
    pub host_port: u16,
    /// First inside.
    pub container_port: u16,
    /// How many, at least 1.
    pub range: u16,
    /// Which.
    pub protocol: Protocol,
}

/// Transport protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Protocol {
    /// TCP.
    Tcp,
    /// UDP.
    Udp,
    /// SCTP.
    Sctp,
}

/// One `--add-host`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AddHost {
    /// Names.
    pub names: Vec<String>,
    /// `None`: `host-gateway`.
    pub address: Option<IpAddr>,
}
