//! Namespaces, groups and limits of the commands of a build.

use super::build;
use testkit::{TestEnv, note_skipped};

/// Which namespaces a command has, as the kernel calls them.
fn spaces(env: &TestEnv, flags: &str) -> Vec<String> {
    let text = "FROM base\nRUN for n in pid uts ipc cgroup mnt; do echo ns $(readlink /proc/self/ns/$n); done\n";
    let output = build(env, &format!("--no-cache {flags}"), text);
    output.ok();
    output.lines().into_iter().filter_map(|line| line.strip_prefix("ns ").map(str::to_owned)).collect()
}

fn namespaces_are_the_hosts_if_asked_for(env: &TestEnv) {
    if env.is_peer() {
        return note_skipped("podman's builds want more than a test has");
    }
    let host = env.script("for n in pid uts ipc cgroup mnt; do readlink /proc/self/ns/$n; done").lines();
    let own = spaces(env, "--cgroupns private");
    assert!(own.iter().zip(&host).all(|(own, host)| own != host), "{own:?} {host:?}");
    let shared = spaces(env, "--pid host --uts=host --ipc host --cgroupns=host");
    assert_eq!(shared[..4], host[..4]);
    assert_ne!(shared[4], host[4]);
    let chroot = spaces(env, "--isolation chroot");
    assert_eq!(chroot[..4], host[..4]);
    let mixed = spaces(env, "--isolation=chroot --uts private");
    assert_ne!(mixed[1], host[1]);
    assert_eq!(spaces(env, "--isolation oci --pid container --userns host").len(), 5);
}

fn groups_and_limits(env: &TestEnv) {
    if env.is_peer() {
        return note_skipped("podman's builds want more than a test has");
    }
    build(env, "--group-add 4711", "FROM base\nRUN echo groups $(id -G)\n").ok().has("groups 0 4711\n");
    if env.is_root() {
        let text = "FROM base\nRUN cat /proc/self/cgroup; echo > /x\n";
        build(env, "--cgroup-parent /made/here --cgroupns host --cpu-quota 20000 --cpu-period 40000", text)
            .ok()
            .has(":/made/here/");
    }
    for (flags, why) in [
        ("--isolation jail", "There are oci, rootless and chroot"),
        ("--userns container", "no user namespace of their own"),
        ("--cpu-period 5", "1000 to 1000000"),
        ("--cgroup-parent ../x", "without .."),
        ("--pid fancy", "unrecognized namespace mode fancy"),
        ("--userns-uid-map 0:1:1", "userns-uid-map"),
    ] {
        build(env, flags, "FROM base\nRUN true\n").code(125).complains(why);
    }
}

testkit::cases! { both: [namespaces_are_the_hosts_if_asked_for, groups_and_limits] }
