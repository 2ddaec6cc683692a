//! Bridges without containers: they go with their addresses and firewall rules, and come again.

use testkit::{TestEnv, wait_until};

/// Links but `lo`, and firewall tables.
fn network_of_host(env: &TestEnv) -> Vec<String> {
    let links = env.script("cat /proc/1/net/dev").lines();
    let links = links.iter().skip(2).filter_map(|line| line.trim().split(':').next().map(str::to_owned));
    let tables = env.host_root("nft list tables").run().lines();
    links.filter(|link| link != "lo").chain(tables).collect()
}

fn nothing_is_left(env: &TestEnv) -> bool {
    let left = network_of_host(env);
    // Podman's own table stays.
    left.is_empty() || env.is_peer() && left == ["table inet netavark"]
}

fn the_bridge_goes_with_its_last_container(env: &TestEnv) {
    env.base();
    for _ in 0..2 {
        env.ok("run -d --name a -p 5080:80 base sleep 1000");
        env.ok("run -d --name b base sleep 1000");
        env.ok("rm -f -t 0 a");
        assert!(!nothing_is_left(env));
        env.ok("exec b ip addr show dev eth0").has("inet 10.88.");
        env.ok("rm -f -t 0 b");
        wait_until("the bridge is gone", || nothing_is_left(env));
    }
}

fn it_goes_when_a_container_ends_by_itself(env: &TestEnv) {
    env.base();
    env.ok("run --rm base true");
    wait_until("the bridge is gone", || nothing_is_left(env));
    env.ok("run -d base true");
    wait_until("the bridge is gone", || nothing_is_left(env));
}

/// The engine's processes that wait to remove a bridge: those that are left of a command that has answered.
fn kill_who_waits(env: &TestEnv) -> bool {
    let engine = testkit::engine_under_test();
    env.script(&format!(
        "for p in /proc/[0-9]*; do grep -qs '^{engine}' $p/cmdline && kill -9 ${{p#/proc/}} && echo killed; done; true"
    ))
    .text()
    .contains("killed")
}

fn the_next_command_removes_what_a_killed_one_has_left(env: &TestEnv) {
    if env.is_peer() {
        return testkit::note_skipped("Podman removes it before it answers");
    }
    env.base();
    env.ok("run --rm base true");
    wait_until("who waits for the bridge is killed", || kill_who_waits(env));
    assert!(network_of_host(env).iter().any(|link| link == "minke0"));
    env.ok("ps");
    wait_until("the bridge is gone", || nothing_is_left(env));
}

/// One that starts while the bridge is removed has its network all the same.
fn who_comes_while_it_goes_has_its_network(env: &TestEnv) {
    env.base();
    for pause in [440, 480, 490, 500, 510, 520, 540] {
        env.ok("run --rm base true");
        std::thread::park_timeout(std::time::Duration::from_millis(pause));
        env.ok("run --rm -p 5081:80 base ip route").has("default via 10.88.0.1");
    }
}

/// Who waits for the bridge holds nothing of the command's.
fn the_callers_folder_can_be_unmounted_at_once(env: &TestEnv) {
    env.base();
    let engine = testkit::engine_under_test();
    let script = format!("mkdir -p m; mount -t tmpfs m m; cd m; {engine} run --rm base true; cd ..; umount m");
    env.host_root("sh -c").arg(script).run().ok();
}

testkit::cases! { root: [ the_callers_folder_can_be_unmounted_at_once,
    the_bridge_goes_with_its_last_container, it_goes_when_a_container_ends_by_itself,
    the_next_command_removes_what_a_killed_one_has_left, who_comes_while_it_goes_has_its_network,
] }
