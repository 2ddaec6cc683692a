//! `build --check`: nothing is built, and what is said is what BuildKit says.

use super::build;
use testkit::{TestEnv, note_skipped};

fn warnings_are_told_with_their_lines(env: &TestEnv) {
    if env.is_peer() {
        return note_skipped("podman has no --check");
    }
    let text = "FROM scratch AS one\nWORKDIR rel\nCMD echo x\n";
    let checked = build(env, "--check", text);
    checked.code(1).has("Check complete, 2 warnings have been found!\n\nWARNING: WorkdirRelativePath - ").has(
        "\nRelative workdir \"rel\" can have unexpected results if the base image changes\nctx/Containerfile:2\n\
         --------------------\n   1 |     FROM scratch AS one\n   2 | >>> WORKDIR rel\n   3 |     CMD echo x\n   4 |     \n\
         --------------------\n\nWARNING: JSONArgsRecommended - https://docs.docker.com/go/dockerfile/rule/json-args-recommended/\n",
    );
    env.run("image exists built").code(1);
    let base = build(env, "--check", "FROM base\nLABEL a=$PATH b=$nope\n");
    base.code(1).has("1 warning has been found").has("undefined variable '$nope'");
    build(env, "--check", "FROM scratch\nCOPY f /\n").ok().prints("Check complete, no warnings found.\n");
    build(env, "--check", "FROM scratch\nCPOY f /\n").code(125).complains("did you mean COPY?");
    build(env, "--call check", text).code(1);
    build(env, "--call targets", text).ok().prints("TARGET        DESCRIPTION\none (default)\n");
    build(env, "--call outline", text).code(125).complains("outline");
}

fn the_file_and_an_argument_choose_rules(env: &TestEnv) {
    if env.is_peer() {
        return note_skipped("podman has no --check");
    }
    let skips = "# check=skip=JSONArgsRecommended\nFROM base\nCMD echo x\n";
    build(env, "--check", skips).ok().has("no warnings");
    build(env, "--check --build-arg BUILDKIT_DOCKERFILE_CHECK=error=true", skips).code(1).has("JSONArgs");
    let strict = "# check=error=true\nFROM base\nCMD echo x\n";
    build(env, "--check", strict).code(1).complains("lint violation found for rules: JSONArgsRecommended");
    // A build minds that, too.
    build(env, "", strict).code(125).complains("lint violation found for rules: JSONArgsRecommended");
    env.run("image exists built").code(1);
    let relaxed = "--build-arg BUILDKIT_DOCKERFILE_CHECK=skip=all";
    assert_eq!(build(env, relaxed, strict).ok().complaint(), "");
    build(env, "", "# check=error=maybe\nFROM base\n").code(125).complains("check option");
}

testkit::cases! { both: [warnings_are_told_with_their_lines, the_file_and_an_argument_choose_rules] }
