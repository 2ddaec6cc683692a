//! `features`: what this runtime knows, whatever the kernel has (features.md, features-linux.md).

use runtime::known;
use serde_json::{Value, json};

/// The document.
pub fn features() -> Value {
    json!({
        "ociVersionMin": "1.0.0",
        "ociVersionMax": oci::runtime::VERSION,
        "hooks": ["prestart", "createRuntime", "createContainer", "startContainer", "poststart", "poststop"],
        "mountOptions": known::mount_options(),
        "linux": {
            "namespaces": ["cgroup", "ipc", "mount", "network", "pid", "time", "user", "uts"],
            "capabilities": known::capabilities(),
            "cgroup": { "v1": true, "v2": true, "systemd": false, "systemdUser": false, "rdma": true },
            "seccomp": {
                "enabled": true,
                "actions": known::SECCOMP_ACTIONS,
                "operators": known::SECCOMP_OPERATORS,
                "archs": known::seccomp_architectures(),
                "knownFlags": known::SECCOMP_FLAGS,
                "supportedFlags": known::SECCOMP_FLAGS,
            },
            "apparmor": { "enabled": false },
            "selinux": { "enabled": false },
            "intelRdt": { "enabled": false },
            "mountExtensions": { "idmap": { "enabled": true } },
            "netDevices": { "enabled": false },
        },
        "annotations": {},
        "potentiallyUnsafeConfigAnnotations": ["run.oci."],
    })
}
