//! `rmi`.

use testkit::{Base, TestEnv};

fn removes_names_then_the_image(env: &TestEnv) {
    env.base();
    env.ok("tag base other:1");
    env.ok("rmi other:1").has("Untagged: localhost/other:1").lacks("Deleted");
    env.ok("rmi base").has("Untagged: localhost/base:latest").has(&format!("Deleted: {}", Base::image().id()));
    env.ok("images -aq").prints("");
}

fn an_image_in_use_stays(env: &TestEnv) {
    env.base();
    env.ok("create --name user base true");
    env.run("rmi base").code(2).complains("in use").is_readable();
    env.ok("rmi -f base");
    env.ok("ps -aq").prints("");
    env.ok("images -aq").prints("");
}

fn by_id(env: &TestEnv) {
    env.base();
    env.ok(&format!("rmi {}", &Base::image().id()[..12]));
    env.base();
    env.ok("tag base other:1");
    env.run(&format!("rmi {}", Base::image().id())).code(125).complains("force").is_readable();
    env.ok(&format!("rmi -f {}", Base::image().id()));
    env.ok("images -aq").prints("");
}

fn unknown_ones_are_named(env: &TestEnv) {
    env.run("rmi no-such").code(1).complains("no-such").is_readable();
    env.ok("rmi -i no-such").quiet();
    env.ok("rmi -f no-such").quiet();
    env.run("rmi no-such nor-this").code(1).complains("2 errors occurred:").complains("nor-this: image not known");
    env.run("rmi").code(125).complains("image name or ID must be specified");
    env.run("rmi -a x").code(125).complains("when using the --all switch");
    env.base();
    env.ok("tag base other:1");
    env.ok("rmi --no-prune other:1").has("Untagged: localhost/other:1");
    env.run("rmi no-such base").complains("no-such").has("Deleted");
    env.ok("images -aq").prints("");
}

fn nothing_is_left_on_the_disk(env: &TestEnv) {
    if env.is_peer() {
        return testkit::note_skipped("podman keeps its own files");
    }
    env.base();
    env.ok("rmi -a");
    let before = env.trace();
    env.base();
    env.ok("rmi -a");
    before.assert_restored(env);
}

/// Whoever comes second finds what it wanted: the image is gone.
fn several_may_force_the_same_to_go(env: &TestEnv) {
    for _ in 0..5 {
        env.base();
        let together: Vec<_> = (0..6).map(|_| env.engine().words("rmi -f base").spawn()).collect();
        for removal in together {
            removal.wait().ok();
        }
        env.ok("images -aq").prints("");
    }
}

/// As in `rmi $(images -q)`, where an image stands once for each of its names.
fn the_same_may_be_meant_twice(env: &TestEnv) {
    for names in ["base base", "base localhost/base:latest", &format!("base {}", Base::image().id())] {
        env.base();
        let removed = env.ok(&format!("rmi {names}"));
        removed.has("Untagged: localhost/base:latest").has(&Base::image().id());
        env.ok("images -aq").prints("");
    }
    env.base();
    env.run("rmi base nosuch base").code(1).complains("nosuch");
    env.ok("images -aq").prints("");
}

testkit::cases! { both: [
    the_same_may_be_meant_twice,
    several_may_force_the_same_to_go, removes_names_then_the_image, an_image_in_use_stays, by_id, unknown_ones_are_named, nothing_is_left_on_the_disk,
] }
