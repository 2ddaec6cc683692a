//! The states of a container, commands in the wrong order, and what is told after something was killed.

use rustix::process::Signal;
use testkit::{TestEnv, wait_until};

fn state(env: &TestEnv, name: &str) -> String {
    env.ok(&format!("inspect {name} --format '{{{{.State.Status}}}} {{{{.State.ExitCode}}}}'")).text()
}

fn the_usual_way(env: &TestEnv) {
    env.base();
    env.ok("create --name c --network none base sleep 1000");
    assert_eq!(state(env, "c"), "created 0");
    env.ok("start c");
    assert_eq!(state(env, "c"), "running 0");
    env.ok("stop -t 0 c");
    assert_eq!(state(env, "c"), "exited 137");
    env.ok("start c");
    assert_eq!(state(env, "c"), "running 0");
    env.ok("kill c");
    env.ok("wait c");
    assert_eq!(state(env, "c"), "exited 137");
    env.ok("rm c");
    env.run("inspect c").code(125);
}

fn wrong_orders_are_told(env: &TestEnv) {
    env.base();
    env.ok("create --name c --network none base sleep 1000");
    for line in ["kill c", "attach c", "logs no-such", "wait no-such", "top c", "stop no-such"] {
        env.run(line).code(125).is_readable();
    }
    env.ok("stop c");
    env.ok("start c");
    env.run("rm c").code(2);
    env.ok("stop -t 0 c");
    env.ok("stop c");
    env.ok("rm c");
}

fn a_killed_container_is_exited_137(env: &TestEnv) {
    env.base();
    env.ok("run -d --name c --network none base sleep 1000");
    let pid = env.ok("inspect c --format {{.State.Pid}}").text();
    env.host_root(&format!("sh -c 'kill -9 {pid}'")).run().ok();
    env.ok("wait c").prints("137\n");
    assert_eq!(state(env, "c"), "exited 137");
    env.ok("start c");
    env.ok("rm -f -t 0 c");
}

fn a_killed_run_leaves_the_container_running(env: &TestEnv) {
    env.base();
    let mut process = env.engine().words("run --name c --network none base sh -c 'echo up; sleep 1000'").spawn();
    assert_eq!(process.read_line(), "up");
    process.signal(Signal::KILL);
    process.wait_status();
    assert_eq!(state(env, "c"), "running 0");
    env.ok("exec c true");
    env.ok("rm -f -t 0 c");
}

/// The monitor is the parent of the container's first process, or that of its parent.
fn a_killed_monitor_leaves_a_true_state(env: &TestEnv) {
    env.base();
    env.warm_up();
    let before = env.trace();
    env.ok("run -d --name c --network none base sleep 1000");
    let pid = env.ok("inspect c --format {{.State.Pid}}").text();
    let status = env.read(format!("/proc/{pid}/status")).unwrap();
    let parent = status.lines().find_map(|line| line.strip_prefix("PPid:")).unwrap().trim().to_owned();
    env.host_root(&format!("sh -c 'kill -9 {parent}'")).run().ok();
    wait_until("the container to end with its monitor, or to be told as running", || {
        let alive = env.exists(format!("/proc/{pid}/exe"));
        let told = state(env, "c");
        if alive { told == "running 0" } else { told == "exited 137" }
    });
    env.ok("rm -f -t 0 c");
    before.assert_restored(env);
}

fn killed_at_any_moment_run_leaves_nothing_untrue(env: &TestEnv) {
    env.base();
    env.warm_up();
    let before = env.trace();
    for delay in 0..12_u64 {
        let mut process = env.engine().words("run --name c --network none base sleep 1000").spawn();
        // Not a wait for anything: the moment of the kill is what varies.
        std::thread::park_timeout(std::time::Duration::from_millis(delay * delay / 2));
        process.signal(Signal::KILL);
        process.wait_status();
        let told = env.ok("ps -a --format {{.State}}").text();
        assert!(["", "created", "running", "exited"].contains(&told.as_str()), "after {delay}: {told}");
        if told == "running" {
            wait_until("the container to answer", || env.run("exec c true").status.success());
        }
        env.ok("rm -f -t 0 c");
        env.ok("ps -aq").prints("");
    }
    before.assert_restored(env);
}

/// A reboot empties the run directory and keeps the store.
fn after_a_reboot_everything_is_exited(env: &TestEnv) {
    env.base();
    env.ok("run -d --name c --network none base sleep 1000");
    let pid = env.ok("inspect c --format {{.State.Pid}}").text();
    let status = env.read(format!("/proc/{pid}/status")).unwrap();
    let parent = status.lines().find_map(|line| line.strip_prefix("PPid:")).unwrap().trim().to_owned();
    env.host_root(&format!("sh -c 'kill -9 {parent} {pid}'")).run();
    wait_until("their end", || !env.exists(format!("/proc/{pid}/exe")));
    env.script(&format!("rm -rf {0}/* /run/libpod {0}/../libpod", env.runroot().display()));
    assert!(env.ok("ps -q").text().is_empty());
    assert!(env.ok("ps -a --format {{.State}}").text() != "running");
    env.ok("start c");
    assert_eq!(state(env, "c"), "running 0");
    env.ok("rm -f -t 0 c");
}

testkit::cases! { both: [
    the_usual_way, wrong_orders_are_told, a_killed_container_is_exited_137,
    a_killed_run_leaves_the_container_running, a_killed_monitor_leaves_a_true_state,
    killed_at_any_moment_run_leaves_nothing_untrue, after_a_reboot_everything_is_exited,
] }
