//! How far the commands of a build are kept apart from the host: namespaces, groups, limits of their own.

use crate::error::Failure;
use crate::syntax::flag::Flag;
use crate::syntax::matches::Matches;
use spec::ContainerSpec;
use spec::namespaces::{Kind, Namespace, NsMode, parse};

/// See podman-build(1).
pub(super) static FLAGS: &[Flag] = &[
    Flag::text("cgroup-parent", "string", "Make their control groups below this one"),
    Flag::text("cgroupns", "string", "cgroup namespace: private, host, or a path"),
    Flag::uint("cpu-period", "Period of the CPU quota, in microseconds"),
    Flag::int("cpu-quota", "CPU time in each period, in microseconds"),
    Flag::list("group-add", "strings", "Add supplementary groups, by name or number, or keep-groups"),
    Flag::text("ipc", "string", "IPC namespace: private, host, or a path"),
    Flag::text("isolation", "type", "oci and rootless: containers; chroot: with the host's namespaces but for mounts"),
    Flag::text("pid", "string", "pid namespace: private, host, or a path"),
    Flag::text("userns", "string", "User namespace: host"),
    Flag::text("uts", "string", "Host name namespace: private, host, or a path"),
];

/// Puts them into the spec, in which the network is already.
pub(super) fn apply(matches: &Matches, spec: &mut ContainerSpec) -> Result<(), Failure> {
    if is_chroot(matches)? {
        open(matches, spec)?;
    }
    let namespaces = &mut spec.namespaces;
    for (name, target) in [
        ("pid", &mut namespaces.pid),
        ("uts", &mut namespaces.uts),
        ("ipc", &mut namespaces.ipc),
        ("cgroupns", &mut namespaces.cgroup),
    ] {
        if let Some(text) = matches.text(name) {
            *target = namespace(text)?;
        }
    }
    match matches.text("userns") {
        None | Some("" | "host") => {}
        Some(other) => {
            let why = format!("--userns {other}: commands of a build have no user namespace of their own yet");
            return Err(Failure::new(why).hint("host is what they have."));
        }
    }
    if let Some(parent) = matches.text("cgroup-parent") {
        spec.namespaces.cgroup_parent = cgroup(parent)?;
    }
    spec.process.set_groups(matches.list("group-add").to_vec())?;
    spec.resources.set_cpu_time(matches.number("cpu-period"), matches.number("cpu-quota"))?;
    Ok(())
}

/// `--isolation`, else `BUILDAH_ISOLATION`.
fn is_chroot(matches: &Matches) -> Result<bool, Failure> {
    let variable = std::env::var("BUILDAH_ISOLATION").ok();
    match matches.text("isolation").or(variable.as_deref()) {
        None | Some("" | "default" | "oci" | "rootless") => Ok(false),
        Some("chroot") => Ok(true),
        Some(other) => {
            let why = format!("unrecognized isolation type {}", crate::output::quote(other));
            Err(Failure::new(why).hint("There are oci, rootless and chroot."))
        }
    }
}

/// Where no namespaces can be made but that of mounts, which the user's own is enough for.
fn open(matches: &Matches, spec: &mut ContainerSpec) -> Result<(), Failure> {
    let namespaces = &mut spec.namespaces;
    for target in [&mut namespaces.pid, &mut namespaces.uts, &mut namespaces.ipc, &mut namespaces.cgroup] {
        *target = Namespace::of(NsMode::Host);
    }
    namespaces.cgroups_mode = "disabled".to_owned();
    if matches.list("network").is_empty() {
        spec.network.set_networks(&["host".to_owned()])?;
    }
    Ok(())
}

/// Buildah's words: `container` is a new one, and a path needs no `ns:`.
fn namespace(text: &str) -> Result<Namespace, Failure> {
    Ok(match text {
        "container" | "private" => Namespace::of(NsMode::Private),
        path if path.starts_with('/') => Namespace { mode: NsMode::Path, value: path.to_owned() },
        text => parse(text, Kind::Plain)?,
    })
}

fn cgroup(text: &str) -> Result<String, Failure> {
    if text.is_empty() || text.split('/').any(|part| part == "..") || text.ends_with(".slice") {
        return Err(Failure::new(format!("--cgroup-parent {text}: it must be the path of a group, without ..")));
    }
    Ok(format!("/{}", text.trim_matches('/')))
}
