//! Device nodes and device rules (`--device`, `--device-cgroup-rule`).

use crate::{
    Defaults, HostFacts, Invalid,
    facts::DeviceNode,
    is_default,
    mounts::{ResolvedMount, Source},
    null_default,
};
use oci::runtime::{Device, DeviceRule};
use serde::{Deserialize, Serialize};

/// Wishes for devices.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Devices {
    /// `path` holds the flag's text: `/dev/host[:/dev/inside][:rwm]`, checked; numbers come from [`crate::HostFacts`].
    #[serde(skip_serializing_if = "is_default", deserialize_with = "null_default")]
    pub devices: Vec<oci::runtime::Device>,
    /// Rules beyond those of `devices`.
    #[serde(rename = "device_cgroup_rule", skip_serializing_if = "is_default", deserialize_with = "null_default")]
    pub cgroup_rules: Vec<oci::runtime::DeviceRule>,
}

/// One `--device`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceFlag {
    /// On the host.
    pub host: String,
    /// Inside.
    pub inside: String,
    /// Of `rwm`.
    pub access: String,
}

/// `/dev/host[:/dev/inside][:rwm]`.
pub fn parse_device(text: &str) -> Result<DeviceFlag, Invalid> {
    let parts: Vec<&str> = text.split(':').collect();
    let flag = |inside: &str, access: &str| DeviceFlag {
        host: parts[0].to_owned(),
        inside: inside.to_owned(),
        access: access.to_owned(),
    };
    let bad_mode = |mode: &str| Invalid::new(format!("invalid device mode {mode:?} in device {text:?}"));
    let flag = match parts[..] {
        [host] => flag(host, "rwm"),
        [_, inside] if inside.starts_with('/') => flag(inside, "rwm"),
        [host, mode] if is_access(mode) => flag(host, mode),
        [_, mode] => return Err(Invalid::new(format!("invalid device mode {mode:?} in device {text:?}"))),
        [_, _, mode] if !is_access(mode) => return Err(bad_mode(mode)),
        [_, inside, mode] => flag(inside, mode),
        _ => return Err(Invalid::new(format!("invalid device specification: {text}"))),
    };
    if flag.host.is_empty() || !flag.inside.starts_with('/') {
        return Err(Invalid::new(format!("invalid device specification: {text}: paths must be absolute")));
    }
    Ok(flag)
}

/// Each letter of `rwm` at most once, at least one.
fn is_access(text: &str) -> bool {
    let once = |letter: char| text.matches(letter).count() <= 1;
    !text.is_empty() && text.chars().all(|c| "rwm".contains(c)) && "rwm".chars().all(once)
}

/// `--device-cgroup-rule "c 5:* rwm"`.
pub fn parse_cgroup_rule(text: &str) -> Result<DeviceRule, Invalid> {
    let shape =
        || Invalid::new(format!("invalid device cgroup rule requires type, major:Minor, and access rules: {text:?}"));
    let parts: Vec<&str> = text.split_whitespace().collect();
    let [kind, numbers, access] = parts[..] else { return Err(shape()) };
    if !matches!(kind, "a" | "b" | "c") {
        return Err(Invalid::new(format!("invalid device type in device-access-add: {kind}")));
    }
    if !is_access(access) {
        return Err(Invalid::new(format!("invalid device access in device-access-add: {access}")));
    }
    let (major, minor) = numbers.split_once(':').ok_or_else(shape)?;
    Ok(DeviceRule {
        allow: true,
        kind: Some(kind.to_owned()),
        major: number(major)?,
        minor: number(minor)?,
        access: Some(access.to_owned()),
    })
}

fn number(text: &str) -> Result<Option<i64>, Invalid> {
    if text == "*" {
        return Ok(None);
    }
    let number: u32 = text.parse().map_err(|_| Invalid::new(format!("invalid device number {text:?}")))?;
    Ok(Some(number.into()))
}

impl Devices {
    /// `--device`.
    pub fn add(&mut self, text: &str) -> Result<(), Invalid> {
        parse_device(text)?;
        self.devices.push(Device { path: text.to_owned(), ..Device::default() });
        Ok(())
    }

