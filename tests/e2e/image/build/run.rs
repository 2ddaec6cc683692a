//! `RUN`.

use super::{build, inside};
use testkit::TestEnv;

fn changes_become_layers(env: &TestEnv) {
    let text = "FROM base\nRUN echo a > /a && mkdir /gone /kept && touch /gone/x /kept/y\nRUN rm -r /gone /kept && mkdir /kept && ln /a /b\n\
                RUN [\"sh\", \"-c\", \"echo $0\", \"x\"]\nRUN true\n";
    build(env, "", text).ok();
    assert_eq!(inside(env, "cat /a /b; ls -d /gone 2>/dev/null; ls /kept | wc -l"), "a\na\n0");
}

/// What containers need to be there is no part of the image.
fn nothing_else_becomes_part_of_it(env: &TestEnv) {
    if env.is_peer() {
        return testkit::note_skipped("podman leaves the folders that it mounts on");
    }
    build(env, "", "FROM base AS all\nFROM scratch\nCOPY --from=all / /\nRUN --mount=type=cache,target=/c/d --mount=type=tmpfs,target=/t true\n").ok();
    let layers = super::field(env, "{{len .RootFS.Layers}}");
    assert_eq!(layers, "1");
    env.ok("system check").quiet();
}

fn fails_with_the_commands_code(env: &TestEnv) {
    let failed = build(env, "", "FROM base\nRUN echo to out; echo to err >&2; exit 7\nRUN echo never\n");
    failed.code(7).complains("RUN echo to out").has("to out").lacks("never");
    assert!(failed.complaint().contains("to err"), "{failed}");
    env.run("image exists built").code(1);
}

fn surroundings(env: &TestEnv) {
    let text = "FROM base\nUSER 5\nWORKDIR /tmp\nENV E=e\nARG A=a\nRUN echo $(id -u) $(pwd) $E $A; cat /proc/1/status | grep -c Seccomp\n\
                USER 0\nRUN --network=none ls /sys/class/net\n";
    build(env, "", text).ok().has("5 /tmp e a\n").has("\nlo\n");
}

fn heredocs_are_scripts(env: &TestEnv) {
    let text = "FROM base\nRUN <<EOF\nset -e\necho one\necho two > /f\nEOF\nRUN <<EOF\n#!/bin/cat\nthree\nEOF\n";
    build(env, "", text).ok().has("one").has("three");
    assert_eq!(inside(env, "cat /f; test -e /dev/pipes || echo gone"), "two\ngone");
}

/// Whoever is root in a build is no more than root in a container.
fn rights_are_a_containers(env: &TestEnv) {
    let text = "FROM base\nRUN mount -t tmpfs x /mnt 2>/dev/null || echo no mounts\nRUN --security=insecure true\n";
    if !env.is_peer() {
        build(env, "", text).code(125).has("no mounts").complains("--allow security.insecure");
        build(
            env,
            "--allow security.insecure",
            "FROM base\nRUN --security=insecure mkdir -p /mnt && mount -t tmpfs x /mnt && echo mounted\n",
        )
        .ok()
        .has("mounted");
    }
}

testkit::cases! { both: [
    changes_become_layers, nothing_else_becomes_part_of_it, fails_with_the_commands_code, surroundings, heredocs_are_scripts,
    rights_are_a_containers,
] }
