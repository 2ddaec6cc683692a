//! Published and exposed ports: `-p [[ip:]host:]container[/protocol]`, `--expose port[-port][/protocol]`.

use super::{PortMapping, Protocol, ResolvedPort};
use crate::Invalid;
use std::{collections::BTreeMap, net::IpAddr};

/// `-p`. Ranges have the same length on both sides; without a host port a free one is chosen (0).
pub fn parse_publish(text: &str) -> Result<PortMapping, Invalid> {
    let (rest, protocol) = split_protocol(text)?;
    let (host_ip, host, container) = split_parts(rest)?;
    if container.is_empty() {
        return Err(Invalid::new("must provide a non-empty container port to publish"));
    }
    let (container_port, range) = parse_range(container, "container")?;
    let host_port = match host {
        None | Some("") => 0,
        Some(host) => {
            let (first, length) = parse_range(host, "host")?;
            if length != range {
                return Err(Invalid::new(format!(
                    "host and container port ranges have different lengths: {length} vs {range}"
                )));
            }
            first
        }
    };
    Ok(PortMapping { host_ip, container_port, host_port, range, protocol: protocol.unwrap_or("tcp").to_lowercase() })
}

fn split_protocol(text: &str) -> Result<(&str, Option<&str>), Invalid> {
    let mut parts = text.split('/');
    let rest = parts.next().unwrap_or_default();
    let protocol = parts.next();
    if parts.next().is_some() {
        return Err(Invalid::new("invalid port format - protocol can only be specified once"));
    }
    match protocol {
        Some("") => Err(Invalid::new("must provide a non-empty protocol to publish")),
        Some(name) => check_protocols(name).map(|()| (rest, protocol)),
        None => Ok((rest, None)),
    }
}

/// Address, host port, container port. An IPv6 address is in brackets.
fn split_parts(text: &str) -> Result<(Option<IpAddr>, Option<&str>, &str), Invalid> {
    const SHAPE: &str = "invalid port format - format is [[hostIP:]hostPort:]containerPort";
    if let Some(inside) = text.strip_prefix('[') {
        let (ip, ports) = inside.split_once("]:").ok_or_else(|| Invalid::new(SHAPE))?;
        let (host, container) = ports.split_once(':').ok_or_else(|| Invalid::new(SHAPE))?;
        return if container.contains(':') {
            Err(Invalid::new(SHAPE))
        } else {
            Ok((Some(address(ip)?), Some(host), container))
        };
    }
    match text.split(':').collect::<Vec<_>>()[..] {
        [container] => Ok((None, None, container)),
        [host, container] => Ok((None, Some(host), container)),
        ["", host, container] => Ok((None, Some(host), container)),
        [ip, host, container] => Ok((Some(address(ip)?), Some(host), container)),
        _ => Err(Invalid::new(SHAPE)),
    }
}

fn address(text: &str) -> Result<IpAddr, Invalid> {
    text.parse().map_err(|_| Invalid::new(format!("cannot parse {text:?} as an IP address")))
}

/// First port and count of `80` or `80-82`.
fn parse_range(text: &str, side: &str) -> Result<(u16, u16), Invalid> {
    let failed = |why: String| Invalid::new(format!("parsing {side} port: {why}"));
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let (first, last) = (port(first).map_err(failed)?, port(last).map_err(failed)?);
    if text.contains('-') && last <= first {
        return Err(failed(format!(
            "the end port of a range must be higher than the start port - {last} is not higher than {first}"
        )));
    }
    Ok((first, last - first + 1))
}

fn port(text: &str) -> Result<u16, String> {
    let number: i64 = text.parse().map_err(|_| format!("invalid port number: {text:?}"))?;
    let in_range = u16::try_from(number).ok().filter(|port| *port != 0);
    in_range.ok_or_else(|| format!("port numbers must be between 1 and 65535 (inclusive), got {number}"))
}

fn check_protocols(names: &str) -> Result<(), Invalid> {
    protocols(names).map(drop)
}

/// `tcp,udp`; empty is tcp.
fn protocols(names: &str) -> Result<Vec<Protocol>, Invalid> {
    let one = |name: &str| match name.to_ascii_lowercase().as_str() {
        "" | "tcp" => Ok(Protocol::Tcp),
        "udp" => Ok(Protocol::Udp),
        "sctp" => Ok(Protocol::Sctp),
        _ => Err(Invalid::new(format!("unrecognized protocol {name:?} in port mapping"))),
    };
    names.split(',').map(one).collect()
}

