//! `--network`, `--dns`, `--add-host` and their like.

use super::{AddHost, Network, PerNetwork};
use crate::{
    Invalid,
    namespaces::{Namespace, NsMode, container_namespace},
};
use std::net::IpAddr;

/// The name that stands for the configured default network.
pub const DEFAULT_NETWORK: &str = "default";

impl Network {
    /// All `--network` of one command.
    pub fn set_networks(&mut self, texts: &[String]) -> Result<(), Invalid> {
        for (index, text) in texts.iter().enumerate() {
            let selected = self.mode.clone();
            self.add_network(text)?;
            if index == 0 {
                continue;
            }
            let name = |namespace: &Namespace| namespace.mode.name();
            if selected.mode != NsMode::Bridge {
                return Err(Invalid::new(format!(
                    "cannot set multiple networks without bridge network mode, selected mode {}: invalid argument",
                    name(&selected)
                )));
            }
            if self.mode.mode != NsMode::Bridge {
                return Err(Invalid::new(format!(
                    "can only set extra network names, selected mode {} conflicts with bridge: invalid argument",
                    name(&self.mode)
                )));
            }
        }
        Ok(())
    }

    fn add_network(&mut self, text: &str) -> Result<(), Invalid> {
        if let Some(path) = text.strip_prefix("ns:") {
            self.mode = Namespace { mode: NsMode::Path, value: path.to_owned() };
            return Ok(());
        }
        if let Some(container) = text.strip_prefix("container:") {
            self.mode = container_namespace(container)?;
            return Ok(());
        }
        let (word, options) = match text.split_once(':') {
            Some((word, options)) => (word, Some(options)),
            None => (text, None),
        };
        match (word, options) {
            ("" | "default" | "private", None) => self.mode = Namespace::of(NsMode::Default),
            ("host", None) => self.mode = Namespace::of(NsMode::Host),
            ("none", None) => self.mode = Namespace::of(NsMode::None),
            ("pod", None) => self.mode = Namespace::of(NsMode::Pod),
            ("pasta", options) => {
                self.mode = Namespace::of(NsMode::Pasta);
                let argv = options.map(|text| text.split(',').map(str::to_owned).collect());
                self.options.extend(argv.map(|argv| ("pasta".to_owned(), argv)));
            }
            ("slirp4netns", _) => {
                return Err(Invalid::new("slirp4netns networking is not offered").hint("use --network pasta"));
            }
            _ => self.add_bridge(word, options)?,
        }
        Ok(())
    }

    /// `bridge[:options]`, `name[:options]`, or `name,name`.
    fn add_bridge(&mut self, word: &str, options: Option<&str>) -> Result<(), Invalid> {
        self.mode = Namespace::of(NsMode::Bridge);
        let Some(options) = options else {
            for name in word.split(',').filter(|name| *name != "bridge") {
                if name.is_empty() {
                    return Err(Invalid::new(format!("network name must not be empty in {word:?}")));
                }
                self.networks.entry(name.to_owned()).or_default();
            }
            return Ok(());
        };
        let name = if word == "bridge" { DEFAULT_NETWORK } else { word };
        self.networks.insert(name.to_owned(), parse_options(options)?);
        Ok(())
    }

    /// All `--dns`: addresses, or `none` alone.
    pub fn set_dns(&mut self, texts: &[String]) -> Result<(), Invalid> {
        if texts.iter().any(|text| text == "none") {
            if texts.len() > 1 {
                return Err(Invalid::new("none is not allowed to be specified with other DNS ip addresses"));
            }
            self.use_image_resolv_conf = true;
            return Ok(());
        }
        let address = |text: &String| text.parse().map_err(|_| Invalid::new(format!("{text} is not an ip address")));
        self.dns_servers = texts.iter().filter(|text| !text.is_empty()).map(address).collect::<Result<_, _>>()?;
        Ok(())
    }

    /// `--add-host`, one.
    pub fn add_host(&mut self, text: &str) -> Result<(), Invalid> {
        parse_add_host(text)?;
        self.add_hosts.push(text.to_owned());
        Ok(())
    }

    /// `-p`, one.
    pub fn publish(&mut self, text: &str) -> Result<(), Invalid> {
        self.ports.push(super::ports::parse_publish(text)?);
        Ok(())
    }

    /// `--expose`, one.
    pub fn add_exposed(&mut self, text: &str) -> Result<(), Invalid> {
        super::ports::add_exposed(&mut self.expose, text)
    }
}

/// `ip=`, `ip6=`, `mac=`, `alias=`, `interface_name=`; others go to the driver.
fn parse_options(text: &str) -> Result<PerNetwork, Invalid> {
    let mut network = PerNetwork::default();
    for option in text.split(',').filter(|option| !option.is_empty()) {
        let (key, value) = option.split_once('=').unwrap_or((option, ""));
        match key {
            "ip" | "ip6" => {
                let ip: IpAddr = value.parse().map_err(|_| Invalid::new(format!("invalid ip address {value:?}")))?;
                network.static_ips.push(ip);
            }
            "mac" => network.static_mac = check_mac(value)?,
            "alias" if !value.is_empty() => network.aliases.push(value.to_owned()),
            "interface_name" if !value.is_empty() => network.interface_name = check_interface(value)?,
            "alias" | "interface_name" => {
                return Err(Invalid::new(format!("network option {key:?} must not be empty")));
            }
            _ => return Err(Invalid::new(format!("network option {key:?} is not supported yet"))),
        }
    }
    Ok(network)
}