    /// Host paths whose nodes [`HostFacts::devices`] must hold (those of the configuration too).
    pub fn wanted(&self, defaults: &Defaults) -> Result<Vec<String>, Invalid> {
        Ok(self.flags(defaults)?.into_iter().map(|flag| flag.host).collect())
    }

    fn flags(&self, defaults: &Defaults) -> Result<Vec<DeviceFlag>, Invalid> {
        let asked = self.devices.iter().map(|device| device.path.as_str());
        defaults.devices.iter().map(String::as_str).chain(asked).map(parse_device).collect()
    }
}

/// Nodes to make, rules for them, and bind mounts where nodes can't be made (in a user namespace).
#[derive(Debug, Default)]
pub(crate) struct ResolvedDevices {
    pub nodes: Vec<Device>,
    pub rules: Vec<DeviceRule>,
    pub mounts: Vec<ResolvedMount>,
}

pub(crate) fn resolve(
    devices: &Devices,
    privileged: bool,
    own_userns: bool,
    defaults: &Defaults,
    host: &HostFacts,
) -> Result<ResolvedDevices, Invalid> {
    let mut resolved = ResolvedDevices::default();
    let bind = host.rootless || own_userns;
    if !bind {
        resolved.rules.push(DeviceRule { allow: privileged, access: Some("rwm".into()), ..DeviceRule::default() });
    }
    if privileged {
        for node in &host.all_devices {
            resolved.add(node, &node.path, "rwm", bind, true);
        }
    }
    for flag in devices.flags(defaults)? {
        let nodes = host.devices.get(&flag.host).map(Vec::as_slice).unwrap_or_default();
        if nodes.is_empty() {
            return Err(Invalid::new(format!("{} is not a device, and no folder with devices", flag.host)));
        }
        for node in nodes {
            // A folder's devices keep their place below it.
            let below = node.path.strip_prefix(flag.host.trim_end_matches('/')).unwrap_or_default();
            let inside = format!("{}{below}", flag.inside.trim_end_matches('/'));
            resolved.add(node, &inside, &flag.access, bind, false);
        }
    }
    if bind && !devices.cgroup_rules.is_empty() {
        return Err(Invalid::new("device cgroup rules are not supported in rootless mode or in a user namespace"));
    }
    resolved.rules.extend(devices.cgroup_rules.iter().cloned());
    Ok(resolved)
}

impl ResolvedDevices {
    fn add(&mut self, node: &DeviceNode, inside: &str, access: &str, bind: bool, all_allowed: bool) {
        if bind {
            // The container's own terminals must not be covered by the host's.
            let own = all_allowed
                && (node.path == "/dev/ptmx" || node.path.starts_with("/dev/tty") && node.path != "/dev/ttyS0");
            if !own {
                self.mounts.push(device_mount(node, inside, access));
            }
            return;
        }
        self.nodes.retain(|known| known.path != inside);
        self.nodes.push(Device {
            path: inside.to_owned(),
            kind: node.kind.clone(),
            major: node.major,
            minor: node.minor,
            file_mode: Some(node.mode & 0o7777),
            uid: Some(node.uid),
            gid: Some(node.gid),
        });
        if !all_allowed {
            self.rules.push(DeviceRule {
                allow: true,
                kind: Some(node.kind.clone()),
                major: Some(node.major),
                minor: Some(node.minor),
                access: Some(access.to_owned()),
            });
        }
    }
}

