//! pid, uts, ipc, cgroup and user namespaces.

use crate::error::Failure;
use crate::syntax::flag::Flag;
use crate::syntax::matches::Matches;
use spec::ContainerSpec;
use spec::namespaces::{Kind, parse};

/// See podman-run(1).
pub static FLAGS: &[Flag] = &[
    Flag::text("cgroupns", "string", "cgroup namespace: host, private, container:ID, ns:PATH"),
    Flag::list("gidmap", "strings", "Map groups ([+ug]inside:[@]outside[:count])"),
    Flag::text("ipc", "string", "IPC namespace: host, private, shareable, none, container:ID, ns:PATH"),
    Flag::text("pid", "string", "pid namespace: host, private, container:ID, ns:PATH"),
    Flag::list("uidmap", "strings", "Map users ([+ug]inside:[@]outside[:count])"),
    Flag::text("userns", "string", "User namespace: host, keep-id, auto, nomap, container:ID, ns:PATH"),
    Flag::text("uts", "string", "Host name namespace: host, private, container:ID, ns:PATH"),
];

/// Puts the flags into the spec.
pub fn apply(matches: &Matches, spec: &mut ContainerSpec) -> Result<(), Failure> {
    let namespaces = &mut spec.namespaces;
    for (name, target) in
        [("pid", &mut namespaces.pid), ("uts", &mut namespaces.uts), ("cgroupns", &mut namespaces.cgroup)]
    {
        if let Some(text) = matches.text(name) {
            *target = parse(text, Kind::Plain)?;
        }
    }
    if let Some(text) = matches.text("ipc") {
        namespaces.ipc = parse(text, Kind::Ipc)?;
    }
    users(matches, spec)
}

fn users(matches: &Matches, spec: &mut ContainerSpec) -> Result<(), Failure> {
    if let Some(text) = matches.text("userns") {
        spec.users.set_userns(text)?;
    }
    for text in matches.list("uidmap") {
        spec.users.add_uid_map(text)?;
    }
    for text in matches.list("gidmap") {
        spec.users.add_gid_map(text)?;
    }
    Ok(())
}
