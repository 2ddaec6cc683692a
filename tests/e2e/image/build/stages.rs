//! Several stages.

use super::{build, inside};
use testkit::TestEnv;

fn only_what_is_needed_is_built(env: &TestEnv) {
    let text = "FROM base AS one\nRUN echo in one > /f\nFROM base AS two\nRUN echo in two; exit 1\nFROM one AS Three\nRUN cat /f\n";
    let built = build(env, "", text);
    built.ok().has("in one").lacks("in two");
    build(env, "--target one", text).ok();
    assert_eq!(inside(env, "cat /f"), "in one");
    build(env, "--target 1", text).code(1);
    build(env, "--target onee", text).code(125).complains("onee");
    build(env, "--skip-unused-stages=false", text).code(1);
}

/// Each waits for the file that the other's stage makes: one after the other they would never end.
fn independent_stages_run_side_by_side(env: &TestEnv) {
    if env.is_peer() {
        return testkit::note_skipped("podman builds them one after the other");
    }
    let stage = |own: &str, other: &str| {
        format!(
            "FROM base AS {own}\nRUN --mount=type=cache,id=meet,target=/m touch /m/{own}; i=0; until [ -e /m/{other} ]; do i=$((i+1)); [ $i -gt 600 ] && exit 1; sleep 0.1; done\n"
        )
    };
    let text = format!(
        "{}{}FROM base\nCOPY --from=a /etc/passwd /a\nCOPY --from=b /etc/passwd /b\n",
        stage("a", "b"),
        stage("b", "a")
    );
    build(env, "--jobs 2", &text).ok();
}

/// What was mounted for it goes before the layer that isn't needed.
fn what_is_remembered_is_quiet(env: &TestEnv) {
    let text = "FROM base AS one\nRUN echo x > /f\nFROM base\nCOPY --from=one /f /g\n";
    build(env, "", text).ok();
    let again = build(env, "", text);
    again.ok().has("Using cache");
    if !env.is_peer() {
        again.quiet();
    }
}

testkit::cases! {
    both: [only_what_is_needed_is_built, independent_stages_run_side_by_side, what_is_remembered_is_quiet]
}
