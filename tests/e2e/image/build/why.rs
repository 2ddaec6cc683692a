//! `--why`: what changed since the same step was done last.

use super::build;
use testkit::{TestEnv, note_skipped};

fn the_input_that_changed_is_named(env: &TestEnv) {
    if env.is_peer() {
        return note_skipped("podman has no --why");
    }
    let text = "FROM base\nARG X=1\nCOPY src /src\nRUN echo $X > /x\n";
    for name in ["a.c", "b.c", "c.c"] {
        env.write(&format!("ctx/src/{name}"), "1");
    }
    build(env, "--why", text).ok().has("--> Not cached: never built\n");
    build(env, "--why", text).ok().lacks("Not cached");
    env.write("ctx/src/a.c", "2");
    env.write("ctx/src/b.c", "2");
    build(env, "--why", text)
        .ok()
        .has("--> Not cached: 2 files changed: src/a.c, src/b.c\n")
        .has("--> Not cached: a step before it has made something else\n");
    build(env, "--why --build-arg X=2", text).ok().has("--> Not cached: build argument X was 1, is 2\n");
    build(env, "--why --no-cache", text).ok().has("--> Not cached: what was made before isn't to be used\n");
    build(env, "--why --cache-ttl 0", text).ok().has("--> Not cached: what was made before isn't to be used\n");
    build(env, "--why --cache-ttl 1h", text).ok().lacks("Not cached");
}

fn another_base_is_another_base(env: &TestEnv) {
    if env.is_peer() {
        return note_skipped("podman has no --why");
    }
    let text = "ARG B=base\nFROM $B\nRUN echo > /x\n";
    build(env, "", text).ok();
    env.run("tag built other").ok();
    build(env, "--why --build-arg B=other", text).ok().has("--> Not cached: base image changed\n");
}

/// Some stages are built anew, others aren't; a name that is no stage's is a mistake.
fn stages_without_the_cache(env: &TestEnv) {
    if env.is_peer() {
        return note_skipped("podman has no --no-cache-filter");
    }
    let text = "FROM base AS One\nRUN echo first > /one\nFROM base\nCOPY --from=one /one /\nRUN echo last\n";
    build(env, "", text).ok();
    build(env, "--no-cache-filter one --why", text).ok().has("[1/2] --> Not cached").lacks("[2/2] --> Not cached");
    build(env, "--no-cache-filter 1 --why", text).ok().has("[2/2] --> Not cached").lacks("[1/2] --> Not cached");
    build(env, "--no-cache-filter two", text).code(125).complains("stage two is to be built without the cache");
}

testkit::cases! { both: [
    the_input_that_changed_is_named, another_base_is_another_base, stages_without_the_cache,
] }
