//! `spec`: a configuration to begin with.

use oci::runtime::{IdMapping, Linux, Mount, Namespace, Spec};

const TEXT: &str = include_str!("starter.json");

/// A shell with few rights. `rootless` (user id, group id): for a caller who isn't root, who becomes root of a user namespace.
pub fn starter(rootless: Option<(u32, u32)>) -> Spec {
    let mut spec: Spec = serde_json::from_str(TEXT).unwrap_or_default();
    if let Some((uid, gid)) = rootless {
        let linux = spec.linux.get_or_insert_default();
        map(linux, uid, gid);
        spec.mounts = spec.mounts.into_iter().filter_map(without_rights).collect();
    }
    spec
}

fn map(linux: &mut Linux, uid: u32, gid: u32) {
    let only = |host_id| vec![IdMapping { container_id: 0, host_id, size: 1 }];
    (linux.uid_mappings, linux.gid_mappings) = (only(uid), only(gid));
    // The host's network: nobody would connect another one.
    linux.namespaces.retain(|namespace| namespace.kind != "network");
    linux.namespaces.push(Namespace { kind: "user".to_owned(), path: None });
    linux.resources = None;
}

/// Only ids that are mapped; a /sys of another's network can't be mounted, and groups aren't ours.
fn without_rights(mut mount: Mount) -> Option<Mount> {
    mount.options.retain(|word| !word.starts_with("gid=") && !word.starts_with("uid="));
    match mount.destination.as_str() {
        "/sys" => {
            (mount.kind, mount.source) = (Some("none".to_owned()), Some("/sys".to_owned()));
            mount.options = ["rbind", "nosuid", "noexec", "nodev", "ro"].map(str::to_owned).to_vec();
            Some(mount)
        }
        "/sys/fs/cgroup" => None,
        _ => Some(mount),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_is_one() {
        let spec = starter(None);
        assert_eq!(spec.oci_version, oci::runtime::VERSION);
        assert_eq!(spec.mounts.len(), 7);
        let spec = starter(Some((1000, 100)));
        let linux = spec.linux.unwrap();
        assert_eq!(linux.gid_mappings[0].host_id, 100);
        assert!(linux.namespaces.iter().any(|namespace| namespace.kind == "user"));
    }
}
