//! A list among images: it means its image for this machine, and keeps what it is made of.

use super::two_images;
use testkit::{Base, TestEnv};

fn means_the_image_for_this_machine(env: &TestEnv) {
    two_images(env);
    env.ok("manifest create list other base");
    env.ok("image inspect --format {{.Id}} list").prints(&format!("{}\n", Base::image().id()));
    env.ok("run --rm --network none list echo ran").prints("ran\n");
    env.ok("save -q -o list.tar list");
    let registry = env.registry();
    let name = format!("{}/lib/one:1", registry.host());
    env.ok(&format!("push -q --tls-verify=false list {name}"));
    env.ok("rmi base other");
    env.ok(&format!("pull -q {name}")).prints(&format!("{}\n", Base::image().id()));
}

fn without_such_an_image_it_is_not_known(env: &TestEnv) {
    two_images(env);
    env.ok("manifest create list other");
    env.run("image exists list").code(1);
    env.run("history list").code(125).is_readable();
    env.run("run --pull never --network none list true").code(125).complains("image not known");
    env.ok("images --format {{.Repository}} list").prints("localhost/list\n");
}

/// The other engine's push fails once an image is removed.
fn keeps_what_it_is_made_of(env: &TestEnv) {
    if env.is_peer() {
        return;
    }
    two_images(env);
    env.ok("manifest create list base other");
    env.ok("rmi base other");
    env.ok("system check").quiet();
    let registry = env.registry();
    let name = format!("{}/lib/two:1", registry.host());
    env.ok(&format!("manifest push -q list {name}"));
    env.ok("manifest rm list");
    env.ok("system check").quiet();
    env.ok(&format!("pull -q {name}"));
    env.ok(&format!("run --rm --network none {name} echo ran")).prints("ran\n");
}

fn nothing_is_left_of_it(env: &TestEnv) {
    env.base();
    env.ok("rmi base");
    let empty = env.trace();
    two_images(env);
    env.ok("manifest create list base");
    for _ in 0..3 {
        env.ok("manifest create --amend list other");
        env.ok("manifest annotate --index --annotation a=b list");
    }
    env.ok("rmi -a");
    env.ok("images -q").prints("");
    if !env.is_peer() {
        env.ok("system check").quiet();
        empty.assert_restored(env);
    }
}

testkit::cases! { both: [
    means_the_image_for_this_machine, without_such_an_image_it_is_not_known, keeps_what_it_is_made_of,
    nothing_is_left_of_it,
] }
