//! `manifest exists`.

use testkit::TestEnv;

fn existence_is_told_by_the_code(env: &TestEnv) {
    env.base();
    env.ok("manifest create list");
    env.ok("manifest exists list").quiet();
    env.run("manifest exists no-such").code(1).quiet();
    env.run("manifest exists base").code(125).complains("localhost/base:latest: image is not a manifest list");
}

testkit::cases! { both: [existence_is_told_by_the_code] }
