//! What a build shows on a terminal, and what it leaves there.

use super::build;
use testkit::{Terminal, TestEnv, note_skipped};

const TEXT: &str = "FROM base\nCOPY f /f\nRUN echo first line; echo second line; cat /f > /g\n";

fn start(env: &TestEnv, flags: &str, text: &str, columns: u16) -> Terminal {
    env.base();
    env.write("ctx/f", "1");
    env.write("ctx/Containerfile", text);
    let line = format!("build --network none -t built {flags} ctx");
    Terminal::start(env.engine().words(&line).var("TERM", "xterm"), 24, columns)
}

fn skips(env: &TestEnv) -> bool {
    if env.is_peer() {
        note_skipped("podman draws nothing");
    }
    env.is_peer()
}

fn steps_are_drawn_with_times(env: &TestEnv) {
    if skips(env) {
        return;
    }
    let (status, shown) = start(env, "", TEXT, 80).wait();
    assert!(status.success(), "{shown}");
    for part in
        [" => [2/3] COPY f /f", " => [3/3] RUN echo", "[+] Building", "0.", "Successfully tagged localhost/built"]
    {
        assert!(shown.contains(part), "{part} in {shown}");
    }
    assert!(!shown.contains("STEP"), "{shown}");
    // All are done in the end, those without work, too.
    let (_, shown) = start(env, "", &format!("{TEXT}CMD x\n"), 80).wait();
    assert!(shown.contains(" => [4/4] CMD x") && shown.contains("[+] Building (4/4)"), "{shown}");
    let (_, shown) = start(env, "", TEXT, 80).wait();
    assert!(shown.contains(" => CACHED [3/3] RUN"), "{shown}");
    let (_, shown) = start(env, "--progress=plain", TEXT, 80).wait();
    assert!(shown.contains("STEP 3/3: RUN"), "{shown}");
}

/// The last lines of what runs are there while it runs.
fn running_commands_show_their_last_lines(env: &TestEnv) {
    if skips(env) {
        return;
    }
    let mut terminal =
        start(env, "", "FROM base\nRUN for i in 1 2 3 4 5 6 7 8 9; do echo line $i; done; sleep 60\n", 80);
    terminal.expect(" => => # line 4");
    terminal.expect(" => => # line 9");
    terminal.resize(10, 30);
    terminal.expect("0.");
    // As a shell does it, the terminal's line is at its beginning again.
    terminal.send("\x03");
    let (status, shown) = terminal.wait();
    assert_eq!(status.code(), Some(130), "{shown}");
    assert!(shown.ends_with('\n'), "{shown:?}");
    env.run("ps -aq").ok().prints("");
}

fn narrow_ones_without_colours(env: &TestEnv) {
    if skips(env) {
        return;
    }
    for columns in [1, 3, 20] {
        let mut command = env.engine().words("build --network none --no-cache ctx");
        env.base();
        env.write("ctx/f", "1");
        env.write("ctx/Containerfile", TEXT);
        command = command.var("NO_COLOR", "1").var("TERM", "xterm");
        let (status, shown) = Terminal::start(command, 3, columns).wait();
        assert!(status.success(), "{shown}");
        assert!(!shown.contains("\x1b[36m") && !shown.contains("\x1b[2m"), "{shown:?}");
    }
}

fn a_failed_step_shows_its_log_and_its_lines(env: &TestEnv) {
    if skips(env) {
        return;
    }
    let text = "FROM base\nENV a=b\nRUN echo the log; exit 7\nCMD x\n";
    let (status, shown) = start(env, "", text, 80).wait();
    assert_eq!(status.code(), Some(7), "{shown}");
    for part in
        [" => ERROR [3/4] RUN echo", " > [3/4] RUN", "the log ", "  3 | >>> RUN echo the log", "  2 |     ENV a=b"]
    {
        assert!(shown.contains(part), "{part} in {shown}");
    }
    build(env, "", text).code(7).has("the log\n").complains("  3 | >>> RUN echo the log; exit 7\n");
    build(env, "-q", text).code(7).complains("the log\n").prints("");
}

fn a_shell_in_the_failed_container(env: &TestEnv) {
    if skips(env) {
        return;
    }
    let text =
        "FROM base\nENV A=seen\nWORKDIR /w\nRUN --mount=type=tmpfs,target=/t echo half > made; touch /t/x; false\n";
    let mut terminal = start(env, "--on-error=shell", text, 80);
    terminal.expect("ERROR [4/4] RUN");
    terminal.send("cat made; echo $A-$PWD; ls /t; test -t 0 && echo on a te''rminal; exit\n");
    terminal.expect("half");
    terminal.expect("seen-/w");
    terminal.expect("on a terminal");
    let (status, shown) = terminal.wait();
    assert_eq!(status.code(), Some(1), "{shown}");
    env.run("image exists built").code(1);
    env.run("ps -aq").ok().prints("");
    build(env, "--on-error=shell", text).code(125).complains("needs a terminal");
    build(env, "--on-error=x", text).code(125).complains("only shell");
}

fn forms(env: &TestEnv) {
    if skips(env) {
        return;
    }
    env.write("ctx/f", "1");
    build(env, "--progress=tty", TEXT).code(125).complains("no terminal");
    build(env, "--progress=fancy", TEXT).code(125).complains("auto, plain, tty and quiet");
    build(env, "--progress=quiet", TEXT).ok().lacks("STEP").lacks("first line");
}

testkit::cases! { both: [
    steps_are_drawn_with_times, running_commands_show_their_last_lines, narrow_ones_without_colours,
    a_failed_step_shows_its_log_and_its_lines, a_shell_in_the_failed_container, forms,
] }
