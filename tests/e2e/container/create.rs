//! `create`.

use testkit::{TestEnv, wait_until};

fn makes_and_does_not_start(env: &TestEnv) {
    env.base();
    let id = env.ok("create --name c --network none base echo later").text();
    assert_eq!(id.len(), 64);
    env.ok("ps -q").prints("");
    env.ok("ps -a --format '{{.Names}} {{.State}}'").prints("c created\n");
    env.ok("start -a c").prints("later\n");
}

/// Whether the command `start` waits for its turn, or is past it.
fn begins(env: &TestEnv, id: &str) -> bool {
    let run = env.runroot().join("minke/containers").join(id);
    let processes = std::fs::read_dir("/proc").expect("/proc").flatten();
    let mut files = processes.flat_map(|process| std::fs::read_dir(process.path().join("fd")).into_iter().flatten());
    let starts = |file: &std::fs::DirEntry| {
        let words = std::fs::read(file.path().with_file_name("../cmdline")).unwrap_or_default();
        String::from_utf8_lossy(&words).contains("\0start\0")
    };
    let waits = |file: std::fs::DirEntry| {
        std::fs::read_link(file.path()).is_ok_and(|path| path.ends_with(format!("{id}.cleanup"))) && starts(&file)
    };
    run.exists() || files.any(|file| file.is_ok_and(waits))
}

fn one_that_is_half_made_is_not_started(env: &TestEnv) {
    if env.is_peer() {
        return testkit::note_skipped("its locks are others");
    }
    env.base();
    let path = env.graphroot().join("minke/lock");
    let lock = env.inside(|| std::fs::File::options().write(true).open(path).expect("the store's lock"));
    lock.lock().expect("locked");
    let create = env.engine().words("create --name c --network none base sleep 1000").spawn();
    let id = testkit::wait_for("its name", || Some(env.ok("ps -aq --no-trunc").text()).filter(|id| !id.is_empty()));
    let start = env.engine().words("start c").spawn();
    wait_until("`start` begins", || env.inside(|| begins(env, &id)));
    drop(lock);
    create.wait().ok().prints(&format!("{id}\n"));
    start.wait().ok();
    env.ok("ps --format {{.Names}}").prints("c\n");
    env.ok("exec c true");
    env.ok("rm -f -t 0 c");
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
    wait_until("the log to be moved into the database", || length() <= 256 << 10);
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

testkit::cases! { both: [
    makes_and_does_not_start, one_that_is_half_made_is_not_started, wants_an_image, the_databases_log_stays_short,
    flags_not_yet_there_say_so,
] }
