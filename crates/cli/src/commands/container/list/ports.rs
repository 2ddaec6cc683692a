//! The ports column of `ps`.

use engine::container::{ContainerSummary, PortSummary};

/// Published ones, then those that are exposed only: by protocol, neighbours as a range.
pub fn text(c: &ContainerSummary) -> String {
    let published = c.ports.as_deref().unwrap_or_default();
    let mut texts: Vec<String> = published.iter().map(mapping).collect();
    texts.extend(exposed(c, published));
    texts.join(", ")
}

/// `0.0.0.0:8080->80/tcp`, `0.0.0.0:8080-8082->80-82/tcp`.
fn mapping(p: &PortSummary) -> String {
    let host = if p.host_ip.is_empty() { "0.0.0.0" } else { &p.host_ip };
    let range = |first: u16| range(first, u32::from(first) + u32::from(p.range.max(1)) - 1);
    format!("{host}:{}->{}/{}", range(p.host_port), range(p.container_port), p.protocol)
}

fn range(first: u16, last: u32) -> String {
    if u32::from(first) == last { first.to_string() } else { format!("{first}-{last}") }
}

fn exposed(c: &ContainerSummary, published: &[PortSummary]) -> Vec<String> {
    let is_published = |port: u16, protocol: &str| {
        let holds = |p: &PortSummary| port.checked_sub(p.container_port).is_some_and(|offset| offset < p.range.max(1));
        published.iter().any(|p| p.protocol == protocol && holds(p))
    };
    let all = c.exposed_ports.iter().flatten();
    let all = all.flat_map(|(port, protocols)| protocols.iter().map(move |protocol| (protocol.as_str(), *port)));
    let mut left: Vec<(&str, u16)> = all.filter(|(protocol, port)| !is_published(*port, protocol)).collect();
    left.sort_unstable();
    left.dedup();
    let follows = |a: &(&str, u16), b: &(&str, u16)| a.0 == b.0 && a.1.checked_add(1) == Some(b.1);
    let text = |run: &[(&str, u16)]| format!("{}/{}", range(run[0].1, run[run.len() - 1].1.into()), run[0].0);
    left.chunk_by(follows).map(text).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn published_ports() {
        let host_ip = String::new();
        let mut port = PortSummary { host_ip, container_port: 80, host_port: 8080, range: 1, protocol: "tcp".into() };
        assert_eq!(mapping(&port), "0.0.0.0:8080->80/tcp");
        port.range = 3;
        assert_eq!(mapping(&port), "0.0.0.0:8080-8082->80-82/tcp");
        port.host_ip = "::1".into();
        assert_eq!(mapping(&port), "::1:8080-8082->80-82/tcp");
    }
}