impl Protocol {
    /// `tcp`, `udp`, `sctp`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Tcp => "tcp",
            Self::Udp => "udp",
            Self::Sctp => "sctp",
        }
    }
}

/// Adds one `--expose` to the map from port to protocols.
pub fn add_exposed(exposed: &mut BTreeMap<u16, String>, text: &str) -> Result<(), Invalid> {
    let (ports, protocol) = text.split_once('/').unwrap_or((text, "tcp"));
    let invalid = |why: String| Invalid::new(format!("invalid range format for --expose: {text}: {why}"));
    let (first, last) = ports.split_once('-').unwrap_or((ports, ports));
    let (first, last) = (port(first).map_err(invalid)?, port(last).map_err(invalid)?);
    if last < first {
        return Err(invalid("the range ends before it begins".into()));
    }
    check_protocols(protocol)
        .map_err(|e| Invalid::new(format!("validating protocols for exposed port {first}: {e}")))?;
    for port in first..=last {
        let names = exposed.entry(port).or_default();
        if !names.split(',').any(|name| name == protocol) {
            if !names.is_empty() {
                names.push(',');
            }
            names.push_str(protocol);
        }
    }
    Ok(())
}

/// One entry a protocol; those that follow from `-P` are appended. Overlaps on the host are errors.
pub(super) fn resolve(
    asked: &[PortMapping],
    publish_all: bool,
    exposed: &BTreeMap<u16, String>,
) -> Result<Vec<ResolvedPort>, Invalid> {
    let mut ports = Vec::new();
    for mapping in asked {
        for protocol in protocols(&mapping.protocol)? {
            ports.push(one(mapping, protocol)?);
        }
    }
    if publish_all {
        for (&port, names) in exposed {
            for protocol in protocols(names)? {
                let covers = |p: &ResolvedPort| {
                    p.protocol == protocol && (p.container_port..=p.container_port + (p.range - 1)).contains(&port)
                };
                if !ports.iter().any(covers) {
                    ports.push(ResolvedPort { host_ip: None, host_port: 0, container_port: port, range: 1, protocol });
                }
            }
        }
    }
    check_overlaps(&ports)?;
    Ok(ports)
}

fn one(mapping: &PortMapping, protocol: Protocol) -> Result<ResolvedPort, Invalid> {
    let range = mapping.range.max(1);
    let PortMapping { host_ip, container_port, host_port, .. } = *mapping;
    if container_port == 0 {
        return Err(Invalid::new("container port number must be non-0"));
    }
    for first in [container_port, host_port] {
        if first.checked_add(range - 1).is_none() {
            return Err(Invalid::new(format!("port range {first} with {range} ports ends beyond 65535")));
        }
    }
    Ok(ResolvedPort { host_ip, host_port, container_port, range, protocol })
}

