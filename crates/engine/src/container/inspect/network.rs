//! `NetworkSettings`.

use super::View;
use crate::container::port;
use crate::state::live::{Live, RunState};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

impl View<'_> {
    fn run_state(&self) -> Option<&RunState> {
        self.live.state().filter(|_| matches!(self.live, Live::Running(_)))
    }

    pub(super) fn network(&self) -> Value {
        let state = self.run_state();
        let ports = state.map(|state| &state.network.ports).filter(|ports| !ports.is_empty());
        let ports = bindings(ports.unwrap_or(&self.full.container.summary.ports), &self.spec.network.exposed);
        let interfaces: Vec<Value> =
            state.map(|state| state.network.interfaces.iter().map(|i| self.interface(i)).collect()).unwrap_or_default();
        let mut networks = Map::new();
        for (index, (name, _)) in self.spec.network.networks.iter().enumerate() {
            let interface = interfaces.get(index).cloned().unwrap_or_else(|| self.interface(&none(name)));
            networks.insert(name.clone(), interface);
        }
        let sandbox = state.map(|state| format!("/proc/{}/ns/net", state.pid)).unwrap_or_default();
        let first = interfaces.first().cloned().unwrap_or_else(|| self.interface(&none("")));
        let get = |key: &str| first.get(key).cloned().unwrap_or(Value::Null);
        let mut object = json!({
            "EndpointID": "",
            "Gateway": get("Gateway"),
            "IPAddress": get("IPAddress"),
            "IPPrefixLen": get("IPPrefixLen"),
            "IPv6Gateway": get("IPv6Gateway"),
            "GlobalIPv6Address": get("GlobalIPv6Address"),
            "GlobalIPv6PrefixLen": get("GlobalIPv6PrefixLen"),
            "MacAddress": get("MacAddress"),
            "Bridge": "",
            "SandboxID": "",
            "HairpinMode": false,
            "LinkLocalIPv6Address": "",
            "LinkLocalIPv6PrefixLen": 0,
            "Ports": ports,
            "SandboxKey": sandbox,
        });
        if !networks.is_empty()
            && let Some(object) = object.as_object_mut()
        {
            object.insert("Networks".into(), Value::Object(networks));
        }
        object
    }

    fn interface(&self, interface: &network::Interface) -> Value {
        let v4 = interface.addresses.iter().find(|net| net.addr.is_ipv4());
        let v6 = interface.addresses.iter().find(|net| net.addr.is_ipv6());
        let gateway = |wanted: bool| {
            let found = interface.gateways.iter().find(|gateway| gateway.is_ipv4() == wanted);
            found.map(ToString::to_string).unwrap_or_default()
        };
        let address = |net: Option<&network::IpNet>| net.map(|net| net.addr.to_string()).unwrap_or_default();
        let prefix = |net: Option<&network::IpNet>| net.map_or(0, |net| net.prefix);
        let short: String = self.full.container.id.chars().take(12).collect();
        json!({
            "EndpointID": "",
            "Gateway": gateway(true),
            "IPAddress": address(v4),
            "IPPrefixLen": prefix(v4),
            "IPv6Gateway": gateway(false),
            "GlobalIPv6Address": address(v6),
            "GlobalIPv6PrefixLen": prefix(v6),
            "MacAddress": interface.mac,
            // Podman's default network is known by this id, too.
            "NetworkID": oci::Digest::sha256(interface.network.as_bytes()).hex(),
            "DriverOpts": null,
            "IPAMConfig": null,
            "Links": null,
            "Aliases": [short],
        })
    }
}

fn none(network: &str) -> network::Interface {
    network::Interface {
        network: network.to_owned(),
        bridge: String::new(),
        name: String::new(),
        host_name: String::new(),
        mac: String::new(),
        addresses: Vec::new(),
        gateways: Vec::new(),
    }
}

/// `80/tcp` → where it is published; exposed ones that aren't are `null`.
pub(super) fn bindings(ports: &[network::PortMapping], exposed: &[String]) -> Value {
    let mut map: BTreeMap<String, Option<Vec<Value>>> = exposed.iter().map(|port| (port.clone(), None)).collect();
    for port in port::unfold(ports) {
        let key = format!("{}/{}", port.container_port, port.protocol);
        let binding = json!({"HostIp": port.host_ip, "HostPort": port.host_port.to_string()});
        map.entry(key).or_default().get_or_insert_default().push(binding);
    }
    json!(map)
}
