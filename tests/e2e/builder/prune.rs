//! `builder prune` and `builder du`; what `system prune` and `image prune` take of the build cache.

use testkit::{Output, TestEnv, note_skipped};

fn build(env: &TestEnv, flags: &str, text: &str) -> Output {
    env.base();
    env.write("ctx/Containerfile", text);
    env.run(&format!("build --network none -t built {flags} ctx"))
}

const TEXT: &str = "FROM base\nRUN echo ran; head -c 30000 /dev/urandom > /f\n\
                    RUN --mount=type=cache,target=/c echo mounted; head -c 50000 /dev/urandom > /c/f\n";

fn skips(env: &TestEnv) -> bool {
    if env.is_peer() {
        note_skipped("podman's build cache is its images");
    }
    env.is_peer()
}

fn what_no_image_has_goes(env: &TestEnv) {
    if skips(env) {
        return;
    }
    env.ok("builder du").prints("Total: 0B\n");
    build(env, "", TEXT).ok();
    env.ok("builder du").has("RUN echo ran").has("cache mount").has("DESCRIPTION");
    // The image has what its steps made.
    env.ok("builder prune -f").has("cache mount").lacks("RUN echo ran");
    build(env, "", TEXT).ok().lacks("\nran\n");
    env.ok("rmi built");
    env.ok("builder prune -f").has("RUN echo ran").lacks("Total: 0B");
    env.ok("builder du").has("Total: 0B\n");
    build(env, "", TEXT).ok().has("\nran\n");
    env.ok("builder prune -af").has("RUN echo ran");
    build(env, "", TEXT).ok().has("\nran\n");
    env.ok("system check").quiet();
}

fn limits(env: &TestEnv) {
    if skips(env) {
        return;
    }
    build(env, "", TEXT).ok();
    env.ok("rmi built");
    env.ok("builder prune -af --filter until=1h").prints("Total: 0B\n");
    env.ok("builder prune -af --keep-storage 1gb").prints("Total: 0B\n");
    env.ok("builder prune -af --max-used-space 0").lacks("Total: 0B");
    env.run("builder prune -f --filter label=x").code(125).complains("only until=TIME");
    env.run("builder prune -f --keep-storage much").code(125).complains("much");
    env.run("builder prune").code(125).complains("EOF");
}

fn a_mount_in_use_stays(env: &TestEnv) {
    if skips(env) {
        return;
    }
    env.base();
    let shared = env.work().join("shared");
    env.script(&format!("mkdir -m 777 {}", shared.display()));
    let text = "FROM base\nRUN --mount=type=cache,target=/c touch /v/begun /c/f; until test -e /v/go; do sleep 0.02; done; \
                test -e /c/f\n";
    env.write("ctx/Containerfile", text);
    let waiting = env.engine().words(&format!("build --network none -v {}:/v ctx", shared.display())).spawn();
    testkit::wait_until("the step begins", || env.exists(shared.join("begun")));
    env.ok("builder prune -af").lacks("cache mount");
    env.ok("builder du").has("false");
    env.write("shared/go", "");
    waiting.wait().ok();
    env.ok("builder prune -af").has("cache mount");
}

fn others_prune_it_too(env: &TestEnv) {
    if skips(env) {
        return;
    }
    build(env, "", TEXT).ok();
    env.ok("rmi built");
    let row = || env.ok("system df --format '{{.Type}} {{.Total}}'").lines()[3].clone();
    assert_eq!(row(), "Build Cache 4");
    env.ok("system prune -f").has("Deleted Build Cache\n");
    // What takes no room, and the mount.
    assert_eq!(row(), "Build Cache 3");
    env.ok("system prune -f --build").has("Total reclaimed space: ");
    assert_eq!(row(), "Build Cache 0");
    build(env, "", TEXT).ok();
    env.ok("image prune -f --build-cache");
    assert_eq!(row(), "Build Cache 0");
    env.ok("image exists built");
}

testkit::cases! { both: [what_no_image_has_goes, limits, a_mount_in_use_stays, others_prune_it_too] }