fn device_mount(node: &DeviceNode, inside: &str, access: &str) -> ResolvedMount {
    let write = if access.contains('w') { "rw" } else { "ro" };
    ResolvedMount {
        destination: inside.to_owned(),
        source: Source::Bind(node.path.clone()),
        options: ["slave", "nosuid", "noexec", write, "rbind"].map(str::to_owned).into(),
        ..ResolvedMount::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flag(text: &str) -> Result<(String, String, String), String> {
        parse_device(text).map(|f| (f.host, f.inside, f.access)).map_err(|e| e.message)
    }

    #[test]
    fn device_forms() {
        let of = |a: &str, b: &str, c: &str| Ok((a.to_owned(), b.to_owned(), c.to_owned()));
        assert_eq!(flag("/dev/null"), of("/dev/null", "/dev/null", "rwm"));
        assert_eq!(flag("/dev/null:/dev/x"), of("/dev/null", "/dev/x", "rwm"));
        assert_eq!(flag("/dev/null:/dev/x:rw"), of("/dev/null", "/dev/x", "rw"));
        assert_eq!(flag("/dev/null:rw"), of("/dev/null", "/dev/null", "rw"));
        assert_eq!(flag("/dev/null:xyz").unwrap_err(), "invalid device mode \"xyz\" in device \"/dev/null:xyz\"");
        assert_eq!(flag("/dev/null:/x:r:w").unwrap_err(), "invalid device specification: /dev/null:/x:r:w");
        assert!(flag("/dev/null:/dev/x:rwx").is_err());
        assert!(flag("/dev/null:/dev/x:rr").is_err());
        assert!(flag("").is_err());
    }

    #[test]
    fn cgroup_rules() {
        let rule = parse_cgroup_rule("c 5:* rw").unwrap();
        assert_eq!((rule.major, rule.minor, rule.access.as_deref()), (Some(5), None, Some("rw")));
        for text in ["x 1:3 r", "c 1:3", "c 1:3 q", "c a:b r", "c 1 r"] {
            assert!(parse_cgroup_rule(text).is_err(), "{text}");
        }
    }

    fn host(rootless: bool) -> HostFacts {
        let node = |path: &str, minor| DeviceNode {
            path: path.into(),
            kind: "c".into(),
            major: 1,
            minor,
            mode: 0o20666,
            ..DeviceNode::default()
        };
        let devices = [
            ("/dev/null".to_owned(), vec![node("/dev/null", 3)]),
            ("/dev/net".to_owned(), vec![node("/dev/net/tun", 200)]),
        ];
        let all_devices = vec![node("/dev/null", 3), node("/dev/tty1", 1)];
        HostFacts { rootless, devices: devices.into(), all_devices, ..HostFacts::default() }
    }

    fn asked(texts: &[&str]) -> Devices {
        let mut devices = Devices::default();
        texts.iter().for_each(|text| devices.add(text).unwrap());
        devices
    }

    #[test]
    fn root_gets_nodes_and_rules() {
        let devices = asked(&["/dev/null:/dev/x:r", "/dev/net:/dev/other"]);
        let resolved = resolve(&devices, false, false, &Defaults::default(), &host(false)).unwrap();
        let paths: Vec<_> = resolved.nodes.iter().map(|node| node.path.as_str()).collect();
        assert_eq!(paths, ["/dev/x", "/dev/other/tun"]);
        assert_eq!(resolved.nodes[0].file_mode, Some(0o666));
        assert_eq!(resolved.rules.len(), 3);
        assert!(!resolved.rules[0].allow);
        assert_eq!(resolved.rules[1].access.as_deref(), Some("r"));
    }

    #[test]
    fn a_user_namespace_gets_bind_mounts() {
        let resolved =
            resolve(&asked(&["/dev/null:/dev/x:r"]), false, false, &Defaults::default(), &host(true)).unwrap();
        assert!(resolved.nodes.is_empty() && resolved.rules.is_empty());
        assert_eq!(resolved.mounts[0].destination, "/dev/x");
        assert_eq!(resolved.mounts[0].options.join(","), "slave,nosuid,noexec,ro,rbind");
    }

    #[test]
    fn privileged_gets_all_devices() {
        let resolved = resolve(&asked(&[]), true, false, &Defaults::default(), &host(false)).unwrap();
        assert_eq!((resolved.nodes.len(), resolved.rules.len()), (2, 1));
        assert!(resolved.rules[0].allow);
        let resolved = resolve(&asked(&[]), true, false, &Defaults::default(), &host(true)).unwrap();
        assert_eq!(resolved.mounts.len(), 1);
    }
}
