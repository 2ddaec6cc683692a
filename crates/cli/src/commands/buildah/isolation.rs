//! `--isolation`: how far a command is kept apart from the host.

use crate::error::Failure;
use crate::output::quote;
use spec::ContainerSpec;
use spec::namespaces::{Namespace, NsMode};

/// The word that holds: the flag's, or that of BUILDAH_ISOLATION.
pub fn chosen(flag: Option<&str>) -> Result<String, Failure> {
    let variable = std::env::var("BUILDAH_ISOLATION").ok();
    let word = flag.map(str::to_owned).or(variable).unwrap_or_default();
    match word.as_str() {
        "" | "default" => Ok(String::new()),
        "oci" | "rootless" | "chroot" => Ok(word),
        other => Err(Failure::new(format!("unrecognized isolation type {}", quote(other)))),
    }
}

/// `chroot`: namespaces that nothing else was said of are the host's.
pub fn apply(word: &str, spec: &mut ContainerSpec) {
    if word != "chroot" {
        return;
    }
    let spaces = &mut spec.namespaces;
    for namespace in [&mut spaces.pid, &mut spaces.ipc, &mut spaces.cgroup, &mut spec.network.mode] {
        if namespace.mode == NsMode::Default {
            *namespace = Namespace::of(NsMode::Host);
        }
    }
}
