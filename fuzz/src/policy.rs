//! policy.json: a text is a policy that has an answer for everything, or none at all.

use config::policy::Policy;

pub(crate) fn run(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let Ok(policy) = Policy::parse(text) else { return };
    let scopes = ["quay.io/a/b:1", "quay.io/a/b", "quay.io/a", "quay.io", "*.io"].map(str::to_owned);
    for transport in ["docker", "oci", "dir", "containers-storage", "none"] {
        assert!(!policy.requirements(transport, &scopes).is_empty(), "nothing is required");
    }
}
