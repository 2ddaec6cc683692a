//! `manifest rm`, and what `rmi`, `tag` and `untag` do with lists.

use super::two_images;
use testkit::TestEnv;

fn lists_go_and_images_stay(env: &TestEnv) {
    two_images(env);
    let id = env.ok("manifest create list base other").text();
    env.ok("manifest rm list").prints(&format!("Untagged: localhost/list:latest\nDeleted: {id}\n"));
    env.ok("image exists base");
    env.run("manifest rm base").code(125).complains("localhost/base:latest: image is not a manifest list");
    env.run("manifest rm no-such").code(1).complains("no-such: image not known");
    env.ok("manifest rm --ignore no-such").quiet();
    env.run("manifest rm").code(125).complains("requires at least 1 arg(s), only received 0");
}

fn names_of_lists(env: &TestEnv) {
    env.base();
    let id = env.ok("manifest create list base").text();
    env.ok("tag list more:1");
    if !env.is_peer() {
        // There the tag is the image's for this machine.
        env.ok("manifest exists more:1");
        env.ok("manifest rm list").prints("Untagged: localhost/list:latest\n");
        env.ok("rmi more:1").prints(&format!("Untagged: localhost/more:1\nDeleted: {id}\n"));
    }
    env.ok("run --rm --network none base true");
}

testkit::cases! { both: [lists_go_and_images_stay, names_of_lists] }
