//! `stop`, `--stop-signal`, `--stop-timeout`.

use std::time::Duration;

use rustix::fs::{Mode, OFlags};
use testkit::{TestEnv, note_skipped, wait_for, wait_until};

fn trap(env: &TestEnv, flags: &str, signal: &str) {
    env.base();
    env.ok(&format!("run -d --name s {flags} --network none base sh -c 'trap \"exit 21\" {signal}; echo ready; while :; do sleep 0.1; done'"));
    wait_until("the trap", || env.ok("logs s").text() == "ready");
}

fn sends_term_first(env: &TestEnv) {
    trap(env, "", "TERM");
    env.ok("stop s").prints("s\n");
    env.ok("inspect s --format '{{.State.Status}} {{.State.ExitCode}}'").prints("exited 21\n");
}

fn stop_signal_is_used(env: &TestEnv) {
    trap(env, "--stop-signal USR2", "USR2");
    env.ok("stop s");
    env.ok("inspect s --format {{.State.ExitCode}}").prints("21\n");
    env.run("run --rm --stop-signal NONSENSE base true").code(125).complains("nonsense").is_readable();
}

fn kills_after_the_timeout(env: &TestEnv) {
    env.base();
    env.ok("run -d --name s --network none base sleep 1000");
    let output = env.ok("stop -t 1 s");
    assert!(output.elapsed >= Duration::from_millis(900), "{output}");
    env.ok("inspect s --format {{.State.ExitCode}}").prints("137\n");
    env.ok("rm s");
    env.ok("run -d --name s --stop-timeout 1 --network none base sleep 1000");
    let output = env.ok("stop s");
    assert!(output.elapsed >= Duration::from_millis(900) && output.elapsed < Duration::from_secs(9), "{output}");
}

fn stopping_twice_is_fine(env: &TestEnv) {
    env.base();
    env.ok("run -d --name s --network none base sleep 1000");
    env.ok("stop -t 0 s");
    env.ok("stop s").prints("s\n");
    env.run("stop no-such").refused("no-such");
    env.ok("stop -i no-such");
}

fn all_stops_all(env: &TestEnv) {
    env.base();
    env.ok("run -d --name a --network none base sleep 1000");
    env.ok("run -d --name b --network none base sleep 1000");
    env.ok("stop -t 0 -a");
    env.ok("ps -q").prints("");
}

/// Its log is a pipe that nobody reads yet.
fn a_start_that_hangs_is_ended(env: &TestEnv) {
    if env.is_peer() {
        return note_skipped("podman waits for the start");
    }
    env.base();
    let pipe = env.work().join("log");
    env.host(&format!("mkfifo {}", pipe.display())).run().ok();
    let run = format!("run -d --name s --network none --log-opt path={} base sleep 1000", pipe.display());
    for end in ["stop -t 0 s", "rm -f -t 0 s"] {
        let run = env.engine().words(&run).spawn();
        wait_until("its name", || !env.ok("ps -aq").text().is_empty());
        let id = env.ok("ps -aq --no-trunc").text();
        let end = env.engine().words(end).spawn();
        let folder = env.runroot().join("minke/containers").join(&id);
        wait_until("the end to be asked for", || env.exists(folder.join("stop")));
        let reader = env.inside(|| std::fs::File::open(&pipe).expect("the pipe"));
        run.wait().code(126).complains("was stopped while it was being started").is_readable();
        end.wait().ok();
        drop(reader);
        assert!(!env.exists(&folder));
        env.ok("rm -f s");
    }
    env.ok("ps -aq").prints("");
}

/// Its log is a pipe that is read during its first run only.
fn one_that_is_stopped_before_it_runs_again_ended_as_before(env: &TestEnv) {
    if env.is_peer() {
        return note_skipped("podman keeps the log open");
    }
    env.base();
    let pipe = env.work().join("log");
    env.host(&format!("mkfifo {}", pipe.display())).run().ok();
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let read = || env.inside(|| rustix::fs::open(&pipe, flags, Mode::empty()).expect("the pipe"));
    let reader = read();
    let log = pipe.display();
    env.ok(&format!("run -d --name s --restart always --network none --log-opt path={log} base sh -c 'exit 3'"));
    drop(reader);
    wait_until("the next start", || env.ok("inspect s --format {{.RestartCount}}").text() != "0");
    let stop = env.engine().words("stop -t 0 s").spawn();
    let reader = wait_for("the end to be asked for", || {
        let id = env.ok("ps -aq --no-trunc").text();
        let folder = env.runroot().join("minke/containers").join(id);
        // During the pause before a start it ends at once.
        (env.exists(folder.join("stop")) || !env.exists(folder)).then(read)
    });
    stop.wait().ok();
    drop(reader);
    env.ok("inspect s --format '{{.State.Status}} {{.State.ExitCode}} {{.State.Error}}.'").prints("exited 3 .\n");
}

/// Listed, and gone or ended before it is its turn.
fn all_doesnt_mind_what_ends_meanwhile(env: &TestEnv) {
    if env.is_peer() {
        return note_skipped("podman's `kill --all` does");
    }
    env.base();
    for command in ["stop -t 0 -a", "kill --all", "stop -t 0 -a", "kill --all"] {
        for time in [2, 1, 3, 2, 1] {
            env.ok(&format!("run -d --rm --network none base sleep 0.{time}"));
        }
        env.ok("run -d --name stays --network none base sleep 1000");
        env.ok(command);
        wait_until("its end", || env.run("inspect stays --format {{.State.Running}}").text() == "false");
        env.ok("rm -f -t 0 stays");
    }
}

/// Nothing is done to any when one of the names means nothing.
fn all_names_are_looked_up_first(env: &TestEnv) {
    env.base();
    env.ok("run -d --name s --network none base sleep 1000");
    env.run("stop -t 0 s no-such").refused("no-such");
    env.run("kill s no-such").refused("no-such");
    env.ok("ps --format {{.Names}}").prints("s\n");
    env.ok("stop -t 0 --ignore s no-such").prints("s\n");
    env.ok("stop --ignore no-such").prints("");
}

fn signals_to_run_are_proxied(env: &TestEnv) {
    env.base();
    let line =
        "run --rm --network none base sh -c 'trap \"echo bye; exit 31\" TERM; echo ready; while :; do sleep 0.1; done'";
    let mut process = env.engine().words(line).spawn();
    assert_eq!(process.read_line(), "ready");
    process.signal(rustix::process::Signal::TERM);
    process.wait().code(31).has("bye");
}

testkit::cases! { both: [
    sends_term_first, stop_signal_is_used, kills_after_the_timeout, stopping_twice_is_fine, all_stops_all,
    all_doesnt_mind_what_ends_meanwhile, all_names_are_looked_up_first, a_start_that_hangs_is_ended,
    one_that_is_stopped_before_it_runs_again_ended_as_before,
    signals_to_run_are_proxied,
] }
