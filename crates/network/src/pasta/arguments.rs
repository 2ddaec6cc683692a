//! The arguments Podman gives to pasta; see pasta(1).

use super::{DNS_ADDRESS, HOST_ADDRESS, MAP_GUEST};
use crate::{Error, PortMapping, Protocol};

/// Podman's arguments; what the options set themselves is not set again.
pub(super) fn of(ports: &[PortMapping], options: &[String], maps_host: bool) -> Result<Vec<String>, Error> {
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

#[cfg(test)]
mod tests {
    use super::*;

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
        assert_eq!(of(ports, &options, true).unwrap().join(" "), expect);
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
        assert!(of(&[port(None, Protocol::Sctp)], &[], true).is_err());
    }
}
