//! The rights as they will be: capability sets, filter, hidden paths.

use super::{
    SeccompChoice, Security,
    capabilities::{self, ALL},
    seccomp::{self, Target},
};
use crate::{Defaults, HostFacts, Invalid};
use oci::runtime as rt;

/// The five sets. A process that isn't root holds only what was added by name, so that its children keep it.
pub(crate) fn capability_sets(
    security: &Security,
    privileged: bool,
    is_root: bool,
    defaults: &Defaults,
) -> Result<rt::Capabilities, Invalid> {
    let all: Vec<String> = capabilities::NAMES.map(str::to_owned).into();
    let base = if privileged { &all } else { &defaults.capabilities };
    let mut bounding = capabilities::merge(base, &security.cap_add, &security.cap_drop, &all)?;
    if privileged {
        bounding.sort();
    }
    if is_root {
        let (effective, permitted) = (bounding.clone(), bounding.clone());
        return Ok(rt::Capabilities { bounding, effective, permitted, ..rt::Capabilities::default() });
    }
    let added = |name: &&String| name.as_str() != ALL && security.cap_add.contains(name);
    let held: Vec<String> = bounding.iter().filter(added).cloned().collect();
    Ok(rt::Capabilities {
        effective: held.clone(),
        permitted: held.clone(),
        inheritable: held.clone(),
        ambient: held,
        bounding,
    })
}

/// `unconfined`.
const UNCONFINED: &str = "unconfined";

/// Which filter.
pub(crate) fn seccomp(
    security: &Security,
    privileged: bool,
    bounding: &[String],
    defaults: &Defaults,
    host: &HostFacts,
) -> Result<SeccompChoice, Invalid> {
    if !matches!(security.seccomp_policy.as_str(), "" | "default") {
        return Err(Invalid::new(format!("seccomp policy {:?} is not supported", security.seccomp_policy)));
    }
    let path = match security.seccomp_profile_path.as_str() {
        "" if privileged => UNCONFINED,
        "" => &defaults.seccomp_profile,
        path => path,
    };
    match path {
        "" => Ok(SeccompChoice::Default),
        UNCONFINED => Ok(SeccompChoice::Unconfined),
        path => {
            let text = host.seccomp_profile.as_deref();
            let text = text.ok_or_else(|| Invalid::new(format!("seccomp profile {path:?} was not read")))?;
            let target = Target { capabilities: bounding, arch: &host.arch, kernel: host.kernel };
            let profile = seccomp::profile::parse(text, target)
                .map_err(|e| Invalid::new(format!("seccomp profile {path:?}: {e}")))?;
            Ok(SeccompChoice::Profile(Box::new(profile)))
        }
    }
}

/// The file to read for [`HostFacts::seccomp_profile`].
pub(crate) fn seccomp_file(security: &Security, defaults: &Defaults) -> Option<String> {
    let path = match security.seccomp_profile_path.as_str() {
        "" if security.privileged.unwrap_or(defaults.privileged) => return None,
        "" => &defaults.seccomp_profile,
        path => path,
    };
    Some(path.to_owned()).filter(|path| !path.is_empty() && path != UNCONFINED)
}

/// The profile to confine with, if any.
pub(crate) fn apparmor(security: &Security, privileged: bool, host: &HostFacts) -> Result<Option<String>, Invalid> {
    match security.apparmor_profile.as_str() {
        "" | UNCONFINED => Ok(None),
        _ if privileged => Ok(None),
        name if !host.apparmor => Err(Invalid::new(format!(
            "apparmor profile {name:?} specified, but Apparmor is not enabled on this system"
        ))),
        name => Ok(Some(name.to_owned())),
    }
}

const MASKED: [&str; 12] = [
    "/proc/acpi",
    "/proc/kcore",
    "/proc/keys",
    "/proc/latency_stats",
    "/proc/sched_debug",
    "/proc/scsi",
    "/proc/timer_list",
    "/proc/timer_stats",
    "/sys/devices/virtual/powercap",
    "/sys/firmware",
    "/sys/fs/selinux",
    "/proc/interrupts",
];

const READ_ONLY: [&str; 6] = ["/proc/asound", "/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"];

