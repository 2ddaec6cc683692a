//! `buildah rm`, and what a working container keeps.

use super::{buildah, ok, shown};
use testkit::TestEnv;

fn they_go(env: &TestEnv) {
    ok(env, "from --name one scratch");
    ok(env, "from --name two scratch");
    ok(env, "from --name three scratch");
    let id = shown(env, "one", "{{.ContainerID}}");
    ok(env, "rm one").prints(&format!("{id}\n"));
    buildah(env, "rm one").run().code(125).complains("removing container \"one\": container not known");
    assert_eq!(ok(env, "rm --all").lines().len(), 2);
    ok(env, "containers -q").prints("");
    buildah(env, "rm").run().code(125).complains("container ID must be specified");
    buildah(env, "rm --all one").run().code(125).complains("when using the --all switch");
}

fn an_image_in_use_stays(env: &TestEnv) {
    env.base();
    ok(env, "from base");
    let id = shown(env, "base-working-container", "{{.ContainerID}}");
    let refused = env.run("rmi base");
    refused.code(2).complains(&format!("image used by {id}"));
    if !env.is_peer() {
        env.ok("system check --quick");
        // Nothing that it stands on goes with a prune, either.
        env.ok("image prune --all --force").prints("");
    }
    env.ok("rmi --force base");
    ok(env, "containers -q").prints("");
}

testkit::cases! { both: [they_go, an_image_in_use_stays] }
