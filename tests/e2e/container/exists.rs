//! `container exists`.

use testkit::TestEnv;

fn is_told_by_the_exit_code(env: &TestEnv) {
    env.base();
    let id = env.ok("create --name a base true").text();
    for name in ["a", &id, &id[..12]] {
        env.ok(&format!("container exists {name}")).quiet();
    }
    env.run("container exists no-such").code(1).quiet();
    env.run("container exists").code(125).complains("accepts 1 arg(s), received 0");
    env.ok("rm a");
    env.run("container exists a").code(1).quiet();
}

testkit::cases! { both: [is_told_by_the_exit_code] }
