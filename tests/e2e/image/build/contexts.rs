//! Where Containerfile and files are found.

use super::inside;
use testkit::{TestEnv, note_skipped};

fn containerfiles_by_name(env: &TestEnv) {
    env.base();
    env.write("ctx/Dockerfile", "FROM base\nRUN echo docker > /which\n");
    env.ok("build -q --network none -t built ctx");
    assert_eq!(inside(env, "cat /which"), "docker");
    env.write("ctx/Containerfile", "FROM base\nRUN echo container > /which\n");
    env.ok("build -q --network none -t built ctx");
    assert_eq!(inside(env, "cat /which"), "container");
    env.write("elsewhere/own", "FROM base\nCOPY Dockerfile /which\n");
    env.ok("build -q --network none -t built -f elsewhere/own ctx");
    assert_eq!(inside(env, "head -1 /which"), "FROM base");
    if env.is_peer() {
        return note_skipped("podman opens /dev/stdin anew, which isn't the user's here");
    }
    let from = |line: &str| env.engine().words(line).stdin("FROM base\nRUN echo stdin > /which\n").run();
    from("build -q --network none -t built -f - ctx").ok();
    assert_eq!(inside(env, "cat /which"), "stdin");
    env.run("build empty").code(125).is_readable();
    env.host("mkdir empty").run().ok();
    env.run("build empty").code(125).complains("no Containerfile or Dockerfile");
    env.run("build -f none ctx").code(125).complains("none");
}

/// Neither words nor links lead out of the context.
fn nothing_outside_is_reached(env: &TestEnv) {
    env.base();
    env.write("outside", "secret");
    env.write("ctx/inner/f", "x");
    env.host("ln -s /etc/hostname ctx/absolute").run().ok();
    env.host("ln -s ../../outside ctx/inner/up").run().ok();
    env.host("ln -s ../.. ctx/folder").run().ok();
    for source in ["../outside", "absolute", "inner/up", "folder/outside", "/etc/hostname", "inner/../../outside"] {
        env.write("ctx/Containerfile", format!("FROM base\nCOPY {source} /f\n"));
        env.run("build --network none ctx").code(125).lacks("secret");
    }
    for source in ["/../../outside", "/absolute", "/folder/outside"] {
        let text = format!("FROM base\nRUN --mount=source={source},target=/f cat /f\n");
        env.write("ctx/Containerfile", text);
        let run = env.run("build --network none ctx");
        run.code(125).lacks("secret");
    }
    // Links are copied as they are.
    env.write("ctx/Containerfile", "FROM base\nCOPY inner /i\n");
    env.ok("build -q --network none -t built ctx");
    assert_eq!(inside(env, "readlink /i/up"), "../../outside");
}

testkit::cases! { both: [containerfiles_by_name, nothing_outside_is_reached] }
