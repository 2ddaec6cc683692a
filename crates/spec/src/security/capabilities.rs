//! Capabilities: names, and how `--cap-add`/`--cap-drop` change the default set.

use crate::Invalid;

/// In order of number, from 0.
pub const NAMES: [&str; 41] = [
    "CAP_CHOWN",
    "CAP_DAC_OVERRIDE",
    "CAP_DAC_READ_SEARCH",
    "CAP_FOWNER",
    "CAP_FSETID",
    "CAP_KILL",
    "CAP_SETGID",
    "CAP_SETUID",
    "CAP_SETPCAP",
    "CAP_LINUX_IMMUTABLE",
    "CAP_NET_BIND_SERVICE",
    "CAP_NET_BROADCAST",
    "CAP_NET_ADMIN",
    "CAP_NET_RAW",
    "CAP_IPC_LOCK",
    "CAP_IPC_OWNER",
    "CAP_SYS_MODULE",
    "CAP_SYS_RAWIO",
    "CAP_SYS_CHROOT",
    "CAP_SYS_PTRACE",
    "CAP_SYS_PACCT",
    "CAP_SYS_ADMIN",
    "CAP_SYS_BOOT",
    "CAP_SYS_NICE",
    "CAP_SYS_RESOURCE",
    "CAP_SYS_TIME",
    "CAP_SYS_TTY_CONFIG",
    "CAP_MKNOD",
    "CAP_LEASE",
    "CAP_AUDIT_WRITE",
    "CAP_AUDIT_CONTROL",
    "CAP_SETFCAP",
    "CAP_MAC_OVERRIDE",
    "CAP_MAC_ADMIN",
    "CAP_SYSLOG",
    "CAP_WAKE_ALARM",
    "CAP_BLOCK_SUSPEND",
    "CAP_AUDIT_READ",
    "CAP_PERFMON",
    "CAP_BPF",
    "CAP_CHECKPOINT_RESTORE",
];

/// podman's default set.
pub const DEFAULT: [&str; 11] = [
    "CAP_CHOWN",
    "CAP_DAC_OVERRIDE",
    "CAP_FOWNER",
    "CAP_FSETID",
    "CAP_KILL",
    "CAP_NET_BIND_SERVICE",
    "CAP_SETFCAP",
    "CAP_SETGID",
    "CAP_SETPCAP",
    "CAP_SETUID",
    "CAP_SYS_CHROOT",
];

/// All of them, in `--cap-add` and `--cap-drop`.
pub const ALL: &str = "ALL";

/// `net_admin`, `CAP_NET_ADMIN` → `CAP_NET_ADMIN`; `all` → `ALL`.
pub fn parse(text: &str) -> Result<String, Invalid> {
    let upper = text.to_ascii_uppercase();
    if upper == ALL || upper == "CAP_ALL" {
        return Ok(ALL.into());
    }
    let name = if upper.starts_with("CAP_") { upper } else { format!("CAP_{upper}") };
    if NAMES.contains(&name.as_str()) { Ok(name) } else { Err(Invalid::new(format!("{name:?}: unknown capability"))) }
}

/// The resulting set by name, sorted. `all` is what `ALL` means here: the engine's own bounding set.
pub fn merge(base: &[String], add: &[String], drop: &[String], all: &[String]) -> Result<Vec<String>, Invalid> {
    let normal = |names: &[String]| names.iter().map(|name| parse(name)).collect::<Result<Vec<_>, _>>();
    let (base, add, drop) = (normal(base)?, normal(add)?, normal(drop)?);
    let has_all = |names: &[String]| names.iter().any(|name| name == ALL);
    let (add_all, drop_all) = (has_all(&add), has_all(&drop));
    if add_all && drop_all {
        return Err(Invalid::new("adding all caps and removing all caps not allowed"));
    }
    if let Some(both) = add.iter().find(|name| drop.contains(name)) {
        return Err(Invalid::new(format!("capability {both:?} cannot be dropped and added")));
    }
    let kept: Vec<String> = if add_all {
        all.to_vec()
    } else if drop_all {
        Vec::new()
    } else {
        base
    };
    let added = add.into_iter().filter(|name| name != ALL);
    let mut names: Vec<String> = kept.into_iter().filter(|name| !drop.contains(name)).chain(added).collect();
    names.sort();
    names.dedup();
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(base: &[&str], add: &[&str], drop: &[&str]) -> Result<String, String> {
        let texts = |names: &[&str]| names.iter().map(|name| name.to_string()).collect::<Vec<_>>();
        let all = texts(&["CAP_CHOWN", "CAP_KILL", "CAP_NET_ADMIN"]);
        merge(&texts(base), &texts(add), &texts(drop), &all).map(|names| names.join(" ")).map_err(|e| e.message)
    }

    #[test]
    fn names() {
        assert_eq!(parse("net_admin"), Ok("CAP_NET_ADMIN".into()));
        assert_eq!(parse("cap_net_admin"), Ok("CAP_NET_ADMIN".into()));
        assert_eq!(parse("all"), Ok("ALL".into()));
        assert_eq!(parse("FOO").unwrap_err().message, "\"CAP_FOO\": unknown capability");
    }

    #[test]
    fn add_and_drop() {
        assert_eq!(set(&["CHOWN", "KILL"], &["NET_ADMIN"], &["CHOWN"]).unwrap(), "CAP_KILL CAP_NET_ADMIN");
        assert_eq!(set(&["KILL"], &["ALL"], &["NET_ADMIN"]).unwrap(), "CAP_CHOWN CAP_KILL");
        assert_eq!(set(&["KILL"], &["NET_ADMIN"], &["ALL"]).unwrap(), "CAP_NET_ADMIN");
        assert_eq!(set(&[], &["ALL"], &["ALL"]).unwrap_err(), "adding all caps and removing all caps not allowed");
        assert_eq!(
            set(&[], &["NET_ADMIN"], &["NET_ADMIN"]).unwrap_err(),
            "capability \"CAP_NET_ADMIN\" cannot be dropped and added"
        );
    }
}
