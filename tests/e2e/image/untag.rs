//! `untag`.

use testkit::{Base, TestEnv};

fn names(env: &TestEnv) -> Vec<String> {
    env.ok("images --format {{.Repository}}:{{.Tag}}").lines()
}

fn takes_names_away(env: &TestEnv) {
    env.base();
    env.ok("tag base two:1 quay.io/q/z:3");
    assert_eq!(names(env), ["quay.io/q/z:3", "localhost/two:1", "localhost/base:latest"]);
    env.ok("untag base two:1").quiet();
    assert_eq!(names(env), ["quay.io/q/z:3", "localhost/base:latest"]);
    env.ok(&format!("untag {}", &Base::image().id()[..12])).quiet();
    assert_eq!(names(env), ["<none>:<none>"]);
    env.ok("images --filter dangling=true -q").prints(&format!("{}\n", &Base::image().id()[..12]));
}

fn unknown_ones_are_named(env: &TestEnv) {
    env.base();
    env.run("untag no-such").code(125).complains("no-such: image not known");
    env.run("untag base two:1").code(125).complains("localhost/two:1: tag not known");
    env.run("untag").code(125).complains("requires at least 1 arg(s), only received 0");
    assert_eq!(names(env), ["localhost/base:latest"]);
}

testkit::cases! { both: [takes_names_away, unknown_ones_are_named] }
