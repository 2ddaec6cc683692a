//! `-it` in a real terminal: window size, Ctrl-C, detach keys, exit.

use testkit::{Terminal, TestEnv};

fn terminal(env: &TestEnv, line: &str) -> Terminal {
    Terminal::start(env.engine().words(line), 33, 101)
}

fn it_is_a_terminal_of_the_right_size(env: &TestEnv) {
    env.base();
    let mut terminal = terminal(env, "run -it --rm --network none base sh");
    terminal.expect("# ");
    terminal.send("stty size; tty; echo TERM=$TERM\n");
    terminal.expect("33 101");
    terminal.expect("/dev/pts/0");
    terminal.expect("TERM=xterm");
    terminal.send("exit 5\n");
    assert_eq!(terminal.wait().0.code(), Some(5));
}

fn the_size_follows_the_window(env: &TestEnv) {
    env.base();
    let mut terminal = terminal(env, "run -it --rm --network none base sh");
    terminal.expect("# ");
    terminal.resize(44, 122);
    terminal.send("until [ \"$(stty size)\" = '44 122' ]; do :; done; echo fol''lowed\n");
    terminal.expect("followed");
    terminal.send("exit\n");
    assert_eq!(terminal.wait().0.code(), Some(0));
}

fn ctrl_c_reaches_the_command(env: &TestEnv) {
    env.base();
    let mut terminal = terminal(
        env,
        "run -it --rm --network none base sh -c 'trap \"echo interrupted; exit 9\" INT; echo rea\"\"dy; while :; do sleep 0.1; done'",
    );
    terminal.expect("ready");
    terminal.send("\x03");
    terminal.expect("interrupted");
    assert_eq!(terminal.wait().0.code(), Some(9));
}

fn ctrl_d_ends_the_shell(env: &TestEnv) {
    env.base();
    let mut terminal = terminal(env, "run -it --rm --network none base sh");
    terminal.expect("# ");
    terminal.send("\x04");
    assert_eq!(terminal.wait().0.code(), Some(0));
}

fn detach_keys_leave_it_running(env: &TestEnv) {
    env.base();
    let mut first = terminal(env, "run -it --name d --network none base sh");
    first.expect("# ");
    first.send_keys("\x10\x11");
    assert_eq!(first.wait().0.code(), Some(0));
    env.ok("inspect d --format {{.State.Running}}").prints("true\n");
    let mut second = terminal(env, "attach d");
    second.send("echo ba''ck\n");
    second.expect("back");
    second.send("exit 4\n");
    second.wait();
    env.ok("wait d").prints("4\n");
}

fn detach_keys_can_be_chosen(env: &TestEnv) {
    env.base();
    let mut terminal = terminal(env, "run -it --name d --detach-keys ctrl-x,x --network none base sh");
    terminal.expect("# ");
    terminal.send_keys("\x18x");
    assert_eq!(terminal.wait().0.code(), Some(0));
    env.ok("rm -f -t 0 d");
    env.run("run --rm --detach-keys ctrl-nonsense base true").code(125).is_readable();
}

fn the_callers_terminal_is_restored(env: &TestEnv) {
    env.base();
    let run = env.host("sh -c").arg(format!(
        "stty -a >before; {} run -it --rm --network none base true; stty -a >after; cmp before after && echo same",
        testkit::engine_under_test()
    ));
    let mut terminal = Terminal::start(run, 24, 80);
    terminal.expect("same");
}

fn t_without_a_terminal_works(env: &TestEnv) {
    env.base();
    env.ok("run -t --rm --network none base sh -c 'test -t 1 && echo terminal'").has("terminal\r\n");
}

fn lines_end_once_without_input(env: &TestEnv) {
    env.base();
    let shown = |line: &str| terminal(env, line).wait().1;
    assert_eq!(shown("run -t --rm --network none base sh -c 'echo a; echo b'"), "a\r\nb\r\n");
    assert_eq!(shown("run -it --rm --network none base sh -c 'echo a; echo b'"), "a\r\nb\r\n");
    env.ok("run -d --name c --network none base sleep 1000");
    assert_eq!(shown("exec -t c sh -c 'echo a; echo b'"), "a\r\nb\r\n");
    env.ok("rm -f -t 0 c");
    env.ok("create -t --name d --network none base sh -c 'echo a; echo b'");
    assert_eq!(shown("start -a d"), "a\r\nb\r\n");
}

fn ctrl_c_is_a_signal_without_input(env: &TestEnv) {
    if env.is_peer() {
        return testkit::note_skipped("podman's terminal doesn't send it");
    }
    env.base();
    let line = "run -t --rm --network none base sh -c 'trap \"echo interrupted; exit 9\" INT; echo rea\"\"dy; while :; do sleep 0.1; done'";
    let mut terminal = terminal(env, line);
    terminal.expect("ready");
    terminal.send("\x03");
    terminal.expect("interrupted");
    assert_eq!(terminal.wait().0.code(), Some(9));
}

testkit::cases! { both: [
    it_is_a_terminal_of_the_right_size, the_size_follows_the_window, ctrl_c_reaches_the_command,
    ctrl_d_ends_the_shell, detach_keys_leave_it_running, detach_keys_can_be_chosen, the_callers_terminal_is_restored,
    t_without_a_terminal_works, lines_end_once_without_input, ctrl_c_is_a_signal_without_input,
] }
