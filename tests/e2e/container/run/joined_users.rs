//! `--userns container:…` and `--userns ns:…`: the user namespace of others.

use testkit::TestEnv;

/// A running container `first` with maps of its own; how they look inside.
fn first(env: &TestEnv) -> String {
    env.base();
    let flags = if env.is_root() { "--uidmap 0:100000:2000 --gidmap 0:200000:2000" } else { "--userns keep-id" };
    env.ok(&format!("run -d --name first --network none {flags} base sleep 1000"));
    env.ok("exec first cat /proc/self/uid_map /proc/self/gid_map").whole()
}

fn a_containers_namespace_is_shared(env: &TestEnv) {
    let maps = first(env);
    let inside = "sh -c 'cat /proc/self/uid_map /proc/self/gid_map; readlink /proc/self/ns/user'";
    let output = env.ok(&format!("run --rm --network none --userns container:first base {inside}"));
    let of_first = env.ok("exec first readlink /proc/self/ns/user").whole();
    output.prints(&format!("{maps}{of_first}"));
}

fn owners_follow_the_joined_maps(env: &TestEnv) {
    first(env);
    let look = "id -u; stat -c %u:%g / /bin/busybox; touch /x; stat -c %u:%g /x";
    env.ok("create --name second --network none --userns container:first -v data:/data base sh -c 'exit 0'");
    env.ok(&format!("run --rm --network none --userns container:first base sh -c '{look}'"))
        .prints("0\n0:0\n0:0\n0:0\n");
    env.ok("run --rm --network none --userns container:first -v data:/data base stat -c %u:%g /data").prints("0:0\n");
    // Another container's processes are seen, and may be ended, by the root that both have.
    env.ok("run --rm --network none --userns container:first --pid container:first base kill -0 1");
    env.ok("rm second");
}

fn its_network_can_be_shared_as_well(env: &TestEnv) {
    first(env);
    let show = "base readlink /proc/self/ns/net";
    let joined = env.ok(&format!("run --rm --userns container:first --network container:first {show}")).whole();
    env.ok("exec first readlink /proc/self/ns/net").prints(&joined);
}

fn it_may_have_a_network_of_its_own(env: &TestEnv) {
    let _outside = env.outside();
    first(env);
    let line = "run --rm --userns container:first -p 127.0.0.1:5082:80 base ip route";
    env.ok(line).has("default via");
}

fn it_has_a_score_of_its_own(env: &TestEnv) {
    first(env);
    let line = "run --rm --network none --userns container:first --pid container:first --oom-score-adj 700";
    env.ok(&format!("{line} base cat /proc/self/oom_score_adj")).prints("700\n");
}

fn it_starts_what_it_joins(env: &TestEnv) {
    let maps = first(env);
    env.ok(
        "create --name second --network none --userns container:first base cat /proc/self/uid_map /proc/self/gid_map",
    );
    env.ok("stop -t 0 first");
    env.ok("start -a second").prints(&maps);
    env.ok("ps --format {{.Names}}").prints("first\n");
    env.ok("start -a second").prints(&maps);
}

fn inspect_names_the_container_and_its_maps(env: &TestEnv) {
    first(env);
    let id = env.ok("inspect first --format {{.Id}}").text();
    env.ok("create --name second --network none --userns container:first base true");
    env.ok("inspect second --format {{.HostConfig.UsernsMode}}").prints(&format!("container:{id}\n"));
    let maps = env.ok("inspect first --format {{.HostConfig.IDMappings}}").whole();
    env.ok("inspect second --format {{.HostConfig.IDMappings}}").prints(&maps);
}

fn a_namespaces_file_is_joined(env: &TestEnv) {
    let maps = first(env);
    let pid = env.ok("inspect first --format {{.State.Pid}}").text();
    let flags = format!("--network none --userns ns:/proc/{pid}/ns/user");
    let look =
        "sh -c 'cat /proc/self/uid_map /proc/self/gid_map; stat -c %u:%g / /bin/busybox; touch /x; stat -c %u /x'";
    // Podman doesn't know the maps, and takes the image's owners for the host's.
    if !env.is_peer() {
        env.ok(&format!("run --rm {flags} base {look}")).prints(&format!("{maps}0:0\n0:0\n0\n"));
    }
    env.ok(&format!("create --name second {flags} base true"));
    env.ok("inspect second --format {{.HostConfig.UsernsMode}}").prints(&format!("ns:/proc/{pid}/ns/user\n"));
}

/// Podman's runtime is refused by the kernel, as nobody can enter the namespace it is in.
fn a_container_without_one_has_the_engines(env: &TestEnv) {
    if env.is_peer() {
        return;
    }
    env.base();
    env.ok("run -d --name plain --network none base sleep 1000");
    let own = env.ok("exec plain readlink /proc/self/ns/user").whole();
    let show = "base readlink /proc/self/ns/user";
    env.ok(&format!("run --rm --network none --userns container:plain {show}")).prints(&own);
    if env.is_root() {
        env.ok(&format!("run --rm --network none --userns ns:/proc/self/ns/user {show}")).prints(&own);
    }
}

fn what_is_no_user_namespace_is_refused(env: &TestEnv) {
    env.base();
    env.run("run --rm --userns container:nobody base true").refused(
        "looking up container to share user namespace with: no container with name or ID \"nobody\" found: no such container",
    );
    env.run("run --rm --userns ns:/no/such base true").refused("cannot find specified user namespace path");
    let code = if env.is_peer() { 126 } else { 125 };
    env.run("run --rm --network none --userns ns:/proc/self/ns/uts base true")
        .code(code)
        .complains("/proc/self/ns/uts");
}

testkit::cases! { both: [
    a_containers_namespace_is_shared, owners_follow_the_joined_maps, its_network_can_be_shared_as_well,
    it_may_have_a_network_of_its_own, it_has_a_score_of_its_own,
    it_starts_what_it_joins, inspect_names_the_container_and_its_maps, a_namespaces_file_is_joined,
    a_container_without_one_has_the_engines, what_is_no_user_namespace_is_refused,
] }
