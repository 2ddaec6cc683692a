//! Named and anonymous volumes, as far as `run` makes them.

use serde_json::json;
use testkit::{Base, Entry, TestEnv};

fn a_named_volume_outlives_its_container(env: &TestEnv) {
    env.base();
    env.ok("run --rm --network none -v keep:/data base sh -c 'echo kept >/data/x'");
    env.ok("run --rm --network none -v keep:/data base cat /data/x").prints("kept\n");
}

fn a_new_volume_starts_with_the_images_files(env: &TestEnv) {
    env.load(&with_files(), "localhost/files:1");
    env.ok("run --rm --network none -v seeded:/srv files:1 sh -c 'cat /srv/a; stat -c %u:%a /srv/a; echo new >/srv/a'")
        .prints("image1000:640\n");
    env.ok("run --rm --network none -v seeded:/srv files:1 cat /srv/a").prints("new\n");
}

fn nocopy_leaves_it_empty(env: &TestEnv) {
    env.load(&with_files(), "localhost/files:1");
    env.ok("run --rm --network none -v bare:/srv:nocopy files:1 ls /srv").prints("");
}

fn volume_names_have_rules(env: &TestEnv) {
    env.base();
    env.run("run --rm -v 'bad name:/x' base true").code(125).is_readable();
}

fn an_anonymous_volume_goes_with_rm(env: &TestEnv) {
    env.load(&with_files().config("Volumes", json!({"/srv": {}})), "localhost/vol:1");
    env.ok("run --rm --network none vol:1 true");
    let before = env.trace();
    env.ok("run --rm --network none vol:1 touch /srv/b");
    env.ok("run --rm --network none -v /anon vol:1 touch /anon/b");
    before.assert_restored(env);
}

fn rm_v_removes_anonymous_volumes_only(env: &TestEnv) {
    env.base();
    env.ok("run --name a --network none -v /anon -v named:/n base touch /anon/x /n/x");
    env.ok("rm -v a");
    env.ok("run --rm --network none -v named:/n base ls /n").prints("x\n");
}

fn ro_volume_is_read_only(env: &TestEnv) {
    env.base();
    env.run("run --rm --network none -v r:/data:ro base touch /data/x").code(1).complains("read-only");
}

fn with_files() -> testkit::Image {
    let mut image = Base::image();
    let entries = [Entry::dir("srv"), Entry::file("srv/a", "image").owner(1000, 1000).mode(0o640)];
    image.layers.push(testkit::Layer::new(&entries));
    image
}

testkit::cases! { both: [
    a_named_volume_outlives_its_container, a_new_volume_starts_with_the_images_files, nocopy_leaves_it_empty,
    volume_names_have_rules, an_anonymous_volume_goes_with_rm, rm_v_removes_anonymous_volumes_only,
    ro_volume_is_read_only,
] }
