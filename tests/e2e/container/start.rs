//! `start`.

use testkit::TestEnv;

fn starts_again_with_its_files(env: &TestEnv) {
    env.base();
    env.ok("run --name s --network none base sh -c 'echo run >>/count; cat /count'").prints("run\n");
    env.ok("start -a s").prints("run\nrun\n");
    env.ok("start s").prints("s\n");
    env.ok("wait s").prints("0\n");
}

fn a_gives_the_exit_code(env: &TestEnv) {
    env.base();
    env.ok("create --name s --network none base sh -c 'exit 12'");
    env.run("start -a s").code(12);
}

fn ai_passes_stdin(env: &TestEnv) {
    env.base();
    env.ok("create -i --name s --network none base cat");
    env.engine().words("start -ai s").stdin("through\n").run().ok().prints("through\n");
}

fn a_running_one_is_left_alone(env: &TestEnv) {
    env.base();
    env.ok("run -d --name s --network none base sleep 1000");
    let pid = env.ok("inspect s --format {{.State.Pid}}").text();
    env.ok("start s").prints("s\n");
    env.ok("inspect s --format {{.State.Pid}}").prints(&format!("{pid}\n"));
}

fn what_is_not_there_is_named(env: &TestEnv) {
    env.base();
    env.run("start no-such").refused("no-such");
    env.ok("create --name good --network none base true");
    for line in ["start no-such good", "start good no-such"] {
        env.run(line).code(125).complains("no-such").prints("");
    }
    env.ok("ps -a --format {{.State}}").prints("created\n");
}

fn a_start_that_fails_says_why_each_time(env: &TestEnv) {
    env.base();
    env.ok("create --name s --network none base no-such-program");
    for _ in 0..2 {
        env.run("start s").complains("no-such-program").is_readable();
        env.run("inspect s --format {{.State.Running}}").prints("false\n");
    }
    env.ok("rm s");
}

testkit::cases! { both: [
    starts_again_with_its_files, a_gives_the_exit_code, ai_passes_stdin, a_running_one_is_left_alone,
    what_is_not_there_is_named, a_start_that_fails_says_why_each_time,
] }
