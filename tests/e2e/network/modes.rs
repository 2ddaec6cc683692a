//! `--network none|host|bridge|container:ID`.

use testkit::TestEnv;

fn none_has_loopback_only(env: &TestEnv) {
    env.base();
    let output = env.ok("run --rm --network none base ip -o link");
    assert_eq!(output.lines().len(), 1, "{output}");
    output.has("lo:").has("UP");
}

fn host_is_the_callers(env: &TestEnv) {
    env.base();
    let own = env.host("readlink /proc/self/ns/net").run().text();
    env.ok("run --rm --network host base readlink /proc/self/ns/net").prints(&format!("{own}\n"));
}

fn container_shares(env: &TestEnv) {
    env.base();
    env.ok("run -d --name first --network none base sleep 1000");
    let theirs = env.ok("exec first readlink /proc/self/ns/net").text();
    env.ok("run --rm --network container:first base readlink /proc/self/ns/net").prints(&format!("{theirs}\n"));
    env.ok("run --rm --network container:first --hostname own base cat /etc/hostname").prints("own\n");
    env.run("run --rm --network container:no-such base true").refused("no-such");
    env.ok("rm -f -t 0 first");
}

fn container_that_does_not_run_is_refused(env: &TestEnv) {
    env.base();
    env.ok("create --name first --network none base true");
    let output = env.run("run --rm --network container:first base true");
    output.is_readable();
    assert!([125, 126].contains(&output.status.code().unwrap()), "{output}");
}

fn unknown_ones_are_refused(env: &TestEnv) {
    env.base();
    env.run("run --rm --network no-such-network base true").refused("no-such-network");
}

testkit::cases! { both: [none_has_loopback_only, host_is_the_callers, container_shares, container_that_does_not_run_is_refused, unknown_ones_are_refused] }
