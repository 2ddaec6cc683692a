//! `create`.

use testkit::TestEnv;

fn makes_and_does_not_start(env: &TestEnv) {
    env.base();
    let id = env.ok("create --name c --network none base echo later").text();
    assert_eq!(id.len(), 64);
    env.ok("ps -q").prints("");
    env.ok("ps -a --format '{{.Names}} {{.State}}'").prints("c created\n");
    env.ok("start -a c").prints("later\n");
}

fn wants_an_image(env: &TestEnv) {
    env.run("create").code(125).is_readable();
    env.run("create --pull never not-there").refused("not-there");
}

fn the_databases_log_stays_short(env: &TestEnv) {
    if env.is_peer() {
        return testkit::note_skipped("the file is this engine's");
    }
    env.base();
    for _ in 0..20 {
        env.ok("create --network none base true");
    }
    let log = env.graphroot().join("minke/state.db-wal");
    let length = || env.inside(|| std::fs::metadata(&log).map_or(0, |log| log.len()));
    testkit::wait_until("the log to be moved into the database", || length() <= 256 << 10);
}

/// A flag that podman has and this engine doesn't is never accepted and ignored.
fn flags_not_yet_there_say_so(env: &TestEnv) {
    if env.is_peer() {
        return;
    }
    env.base();
    for flag in ["--pod x", "--health-cmd true", "--secret x", "--systemd always", "--rootfs", "--requires x"] {
        let output = env.run(&format!("create {flag} base true"));
        output.code(125).complains(flag.split(' ').next().unwrap()).is_readable();
    }
}

testkit::cases! { both: [makes_and_does_not_start, wants_an_image, the_databases_log_stays_short, flags_not_yet_there_say_so] }