fn check_mac(text: &str) -> Result<String, Invalid> {
    let bytes: Vec<&str> = text.split([':', '-']).collect();
    let byte = |part: &&str| part.len() == 2 && part.bytes().all(|b| b.is_ascii_hexdigit());
    if bytes.len() != 6 || !bytes.iter().all(byte) {
        return Err(Invalid::new(format!("address {text}: invalid MAC address")));
    }
    Ok(bytes.join(":").to_lowercase())
}

fn check_interface(text: &str) -> Result<String, Invalid> {
    if text.len() > 15 || text == "." || text == ".." || text.contains(['/', ':']) || text.contains(char::is_whitespace)
    {
        return Err(Invalid::new(format!(
            "invalid interface name {text:?}: at most 15 characters, no `/`, `:` or space"
        )));
    }
    Ok(text.to_owned())
}

/// `name:ip`, `name1;name2:ip`, `name:host-gateway`.
pub fn parse_add_host(text: &str) -> Result<AddHost, Invalid> {
    let bad = || Invalid::new(format!("bad format for add-host: {text:?}"));
    let (names, address) = text.split_once(':').ok_or_else(bad)?;
    let names: Vec<String> = names.split(';').map(str::to_owned).collect();
    if names.iter().any(|name| name.is_empty() || name.contains(char::is_whitespace)) {
        return Err(bad());
    }
    if address == "host-gateway" {
        return Ok(AddHost { names, address: None });
    }
    let ip = address.parse().map_err(|_| Invalid::new(format!("invalid IP address in add-host: {address:?}")))?;
    Ok(AddHost { names, address: Some(ip) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn networks(texts: &[&str]) -> Result<Network, String> {
        let mut network = Network::default();
        let texts: Vec<String> = texts.iter().map(|text| text.to_string()).collect();
        network.set_networks(&texts).map_err(|e| e.message)?;
        Ok(network)
    }

    #[test]
    fn network_words() {
        let mode = |text| networks(&[text]).unwrap().mode;
        assert_eq!(mode("host").mode, NsMode::Host);
        assert_eq!(mode("none").mode, NsMode::None);
        assert_eq!(mode("bridge").mode, NsMode::Bridge);
        assert_eq!(mode("container:abc"), Namespace { mode: NsMode::Container, value: "abc".into() });
        assert_eq!(mode("ns:/x"), Namespace { mode: NsMode::Path, value: "/x".into() });
        assert_eq!(networks(&["a", "b"]).unwrap().networks.len(), 2);
        assert_eq!(networks(&["a,b"]).unwrap().networks.len(), 2);
        assert_eq!(networks(&["pasta:-T,80"]).unwrap().options["pasta"], ["-T", "80"]);
    }

    #[test]
    fn network_options() {
        let network = networks(&["bridge:ip=1.2.3.4,mac=AA:bb:cc:dd:ee:ff,alias=x,interface_name=e0"]).unwrap();
        let wish = &network.networks[DEFAULT_NETWORK];
        assert_eq!(wish.static_ips, ["1.2.3.4".parse::<IpAddr>().unwrap()]);
        assert_eq!((wish.static_mac.as_str(), wish.interface_name.as_str()), ("aa:bb:cc:dd:ee:ff", "e0"));
        assert_eq!(networks(&["bridge:ip=x"]).unwrap_err(), "invalid ip address \"x\"");
        assert!(networks(&["bridge:mac=1"]).is_err());
    }

    #[test]
    fn network_conflicts() {
        assert_eq!(
            networks(&["host", "none"]).unwrap_err(),
            "cannot set multiple networks without bridge network mode, selected mode host: invalid argument"
        );
        assert_eq!(
            networks(&["bridge", "none"]).unwrap_err(),
            "can only set extra network names, selected mode none conflicts with bridge: invalid argument"
        );
        assert_eq!(
            networks(&["container:"]).unwrap_err(),
            "invalid config provided: namespace mode container requires a value"
        );
    }

    #[test]
    fn hosts() {
        let names = |text| parse_add_host(text).map(|host| (host.names, host.address.map(|ip| ip.to_string())));
        assert_eq!(names("a:1.2.3.4").unwrap(), (vec!["a".into()], Some("1.2.3.4".into())));
        assert_eq!(names("a;b:::1").unwrap(), (vec!["a".into(), "b".into()], Some("::1".into())));
        assert_eq!(names("a:host-gateway").unwrap(), (vec!["a".into()], None));
        let message = |text| parse_add_host(text).unwrap_err().message;
        assert_eq!(message("a"), "bad format for add-host: \"a\"");
        assert_eq!(message("a:b"), "invalid IP address in add-host: \"b\"");
        assert_eq!(message(":1.2.3.4"), "bad format for add-host: \":1.2.3.4\"");
        assert_eq!(message("a:[::1]"), "invalid IP address in add-host: \"[::1]\"");
        assert_eq!(message("a:"), "invalid IP address in add-host: \"\"");
    }

    #[test]
    fn dns_none_stands_alone() {
        let mut network = Network::default();
        network.set_dns(&["none".into()]).unwrap();
        assert!(network.use_image_resolv_conf);
        assert!(network.set_dns(&["none".into(), "1.1.1.1".into()]).is_err());
        assert_eq!(network.set_dns(&["foo".into()]).unwrap_err().message, "foo is not an ip address");
    }
}
