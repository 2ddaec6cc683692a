//! /etc/resolv.conf of a container. Pure, but for reading the host's.

use spec::network::ResolvedNetwork;
use std::fs;
use std::net::IpAddr;

/// When the host names no server that a container could reach: Podman's choice.
const FALLBACK: &[&str] = &["8.8.8.8", "8.8.4.4"];

/// resolv.conf(5), as much as is needed.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Resolv {
    servers: Vec<String>,
    search: Vec<String>,
    options: Vec<String>,
}

/// The host's; with systemd-resolved the file that names the real servers.
pub(super) fn of_host() -> Resolv {
    let usual = parse(&fs::read_to_string("/etc/resolv.conf").unwrap_or_default());
    if usual.servers == ["127.0.0.53"]
        && let Ok(text) = fs::read_to_string("/run/systemd/resolve/resolv.conf")
    {
        return parse(&text);
    }
    usual
}

fn parse(text: &str) -> Resolv {
    let mut resolv = Resolv::default();
    for line in text.lines() {
        let mut words = line.split_whitespace();
        match words.next() {
            Some("nameserver") => resolv.servers.extend(words.next().map(str::to_owned)),
            Some("search" | "domain") => resolv.search = words.map(str::to_owned).collect(),
            Some("options") => resolv.options.extend(words.map(str::to_owned)),
            _ => {}
        }
    }
    resolv
}

/// The container's file. `own_namespace`: the host's loopback isn't the container's. `first`: a server before all others
/// (pasta's).
pub(super) fn text(host: Resolv, wish: &ResolvedNetwork, own_namespace: bool, first: Option<&str>) -> String {
    let mut servers: Vec<String> = wish.dns_servers.iter().map(IpAddr::to_string).collect();
    if servers.is_empty() {
        servers.extend(first.map(str::to_owned));
        servers.extend(host.servers.into_iter().filter(|server| !own_namespace || !is_loopback(server)));
        if servers.is_empty() {
            servers.extend(FALLBACK.iter().map(|server| (*server).to_owned()));
        }
    }
    let search = if wish.dns_search.is_empty() { host.search } else { wish.dns_search.clone() };
    let options = if wish.dns_options.is_empty() { host.options } else { wish.dns_options.clone() };
    let mut text = String::new();
    if !search.is_empty() && search != ["."] {
        text.push_str(&format!("search {}\n", search.join(" ")));
    }
    for server in servers {
        text.push_str(&format!("nameserver {server}\n"));
    }
    if !options.is_empty() {
        text.push_str(&format!("options {}\n", options.join(" ")));
    }
    text
}

fn is_loopback(server: &str) -> bool {
    let address = server.split('%').next().unwrap_or_default();
    address.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(host: &str, wish: ResolvedNetwork, own: bool, first: Option<&str>, expected: &str) {
        assert_eq!(text(parse(host), &wish, own, first), expected);
    }

    #[test]
    fn loopback_servers_of_the_host_are_left_out() {
        let host = "# c\nsearch a b\nnameserver 127.0.0.1\nnameserver 10.0.0.1\nnameserver ::1\noptions ndots:2\n";
        let none = ResolvedNetwork::default;
        check(host, none(), true, None, "search a b\nnameserver 10.0.0.1\noptions ndots:2\n");
        check(
            host,
            none(),
            false,
            None,
            "search a b\nnameserver 127.0.0.1\nnameserver 10.0.0.1\nnameserver ::1\noptions ndots:2\n",
        );
        check("nameserver 127.0.0.1", none(), true, None, "nameserver 8.8.8.8\nnameserver 8.8.4.4\n");
        check("nameserver 127.0.0.1", none(), true, Some("169.254.1.1"), "nameserver 169.254.1.1\n");
    }

    #[test]
    fn wishes_replace_the_hosts() {
        let wish = ResolvedNetwork {
            dns_servers: vec!["1.1.1.1".parse().unwrap()],
            dns_search: vec![".".into()],
            dns_options: vec!["edns0".into()],
            ..ResolvedNetwork::default()
        };
        check("search x\nnameserver 10.0.0.1", wish, true, Some("169.254.1.1"), "nameserver 1.1.1.1\noptions edns0\n");
    }
}
