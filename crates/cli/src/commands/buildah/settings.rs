//! How commands run in a working container: flags of `from` and `run`.

use crate::error::Failure;
use crate::flags::{mounts, network, resources, security};
use crate::syntax::flag::Flag;
use crate::syntax::matches::Matches;
use spec::ContainerSpec;
use spec::namespaces::{Kind, Namespace, NsMode, parse};

/// Of both.
pub static FLAGS: &[Flag] = &[
    Flag::list("cap-add", "strings", "Add capabilities (NET_ADMIN, ALL)"),
    Flag::list("cap-drop", "strings", "Drop capabilities (CHOWN, ALL)"),
    Flag::text("cgroupns", "string", "cgroup namespace: private, host"),
    Flag::array("device", "stringArray", "Add a device of the host (/dev/host[:/dev/inside][:rwm])"),
    Flag::text("ipc", "string", "IPC namespace: private, host, or a path"),
    Flag::text("isolation", "type", "How far to keep commands apart: oci, rootless, chroot (else BUILDAH_ISOLATION)"),
    Flag::array("network", "string", "Network: private, none, host, ns:PATH, pasta, or a name").alias(&["net"]),
    Flag::text("pid", "string", "pid namespace: private, host, or a path"),
    Flag::text("uts", "string", "Host name namespace: private, host, or a path"),
    Flag::array("volume", "stringArray", "Mount a folder of the host (source:path[:options])").short('v'),
];

/// Of `from` alone.
pub static OF_CONTAINER: &[Flag] = &[
    Flag::list("add-host", "host:ip", "Add a line to /etc/hosts (name:address, name:host-gateway)"),
    Flag::uint("cpu-shares", "Share of the CPU relative to others").short('c'),
    Flag::text("cpuset-cpus", "string", "CPUs they may run on (0-3, 0,1)"),
    Flag::text("cpuset-mems", "string", "Memory nodes they may use (0-3, 0,1)"),
    Flag::list("dns", "strings", "Ask this name server"),
    Flag::list("dns-option", "strings", "Add an option to /etc/resolv.conf"),
    Flag::list("dns-search", "strings", "Search this domain"),
    Flag::list("group-add", "strings", "Add supplementary groups, by name or number, or keep-groups"),
    Flag::bool("http-proxy", "Pass the caller's proxy variables").default("true"),
    Flag::text("memory", "<number>[<unit>]", "Most memory (units b, k, m, g)").short('m'),
    Flag::text("memory-swap", "string", "Most memory and swap together; -1: no limit of swap"),
    Flag::array("security-opt", "stringArray", "seccomp=FILE, seccomp=unconfined, no-new-privileges, unmask=PATHS"),
    Flag::text("shm-size", "<number>[<unit>]", "Size of /dev/shm (units b, k, m, g)").default("65536k"),
    Flag::list("ulimit", "strings", "Set a limit of each process (name=soft[:hard])"),
];

/// Puts the flags of both into the spec.
pub fn apply(matches: &Matches, spec: &mut ContainerSpec) -> Result<(), Failure> {
    let privileged = spec.security.privileged;
    security::apply(matches, spec)?;
    spec.security.privileged = privileged;
    if matches.given("network") {
        let words: Vec<String> = matches.list("network").iter().map(|word| network_word(word)).collect();
        spec.network.set_networks(&words)?;
    }
    let spaces = &mut spec.namespaces;
    let all = [("pid", &mut spaces.pid), ("uts", &mut spaces.uts), ("cgroupns", &mut spaces.cgroup)];
    for (name, target) in all {
        if let Some(text) = matches.text(name) {
            *target = namespace(text, Kind::Plain)?;
        }
    }
    if let Some(text) = matches.text("ipc") {
        spaces.ipc = namespace(text, Kind::Ipc)?;
    }
    let shm = spec.mounts.shm_size;
    mounts::folders(matches, spec)?;
    spec.mounts.shm_size = spec.mounts.shm_size.or(shm);
    Ok(())
}

/// Puts those of `from` alone into it.
pub fn apply_to_container(matches: &Matches, spec: &mut ContainerSpec) -> Result<(), Failure> {
    network::apply(matches, spec)?;
    resources::apply(matches, spec)?;
    spec.process.set_groups(matches.list("group-add").to_vec())?;
    spec.process.http_proxy = matches.maybe_bool("http-proxy");
    apply(matches, spec)
}

/// Buildah's words: nothing and `container` mean a new one, a path is that of a namespace.
fn namespace(text: &str, kind: Kind) -> Result<Namespace, Failure> {
    match text {
        "" | "container" => Ok(Namespace::of(NsMode::Private)),
        path if path.starts_with('/') => Ok(Namespace { mode: NsMode::Path, value: path.to_owned() }),
        text => Ok(parse(text, kind)?),
    }
}

fn network_word(word: &str) -> String {
    match word {
        "" | "container" => "private".to_owned(),
        path if path.starts_with('/') => format!("ns:{path}"),
        word => word.to_owned(),
    }
}
