//! `tag`.

use testkit::TestEnv;

fn adds_names(env: &TestEnv) {
    env.base();
    env.ok("tag base a:1 example.invalid/b/c:2").prints("");
    env.ok("run --rm --network none a:1 true");
    env.ok("run --rm --network none example.invalid/b/c:2 true");
    assert_eq!(env.ok("images --noheading").lines().len(), 3);
}

fn wrong_ones_are_refused(env: &TestEnv) {
    env.base();
    env.run("tag no-such a:1").refused("no-such");
    env.run("tag base UPPER:1").code(125).is_readable();
    env.run("tag base").code(125).is_readable();
}

testkit::cases! { both: [adds_names, wrong_ones_are_refused] }
