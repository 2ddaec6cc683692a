//! `--cache-to` and `--cache-from`: what one machine has made isn't made by another.

use super::build;
use testkit::{TestEnv, note_skipped};

const TEXT: &str = "FROM base AS tool\nRUN echo tool; head -c 90000 /dev/urandom > /tool\n\
                    FROM base\nCOPY --from=tool /tool /t\nRUN echo ran; cat /t > /u\nRUN echo nothing\n";

/// As on a machine that has never built it.
fn forget(env: &TestEnv) {
    env.ok("rmi built");
    env.ok("builder prune -af");
}

fn skips(env: &TestEnv) -> bool {
    if env.is_peer() {
        note_skipped("podman keeps a tag for each step");
    }
    env.is_peer()
}

fn a_repository_is_shared(env: &TestEnv) {
    if skips(env) {
        return;
    }
    let registry = env.registry();
    let place = format!("{}/cache", registry.host());
    build(env, &format!("--cache-to {place} --cache-from {place}"), TEXT).ok().has("\nran\n").complains("is not used");
    forget(env);
    let again = build(env, &format!("--cache-from {place}"), TEXT);
    again.ok().lacks("\nran\n").lacks("\ntool\n").lacks("\nnothing\n").has("Using cache");
    // Another build adds what it has made; what was there stays.
    let other = "FROM base\nRUN echo other > /o\n";
    build(env, &format!("--cache-to {place}"), other).ok();
    forget(env);
    build(env, &format!("--cache-from {place}"), TEXT).ok().lacks("\nran\n");
    build(env, &format!("--cache-from {place} --why"), other).ok().lacks("Not cached");
    env.ok("system check").quiet();
}

/// Only what the result consists of, or all.
fn modes(env: &TestEnv) {
    if skips(env) {
        return;
    }
    let registry = env.registry();
    for (mode, tool) in [("min", true), ("max", false)] {
        let place = format!("type=registry,ref={}/cache:{mode}", registry.host());
        build(env, &format!("--cache-to {place},mode={mode},compression=zstd"), TEXT).ok();
        forget(env);
        let again = build(env, &format!("--cache-from {place}"), TEXT);
        assert_eq!(again.text().contains("\ntool\n"), tool, "{again}");
        forget(env);
    }
}

fn a_folder_is_shared(env: &TestEnv) {
    if skips(env) {
        return;
    }
    for _ in 0..2 {
        build(env, "--cache-to type=local,dest=shared,mode=max", TEXT).ok();
    }
    forget(env);
    build(env, "--cache-from type=local,src=shared", TEXT).ok().lacks("\nran\n").lacks("\ntool\n");
    assert_eq!(super::inside(env, "cmp /t /u && echo same"), "same");
}

/// A layer that isn't what its digest says isn't used: the step is done here.
fn lies_are_found(env: &TestEnv) {
    if skips(env) {
        return;
    }
    build(env, "--cache-to type=local,dest=shared,mode=max", TEXT).ok();
    forget(env);
    // One byte of each large blob is another.
    env.script(
        "for f in shared/blobs/sha256/*; do \
           if test $(stat -c %s $f) -gt 5000; then printf X | dd of=$f bs=1 seek=400 conv=notrunc status=none; fi; done",
    );
    let again = build(env, "--cache-from type=local,src=shared", TEXT);
    again.ok().has("\ntool\n");
    env.ok("system check").quiet();
    env.host("rm -r shared").run().ok();
    build(env, "--cache-from type=local,src=shared", TEXT).ok().complains("is not used");
    build(env, "--cache-from type=inline", TEXT).code(125).complains("type=inline is not supported");
    build(env, "--cache-to type=gha", TEXT).code(125).complains("type=gha is not supported");
    build(env, "--cache-to 127.0.0.1:1/x", TEXT).code(125).complains("127.0.0.1:1");
    build(env, "--cache-to type=registry,ref=127.0.0.1:1/x,ignore-error=true", TEXT).ok().complains("is not written");
}

testkit::cases! { both: [a_repository_is_shared, modes, a_folder_is_shared, lies_are_found] }
