//! What was made before isn't made again.

use super::{build, field};
use testkit::{TestEnv, wait_until};

const TEXT: &str = "FROM base\nCOPY f /f\nRUN echo ran; cat /f > /g\nLABEL l=1\n";

fn the_same_is_the_same(env: &TestEnv) {
    env.write("ctx/f", "1");
    build(env, "", TEXT).ok().has("\nran\n");
    let id = field(env, "{{.Id}}");
    build(env, "", TEXT).ok().lacks("\nran\n").has("Using cache");
    assert_eq!(field(env, "{{.Id}}"), id);
    build(env, "--no-cache", TEXT).ok().has("\nran\n");
}

/// The content counts, not the time and not what stands around it.
fn content_decides(env: &TestEnv) {
    env.write("ctx/f", "1");
    build(env, "", TEXT).ok();
    env.write("ctx/f", "1");
    env.host("touch -d 2001-01-01 ctx/f").run().ok();
    build(env, "", &TEXT.replace("FROM base\n", "FROM base\nLABEL before=x\n")).ok();
    if !env.is_peer() {
        build(env, "", &TEXT.replace("FROM base\n", "FROM base\nLABEL before=y\n")).ok().lacks("\nran\n");
    }
    env.write("ctx/f", "2");
    build(env, "", TEXT).ok().has("\nran\n");
    env.write("ctx/f", "1");
    build(env, "", TEXT).ok().lacks("\nran\n");
    build(env, "", &TEXT.replace("echo ran;", "echo ran; true;")).ok().has("\nran\n");
}

fn arguments_count_where_they_are_used(env: &TestEnv) {
    let text = "FROM base\nRUN echo first\nARG a\nRUN echo second $a\n";
    build(env, "--build-arg a=1", text).ok();
    build(env, "--build-arg a=2", text).ok().lacks("\nfirst\n").has("\nsecond 2\n");
    build(env, "--build-arg a=1", text).ok().lacks("\nsecond 1\n");
}

/// Images may go: what steps have made stays known.
fn outlives_its_images(env: &TestEnv) {
    if env.is_peer() {
        return testkit::note_skipped("podman's cache is its images");
    }
    env.write("ctx/f", "1");
    build(env, "", TEXT).ok();
    env.ok("rmi built");
    env.ok("image prune -f");
    build(env, "", TEXT).ok().lacks("\nran\n");
    env.ok("system check").quiet();
    build(env, "--layers=false", &TEXT.replace("cat", "cat -u")).ok().has("\nran\n");
    build(env, "", &TEXT.replace("cat", "cat -u")).ok().has("\nran\n");
}

/// A stage is done, its layer is in no record and no image any more: the build that waits for another stage has it.
fn what_a_build_stands_on_stays(env: &TestEnv) {
    if env.is_peer() {
        return testkit::note_skipped("podman's stages are images, which may go");
    }
    env.base();
    let shared = env.work().join("shared");
    env.script(&format!("mkdir -m 777 {}", shared.display()));
    let text = "FROM base AS s\nRUN head -c 8 /dev/urandom > /random\n\
                FROM base\nRUN touch /v/begun; until test -e /v/go; do sleep 0.02; done\nCOPY --from=s /random /\n";
    env.write("ctx/Containerfile", text);
    let line = format!("build --network none --jobs 1 -v {}:/v", shared.display());
    env.run(&format!("{line} --target s -t first ctx")).ok();
    let waiting = env.engine().words(&format!("{line} -t built ctx")).spawn();
    wait_until("the second stage begins", || env.exists(shared.join("begun")));
    env.run(&format!("{line} --target s --no-cache -t other ctx")).ok();
    env.ok("rmi first");
    env.write("shared/go", "");
    waiting.wait().ok();
    assert_eq!(super::inside(env, "stat -c %s /random"), "8");
    env.ok("system check").quiet();
}

/// Its step is done again, and has a place to put what it makes.
fn a_layer_without_its_files_is_made_again(env: &TestEnv) {
    if env.is_peer() {
        return testkit::note_skipped("podman keeps its layers elsewhere");
    }
    let text = "FROM base\nCOPY --link f /new/f\n";
    env.write("ctx/f", "x");
    build(env, "", text).ok();
    let layers = env.graphroot().join("minke/layers");
    let layer = super::field(env, "{{index .RootFS.Layers 1}}").replace("sha256:", "");
    env.host_root(&format!("rm -r {}/{layer}/diff", layers.display())).run().ok();
    build(env, "", text).ok().lacks("Using cache");
    assert_eq!(super::inside(env, "cat /new/f"), "x");
}

testkit::cases! { both: [
    a_layer_without_its_files_is_made_again,
    the_same_is_the_same, content_decides, arguments_count_where_they_are_used, outlives_its_images,
    what_a_build_stands_on_stays,
] }
