//! `wait`.

use testkit::TestEnv;

fn gives_the_exit_code(env: &TestEnv) {
    env.base();
    env.run("run --name w --network none base sh -c 'exit 9'").code(9);
    env.ok("wait w").prints("9\n");
}

fn waits_for_the_end(env: &TestEnv) {
    env.base();
    env.ok("run -d --name w --network none base sleep 1000");
    let mut process = env.engine().words("wait w").spawn();
    assert!(process.is_running());
    env.ok("kill w");
    process.wait().ok().prints("137\n");
}

fn what_goes_with_its_end_tells_its_code(env: &TestEnv) {
    env.base();
    for _ in 0..5 {
        env.ok("run -d --rm --name w --network none base sh -c 'sleep 0.3; exit 5'");
        env.ok("wait w").prints("5\n");
    }
}

fn several_in_order(env: &TestEnv) {
    env.base();
    env.run("run --name a --network none base sh -c 'exit 1'").code(1);
    env.run("run --name b --network none base sh -c 'exit 2'").code(2);
    env.ok("wait a b").prints("1\n2\n");
    env.run("wait no-such").refused("no-such");
    env.ok("wait --ignore no-such").prints("-1\n");
}

fn condition_can_be_chosen(env: &TestEnv) {
    env.base();
    env.ok("run -d --name w --network none base sleep 1000");
    env.ok("wait --condition running w").prints("-1\n");
    env.run("wait --condition nonsense w").code(125).complains("nonsense");
    env.run("wait --condition configured w").code(125).complains("unknown container state: configured");
    env.ok("rm -f -t 0 w");
}

fn a_condition_is_waited_for(env: &TestEnv) {
    env.base();
    env.ok("create --name w --network none base sleep 1000");
    env.ok("wait --condition created w").prints("-1\n");
    let running = env.engine().words("wait --condition running --condition exited w").spawn();
    env.ok("start w");
    running.wait().ok().prints("-1\n");
    let exited = env.engine().words("wait --condition exited w").spawn();
    env.ok("kill w");
    exited.wait().ok().prints("137\n");
}

testkit::cases! { both: [gives_the_exit_code, waits_for_the_end, what_goes_with_its_end_tells_its_code, several_in_order, condition_can_be_chosen, a_condition_is_waited_for] }
