//! `rm`.

use testkit::TestEnv;

fn removes_what_has_ended(env: &TestEnv) {
    env.base();
    env.ok("run --name a --network none base true");
    env.ok("create --name b base true");
    env.ok("rm a b").has("a").has("b");
    env.ok("ps -aq").prints("");
}

fn a_running_one_needs_f(env: &TestEnv) {
    env.base();
    env.ok("run -d --name a --network none base sleep 1000");
    env.run("rm a").code(2).complains("running").is_readable();
    env.ok("rm -f -t 0 a");
    env.ok("ps -aq").prints("");
}

fn unknown_ones(env: &TestEnv) {
    env.base();
    env.run("rm no-such").code(1).complains("no-such").is_readable();
    env.ok("rm -f no-such");
    env.ok("rm -i no-such");
    env.ok("create --name a base true");
    env.ok("create --name b base true");
    for line in ["rm no-such a", "rm a no-such b"] {
        env.run(line).code(1).complains("no-such").prints("");
    }
    assert_eq!(env.ok("ps -aq").lines().len(), 2);
    assert_eq!(env.ok("rm -i a no-such b").lines().len(), 2);
}

fn by_id_and_prefix(env: &TestEnv) {
    env.base();
    let id = env.ok("create base true").text();
    env.ok(&format!("rm {}", &id[..5]));
    let id = env.ok("create base true").text();
    env.ok(&format!("rm {id}"));
    env.ok("ps -aq").prints("");
}

fn all_removes_all(env: &TestEnv) {
    env.base();
    for _ in 0..3 {
        env.ok("create base true");
    }
    assert_eq!(env.ok("rm -a").lines().len(), 3);
    env.ok("ps -aq").prints("");
}

/// `b` and `c` are in `a`'s network; `c` doesn't run.
fn dependents(env: &TestEnv) {
    env.ok("run -d --name a --network none base sleep 1000");
    env.ok("run -d --name b --network container:a base sleep 1000");
    env.ok("create --name c --network container:a base true");
}

fn what_others_depend_on_stays(env: &TestEnv) {
    env.base();
    dependents(env);
    env.run("rm a").code(2).complains("is running");
    env.run("rm -f -t 0 a").code(125).complains("has dependent containers");
    env.ok("rm -f -t 0 b c");
    env.ok("rm -f -t 0 a").prints("a\n");
}

fn depend_removes_what_depends_on_it(env: &TestEnv) {
    env.base();
    dependents(env);
    assert_eq!(env.ok("rm -f -t 0 --depend a").lines().len(), 3);
    env.ok("ps -aq").prints("");
}

fn all_minds_no_dependencies(env: &TestEnv) {
    env.base();
    for command in ["rm -f -t 0 -a", "rm -a"] {
        dependents(env);
        if !command.contains("-f") {
            env.ok("stop -t 0 -a");
        }
        assert_eq!(env.ok(command).lines().len(), 3);
        env.ok("ps -aq").prints("");
    }
}

fn nothing_is_left(env: &TestEnv) {
    env.base();
    env.ok("run --rm --network none base true");
    let before = env.trace();
    env.ok("run -d --name a --network none -v /anon --tmpfs /t base sh -c 'echo x >/file; sleep 1000'");
    env.ok("exec a touch /more");
    env.ok("rm -f -v -t 0 a");
    before.assert_restored(env);
}

fn rm_flag_removes_after_exit(env: &TestEnv) {
    env.base();
    env.ok("run --rm --network none base true");
    let before = env.trace();
    env.ok("run -d --rm --network none base sleep 0.2");
    before.assert_restored(env);
}

testkit::cases! { both: [
    removes_what_has_ended, a_running_one_needs_f, unknown_ones, by_id_and_prefix, all_removes_all, nothing_is_left,
    rm_flag_removes_after_exit, what_others_depend_on_stays, depend_removes_what_depends_on_it, all_minds_no_dependencies,
] }
