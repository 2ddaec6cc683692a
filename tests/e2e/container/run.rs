//! `run`: output, exit codes, streams.

use testkit::TestEnv;

fn prints_what_the_command_prints(env: &TestEnv) {
    env.base();
    env.ok("run --rm --network none base echo hello").prints("hello\n");
}

testkit::cases! { both: [prints_what_the_command_prints] }
