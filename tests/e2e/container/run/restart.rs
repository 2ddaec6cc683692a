//! `--restart`: the policy that the monitor keeps.

use testkit::{TestEnv, wait_until};

fn restarts(env: &TestEnv, name: &str) -> u32 {
    env.ok(&format!("inspect {name} --format {{{{.RestartCount}}}}")).text().parse().unwrap()
}

fn on_failure_counts(env: &TestEnv) {
    env.base();
    env.ok("run -d --name r --restart on-failure:3 --network none base sh -c 'echo tried; exit 5'");
    wait_until("three restarts", || env.ok("logs r").lines().len() == 4);
    assert_eq!(env.ok("wait r").text(), "5");
    assert_eq!(restarts(env, "r"), 3);
    env.ok("inspect r --format '{{.State.Status}} {{.State.ExitCode}}'").prints("exited 5\n");
}

fn on_failure_lets_success_be(env: &TestEnv) {
    env.base();
    env.ok("run --name r --restart on-failure --network none base true");
    let told = || env.ok("inspect r --format '{{.State.Status}} {{.RestartCount}}'").text();
    wait_until("its end to be told", || told() == "exited 0");
}

fn always_restarts_until_stopped(env: &TestEnv) {
    env.base();
    env.ok("run -d --name r --restart always --network none base sh -c 'echo tried'");
    wait_until("some restarts", || env.ok("logs r").lines().len() >= 3);
    env.ok("stop -t 0 r");
    let count = restarts(env, "r");
    env.ok("inspect r --format {{.State.Status}}").prints("exited\n");
    assert_eq!(restarts(env, "r"), count);
    env.ok("rm r");
}

fn a_killed_process_is_restarted(env: &TestEnv) {
    env.base();
    env.ok("run -d --name r --restart unless-stopped --network none base sleep 1000");
    let pid = env.ok("inspect r --format {{.State.Pid}}").text();
    env.host_root(&format!("sh -c 'kill -9 {pid}'")).run().ok();
    wait_until("another pid", || {
        let now = env.ok("inspect r --format '{{.State.Pid}} {{.State.Status}}'").text();
        now != format!("{pid} running") && now.ends_with("running") && !now.starts_with("0 ")
    });
    env.ok("rm -f -t 0 r");
}

fn rm_f_ends_it(env: &TestEnv) {
    env.base();
    env.ok("run -d --name r --restart always --network none base sh -c 'exit 1'");
    env.ok("rm -f -t 0 r");
    env.ok("ps -aq").prints("");
}

fn rm_and_restart_exclude_each_other(env: &TestEnv) {
    env.base();
    env.run("run --rm --restart always base true").code(125).complains("restart").is_readable();
    env.run("run --restart sometimes base true").refused("sometimes");
}

testkit::cases! { both: [
    on_failure_counts, on_failure_lets_success_be, always_restarts_until_stopped, a_killed_process_is_restarted,
    rm_f_ends_it, rm_and_restart_exclude_each_other,
] }