/// (masked, read-only). `shared_sys`: /sys is the host's, so that what an own one would hide must be hidden.
pub(crate) fn paths(security: &Security, privileged: bool, shared_sys: bool) -> (Vec<String>, Vec<String>) {
    if privileged {
        return (security.mask.clone(), Vec::new());
    }
    let shown = |path: &str| !security.unmask.iter().any(|pattern| pattern == "ALL" || matches(pattern, path));
    let keep =
        |paths: &[&str]| paths.iter().filter(|path| shown(path)).map(|path| path.to_string()).collect::<Vec<_>>();
    let mut masked = keep(&MASKED);
    if shared_sys && shown("/sys/kernel") {
        masked.push("/sys/kernel".into());
    }
    masked.extend(security.mask.iter().cloned());
    (masked, keep(&READ_ONLY))
}

/// A path as it is, or with `*`, `?` and `[a-z]`, none of which stands for a slash.
fn matches(pattern: &str, path: &str) -> bool {
    fn here(pattern: &[u8], path: &[u8]) -> bool {
        match (pattern.first(), path.first()) {
            (None, None) => true,
            (Some(b'*'), _) => {
                here(&pattern[1..], path) || path.first().is_some_and(|b| *b != b'/') && here(pattern, &path[1..])
            }
            (Some(b'?'), Some(b)) if *b != b'/' => here(&pattern[1..], &path[1..]),
            (Some(a), Some(b)) if a == b => here(&pattern[1..], &path[1..]),
            _ => false,
        }
    }
    here(pattern.trim_end_matches('/').as_bytes(), path.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sets(add: &[&str], drop: &[&str], privileged: bool, is_root: bool) -> rt::Capabilities {
        let mut security = Security::default();
        add.iter().for_each(|name| security.add_capability(name).unwrap());
        drop.iter().for_each(|name| security.drop_capability(name).unwrap());
        capability_sets(&security, privileged, is_root, &Defaults::default()).unwrap()
    }

    #[test]
    fn root_holds_the_bounding_set() {
        let caps = sets(&["NET_ADMIN"], &["CHOWN"], false, true);
        assert_eq!(caps.bounding.len(), 11);
        assert_eq!((&caps.effective, &caps.permitted), (&caps.bounding, &caps.bounding));
        assert!(caps.inheritable.is_empty() && caps.ambient.is_empty());
        assert!(sets(&[], &["ALL"], false, true).bounding.is_empty());
    }

    #[test]
    fn others_hold_only_what_was_added_by_name() {
        let caps = sets(&[], &[], false, false);
        assert_eq!((caps.bounding.len(), caps.effective.len()), (11, 0));
        let caps = sets(&["NET_ADMIN"], &[], false, false);
        assert_eq!(caps.ambient, ["CAP_NET_ADMIN"]);
        assert_eq!(caps.effective, ["CAP_NET_ADMIN"]);
        let caps = sets(&[], &[], true, false);
        assert_eq!((caps.bounding.len(), caps.effective.len()), (41, 0));
    }

    #[test]
    fn seccomp_choices() {
        let choice = |path: &str, privileged| {
            let security = Security { seccomp_profile_path: path.into(), ..Security::default() };
            let host = HostFacts {
                seccomp_profile: Some(r#"{"defaultAction":"SCMP_ACT_ALLOW"}"#.into()),
                ..HostFacts::default()
            };
            seccomp(&security, privileged, &[], &Defaults::default(), &host).unwrap()
        };
        assert_eq!(choice("", false), SeccompChoice::Default);
        assert_eq!(choice("", true), SeccompChoice::Unconfined);
        assert_eq!(choice("unconfined", false), SeccompChoice::Unconfined);
        assert!(matches!(choice("/p.json", true), SeccompChoice::Profile(_)));
    }

    #[test]
    fn masks() {
        let masked = |options: &[&str], privileged| {
            let mut security = Security::default();
            options.iter().for_each(|option| security.add_option(option).unwrap());
            paths(&security, privileged, false)
        };
        assert_eq!(masked(&[], false).0.len(), 12);
        assert_eq!(masked(&[], true), (vec![], vec![]));
        assert_eq!(masked(&["unmask=ALL"], false), (vec![], vec![]));
        let (hidden, read_only) = masked(&["unmask=/proc/*"], false);
        assert_eq!(hidden, ["/sys/devices/virtual/powercap", "/sys/firmware", "/sys/fs/selinux"]);
        assert!(read_only.is_empty());
        let (hidden, _) = masked(&["unmask=/proc/acpi:/sys/firmware", "mask=/a:/b"], false);
        assert!(!hidden.contains(&"/proc/acpi".to_owned()) && hidden.ends_with(&["/a".to_owned(), "/b".to_owned()]));
    }
}
