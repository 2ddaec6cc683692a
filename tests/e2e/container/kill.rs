//! `kill`.

use testkit::{TestEnv, wait_until};

fn kills_with_sigkill(env: &TestEnv) {
    env.base();
    env.ok("run -d --name k --network none base sleep 1000");
    env.ok("kill k").prints("k\n");
    env.ok("wait k").prints("137\n");
}

fn s_chooses_the_signal(env: &TestEnv) {
    env.base();
    for signal in ["USR1", "SIGUSR1", "10"] {
        env.ok("run -d --name k --network none base sh -c 'trap \"exit 44\" USR1; echo ready; while :; do sleep 0.1; done'");
        wait_until("the trap", || env.ok("logs k").text() == "ready");
        env.ok(&format!("kill -s {signal} k"));
        env.ok("wait k").prints("44\n");
        env.ok("rm k");
    }
    env.ok("run -d --name k --network none base sleep 1000");
    env.run("kill -s NONSENSE k").code(125).complains("nonsense").is_readable();
}

fn what_does_not_run_is_refused(env: &TestEnv) {
    env.base();
    env.ok("create --name k base true");
    env.run("kill k").code(125).complains("running");
    env.run("kill no-such").refused("no-such");
    env.run("kill").code(125).is_readable();
}

fn all_kills_all(env: &TestEnv) {
    env.base();
    env.ok("run -d --name a --network none base sleep 1000");
    env.ok("run -d --name b --network none base sleep 1000");
    env.ok("kill --all");
    env.ok("wait a b").prints("137\n137\n");
}

testkit::cases! { both: [kills_with_sigkill, s_chooses_the_signal, what_does_not_run_is_refused, all_kills_all] }
