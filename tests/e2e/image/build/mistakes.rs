//! Containerfiles with mistakes: what is wrong is said with its line, and nothing is done.

use super::build;
use testkit::{TestEnv, note_skipped};

fn each_is_named_with_its_line(env: &TestEnv) {
    if env.is_peer() {
        return note_skipped("podman finds many of them in the middle of a build");
    }
    for (text, line, why) in [
        ("FROM base\nRNU x\n", 2, "unknown instruction: RNU (did you mean RUN?)"),
        ("FROM base\n\nCOPY --form=x a b\n", 3, "(did you mean --from?)"),
        ("FROM base\nCOPY a\n", 2, "requires at least two arguments"),
        ("FROM base\nRUN\n", 2, "requires at least one argument"),
        ("FROM base\nENV a\n", 2, "must have two arguments"),
        ("RUN x\nFROM base\n", 1, "before the first FROM"),
        ("FROM base AS 1a\n", 1, "invalid name for build stage"),
        ("FROM base AS s\nCOPY --from=s a /\n", 2, "circular dependency"),
        ("FROM base\nENV b=${a\n", 2, "matching }"),
        ("FROM base\nCOPY <<E /x\n", 2, "unterminated heredoc"),
        ("FROM base\nEXPOSE x\n", 2, "port"),
        ("FROM base\nUSER a b\n", 2, "exactly one argument"),
        ("FROM base\nCOPY a b c\n", 2, "must be a directory and end with a /"),
        ("FROM base\nONBUILD FROM x\n", 2, "isn't allowed as an ONBUILD trigger"),
        ("# nothing\n", 1, "file with no instructions"),
    ] {
        let output = build(env, "", text);
        output.code(125).complains(&format!("ctx/Containerfile:{line}: ")).complains(why);
    }
    env.run("image exists built").code(1);
}

fn what_is_not_there(env: &TestEnv) {
    build(env, "", "FROM base\nCOPY none /\n").code(125).complains("none");
    build(env, "", "FROM base\nCOPY none* /\n").code(125).complains("none*");
    build(env, "--pull=never", "FROM localhost/nothing\n").code(125).complains("nothing");
    env.run("build -f - no-such-folder").code(125).complains("no-such-folder");
    env.run("build https://127.0.0.1:1/x.git").code(125).is_readable();
}

testkit::cases! { both: [each_is_named_with_its_line, what_is_not_there] }
