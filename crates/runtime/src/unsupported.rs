//! What a config may ask for and this runtime doesn't have: an error that says so, before anything is made.

use crate::error::Error;
use oci::runtime::Spec;

/// The first such thing.
pub(crate) fn check(spec: &Spec) -> Result<(), Error> {
    match first(spec) {
        None => Ok(()),
        Some(what) => Err(Error::other(format!("{what} is not supported yet"))),
    }
}

fn first(spec: &Spec) -> Option<&'static str> {
    let linux = spec.linux.as_ref();
    let notifies = |action: &str| action == "SCMP_ACT_NOTIFY";
    let profile = linux.and_then(|linux| linux.seccomp.as_ref());
    let word = |prefix: &str| spec.mounts.iter().flat_map(|mount| &mount.options).any(|word| word.starts_with(prefix));
    let label =
        |label: &Option<String>| label.as_deref().is_some_and(|label| !label.is_empty() && label != "unconfined");
    let process = spec.process.as_ref();
    let asked = [
        (linux.is_some_and(|linux| linux.intel_rdt.is_some()), "`linux.intelRdt`"),
        (linux.is_some_and(|linux| linux.memory_policy.is_some()), "`linux.memoryPolicy`"),
        (linux.is_some_and(|linux| !linux.net_devices.is_empty()), "`linux.netDevices`"),
        (linux.is_some_and(|linux| label(&linux.mount_label)), "`linux.mountLabel` (SELinux)"),
        (process.is_some_and(|process| label(&process.selinux_label)), "`process.selinuxLabel`"),
        (process.is_some_and(|process| label(&process.apparmor_profile)), "`process.apparmorProfile`"),
        (process.is_some_and(|process| process.exec_cpu_affinity.is_some()), "`process.execCPUAffinity`"),
        (profile.is_some_and(|profile| profile.listener_path.is_some()), "a seccomp listener"),
        (
            profile.is_some_and(|profile| {
                notifies(&profile.default_action) || profile.syscalls.iter().any(|rule| notifies(&rule.action))
            }),
            "the seccomp action SCMP_ACT_NOTIFY",
        ),
        (word("idmap="), "the mount option `idmap=`"),
    ];
    asked.into_iter().find(|(asked, _)| *asked).map(|(_, what)| what)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_accepted_and_ignored() {
        let refused = |json: &str| check(&serde_json::from_str(json).unwrap()).unwrap_err().what;
        let notify =
            r#"{"linux":{"seccomp":{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"action":"SCMP_ACT_NOTIFY"}]}}}"#;
        assert!(refused(notify).contains("SCMP_ACT_NOTIFY"));
        assert!(refused(r#"{"linux":{"intelRdt":{}}}"#).contains("intelRdt"));
        assert!(check(&serde_json::from_str(r#"{"process":{"apparmorProfile":""},"linux":{}}"#).unwrap()).is_ok());
    }
}
