//! Commands that are killed leave a sound store.

use super::ok;
use testkit::TestEnv;

/// Seconds after which a command is killed.
const MOMENTS: [&str; 10] = ["0.002", "0.004", "0.007", "0.01", "0.015", "0.02", "0.03", "0.04", "0.06", "0.1"];

fn at_any_moment(env: &TestEnv) {
    // Its check complains of any image here.
    if env.is_peer() {
        return;
    }
    env.base();
    env.write("file", vec![7; 4 << 20]);
    ok(env, "from --name c base");
    let commands = ["from base", "copy c file /file", "run --network none c -- touch /touched", "commit -q c made"];
    for moment in MOMENTS {
        for command in commands {
            let program = testkit::engine_under_test();
            env.host(&format!("timeout -s KILL {moment} {program} buildah {command}")).run();
        }
    }
    // What was left is whole, can be worked with, and goes.
    env.ok("system check");
    for name in ok(env, "containers --format {{.ContainerName}}").lines() {
        ok(env, &format!("run --network none {name} true"));
    }
    ok(env, "copy c file /file");
    ok(env, "commit -q --rm c made");
    env.ok("run --rm --network none made stat -c %s /file").prints("4194304\n");
    ok(env, "rm --all");
    env.ok("system check");
}

testkit::cases! { both: [at_any_moment] }
