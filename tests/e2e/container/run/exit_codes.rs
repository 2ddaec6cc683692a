//! What `run` ends with, and what it says when nothing ran.

use testkit::{Entry, Image, Layer, TestEnv};

fn is_the_commands_own(env: &TestEnv) {
    env.base();
    for code in [0, 1, 42, 124, 255] {
        env.run(&format!("run --rm --network none base sh -c 'exit {code}'")).code(code);
    }
}

fn is_128_and_the_signal(env: &TestEnv) {
    env.base();
    env.run("run --rm --network none base sh -c 'sh -c \"kill -9 \\$\\$\"; exit $?'").code(137);
    env.run("run --rm --init --network none base sh -c 'kill -TERM $$'").code(143);
}

fn is_127_for_a_command_that_is_not_there(env: &TestEnv) {
    env.base();
    env.run("run --rm --network none base no-such-program").code(127).complains("no-such-program").is_readable();
    env.run("run --rm --network none base /no/such/program").code(127).complains("/no/such/program").is_readable();
}

fn is_126_for_a_command_that_cannot_be_executed(env: &TestEnv) {
    env.base();
    env.run("run --rm --network none base /etc/passwd").code(126).complains("/etc/passwd").is_readable();
    env.run("run --rm --network none base /etc").code(126).complains("/etc").is_readable();
}

fn is_125_for_a_wrong_flag(env: &TestEnv) {
    env.base();
    env.run("run --no-such-flag base true").code(125).complains("--no-such-flag").is_readable();
}

fn is_125_for_a_missing_image(env: &TestEnv) {
    env.run("run --rm --pull never localhost/not-there true").refused("not-there");
    env.run("run").code(125).complains("requires at least 1 arg").is_readable();
}

fn a_failed_run_leaves_no_container_with_rm(env: &TestEnv) {
    env.base();
    env.run("run --rm --name gone --network none base no-such-program").code(127);
    env.ok("ps -aq").prints("");
    env.ok("run --rm --name gone --network none base true");
}

fn an_image_without_a_command_says_so(env: &TestEnv) {
    env.load(&Image::new(vec![Layer::new(&[Entry::file("etc/x", "")])]), "localhost/bare:1");
    let output = env.run("run --rm --network none bare:1");
    output.is_readable().complains_of_one(&["command", "cmd"]);
    assert!([125, 127].contains(&output.status.code().unwrap()), "{output}");
}

fn a_working_folder_that_cannot_be_made_says_so(env: &TestEnv) {
    env.base();
    let output = env.run("run --rm --network none -w /etc/passwd/x base true");
    output.is_readable().complains("/etc/passwd/x");
    assert!([126, 127].contains(&output.status.code().unwrap()), "{output}");
}

testkit::cases! { both: [
    is_the_commands_own, is_128_and_the_signal, is_127_for_a_command_that_is_not_there,
    is_126_for_a_command_that_cannot_be_executed, is_125_for_a_wrong_flag, is_125_for_a_missing_image,
    a_failed_run_leaves_no_container_with_rm, an_image_without_a_command_says_so,
    a_working_folder_that_cannot_be_made_says_so,
] }