fn check_overlaps(ports: &[ResolvedPort]) -> Result<(), Invalid> {
    for (index, a) in ports.iter().enumerate() {
        for b in &ports[index + 1..] {
            let same_place =
                a.protocol == b.protocol && (a.host_ip == b.host_ip || a.host_ip.is_none() || b.host_ip.is_none());
            let chosen = a.host_port != 0 && b.host_port != 0;
            let overlap = a.host_port <= b.host_port + (b.range - 1) && b.host_port <= a.host_port + (a.range - 1);
            if same_place && chosen && overlap && a != b && a.host_ip == b.host_ip {
                let port = a.host_port.max(b.host_port);
                return Err(Invalid::new(format!(
                    "conflicting port mappings for host port {port} (protocol {})",
                    a.protocol.name()
                )));
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn published(text: &str) -> Result<(Option<String>, u16, u16, u16, String), String> {
        let mapping = parse_publish(text).map_err(|e| e.message)?;
        let ip = mapping.host_ip.map(|ip| ip.to_string());
        Ok((ip, mapping.host_port, mapping.container_port, mapping.range, mapping.protocol))
    }

    #[test]
    fn publish_forms() {
        let of = |ip: Option<&str>, host, container, range, protocol: &str| {
            Ok((ip.map(str::to_owned), host, container, range, protocol.to_owned()))
        };
        assert_eq!(published("8080"), of(None, 0, 8080, 1, "tcp"));
        assert_eq!(published("8080:80/udp"), of(None, 8080, 80, 1, "udp"));
        assert_eq!(published("[::1]:80:80"), of(Some("::1"), 80, 80, 1, "tcp"));
        assert_eq!(published("[::1]::53/udp"), of(Some("::1"), 0, 53, 1, "udp"));
        assert_eq!(published("127.0.0.1::80"), of(Some("127.0.0.1"), 0, 80, 1, "tcp"));
        assert_eq!(published("80-82:90-92"), of(None, 80, 90, 3, "tcp"));
        assert_eq!(published("70-80"), of(None, 0, 70, 11, "tcp"));
        assert_eq!(published(":80"), of(None, 0, 80, 1, "tcp"));
        assert_eq!(published("8080:80/TCP"), of(None, 8080, 80, 1, "tcp"));
    }

    #[test]
    fn publish_errors_are_podmans() {
        let errors = [
            ("8080:80/foo", "unrecognized protocol \"foo\" in port mapping"),
            ("80:80:80:80", "invalid port format - format is [[hostIP:]hostPort:]containerPort"),
            ("::1:80:80", "invalid port format - format is [[hostIP:]hostPort:]containerPort"),
            ("99999", "parsing container port: port numbers must be between 1 and 65535 (inclusive), got 99999"),
            ("80-83:90-92", "host and container port ranges have different lengths: 4 vs 3"),
            ("80:90-92", "host and container port ranges have different lengths: 1 vs 3"),
            ("0:80", "parsing host port: port numbers must be between 1 and 65535 (inclusive), got 0"),
            ("80/", "must provide a non-empty protocol to publish"),
            ("80:", "must provide a non-empty container port to publish"),
            ("1.2.3:80:80", "cannot parse \"1.2.3\" as an IP address"),
            (
                "80-79",
                "parsing container port: the end port of a range must be higher than the start port - 79 is not higher than 80",
            ),
            ("8080:80/tcp/udp", "invalid port format - protocol can only be specified once"),
        ];
        for (text, message) in errors {
            assert_eq!(published(text).unwrap_err(), message, "{text}");
        }
    }

    #[test]
    fn exposed_ports() {
        let mut exposed = BTreeMap::new();
        for text in ["80", "81/udp", "82-83", "80/udp", "80"] {
            add_exposed(&mut exposed, text).unwrap();
        }
        let expected = [(80, "tcp,udp"), (81, "udp"), (82, "tcp"), (83, "tcp")];
        assert_eq!(exposed, expected.map(|(port, names)| (port, names.to_owned())).into());
        assert!(add_exposed(&mut exposed, "foo").is_err());
        assert_eq!(
            add_exposed(&mut exposed, "80/foo").unwrap_err().message,
            "validating protocols for exposed port 80: unrecognized protocol \"foo\" in port mapping"
        );
    }

    #[test]
    fn publish_all_adds_what_is_not_published_yet() {
        let asked = [parse_publish("8080:80").unwrap()];
        let exposed = [(80, "tcp".to_owned()), (53, "tcp,udp".to_owned())].into();
        let ports = resolve(&asked, true, &exposed).unwrap();
        let list: Vec<_> = ports.iter().map(|p| (p.host_port, p.container_port, p.protocol.name())).collect();
        assert_eq!(list, [(8080, 80, "tcp"), (0, 53, "tcp"), (0, 53, "udp")]);
    }

    #[test]
    fn overlapping_host_ports_conflict() {
        let asked = |texts: &[&str]| texts.iter().map(|text| parse_publish(text).unwrap()).collect::<Vec<_>>();
        assert!(resolve(&asked(&["80:80", "80:81"]), false, &BTreeMap::new()).is_err());
        assert!(resolve(&asked(&["80-85:80-85", "83:1"]), false, &BTreeMap::new()).is_err());
        assert!(resolve(&asked(&["80:80/udp", "80:81"]), false, &BTreeMap::new()).is_ok());
        assert!(resolve(&asked(&["127.0.0.1:80:80", "127.0.0.2:80:80"]), false, &BTreeMap::new()).is_ok());
    }
}
