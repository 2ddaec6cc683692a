//! `--init`: a pid 1 that reaps and forwards.

use testkit::{TestEnv, wait_until};

fn the_command_is_its_child(env: &TestEnv) {
    env.base();
    env.ok("run --rm --init --network none base sh -c 'echo $PPID'").prints("1\n");
}

fn the_exit_code_passes(env: &TestEnv) {
    env.base();
    env.run("run --rm --init --network none base sh -c 'exit 7'").code(7);
    if !env.is_peer() {
        env.run("run --rm --init --network none base no-such-program").code(127);
    }
}

fn orphans_are_reaped(env: &TestEnv) {
    env.base();
    env.ok("run -d --name i --init --network none base sh -c '(sleep 0 &); exec sleep 1000'");
    wait_until("no zombie", || !env.ok("exec i ps -o stat").text().contains('Z'));
    env.ok("rm -f -t 0 i");
}

fn signals_are_forwarded(env: &TestEnv) {
    env.base();
    env.ok("run -d --name s --init --network none base sh -c 'trap \"echo got; exit 3\" TERM; echo ready; while :; do sleep 0.1; done'");
    wait_until("the trap", || env.ok("logs s").text() == "ready");
    env.ok("stop s");
    env.ok("inspect s --format {{.State.ExitCode}}").prints("3\n");
}

fn it_must_be_pid_1(env: &TestEnv) {
    env.base();
    env.run("run --rm --network none --init --pid host base true").refused("PID 1");
}

testkit::cases! { both: [ it_must_be_pid_1,the_command_is_its_child, the_exit_code_passes, orphans_are_reaped, signals_are_forwarded] }
