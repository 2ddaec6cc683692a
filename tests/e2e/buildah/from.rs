//! `buildah from`.

use super::{buildah, ok, shown};
use testkit::TestEnv;

fn names_follow_the_image(env: &TestEnv) {
    env.base();
    ok(env, "from scratch").prints("working-container\n");
    ok(env, "from scratch").prints("working-container-1\n");
    ok(env, "from base").prints("base-working-container\n");
    ok(env, "from --name mine --cidfile cid localhost/base:latest").prints("mine\n");
    let id = env.read(env.work().join("cid")).unwrap();
    assert_eq!(shown(env, "mine", "{{.ContainerID}}"), id);
    assert_eq!(shown(env, &id[..12], "{{.Container}} {{.FromImage}}"), "mine localhost/base:latest");
}

fn names_are_unique(env: &TestEnv) {
    env.base();
    ok(env, "from --name one base");
    buildah(env, "from --name one base").run().code(125).complains("the container name \"one\" is already in use by");
    env.ok("create --name other --network none base true");
    buildah(env, "from --name other base").run().code(125).complains("already in use");
    env.run("create --name one --network none base true").code(125).complains("already in use");
}

fn nonsense_is_refused(env: &TestEnv) {
    buildah(env, "from").run().code(125).complains("an image name (or \"scratch\") must be specified");
    buildah(env, "from --pull=never no-such").run().code(125).complains("no-such");
    buildah(env, "from --isolation none scratch").run().code(125).complains("unrecognized isolation type");
    buildah(env, "from --no-such-flag scratch").run().code(125).complains("unknown flag: --no-such-flag");
    buildah(env, "no-such-command").run().code(125).complains("no-such-command");
}

testkit::cases! { both: [names_follow_the_image, names_are_unique, nonsense_is_refused] }
