//! `image exists`.

use testkit::{Base, TestEnv};

fn is_told_by_the_exit_code(env: &TestEnv) {
    env.base();
    for name in ["base", "localhost/base:latest", &Base::image().id(), &Base::image().id()[..12]] {
        env.ok(&format!("image exists {name}")).quiet();
    }
    env.run("image exists no-such").code(1).quiet();
    env.run("image exists BAD:X:Y").code(125).complains("BAD:X:Y");
    env.run("image exists a b").code(125).complains("accepts 1 arg(s), received 2");
}

testkit::cases! { both: [is_told_by_the_exit_code] }
