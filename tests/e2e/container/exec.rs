//! `exec`.

use testkit::{Terminal, TestEnv, sha256_hex, wait_until};

fn start_box(env: &TestEnv, flags: &str) {
    env.base();
    env.ok(&format!("run -d --name box --network none {flags} base sleep 1000"));
}

fn runs_beside(env: &TestEnv) {
    start_box(env, "");
    env.ok("exec box echo hello").prints("hello\n").quiet();
    env.ok("exec box ps -o pid,args").has("1 sleep 1000");
    env.run("exec box sh -c 'echo err >&2; exit 3'").code(3).complains("err");
}

fn shares_all_namespaces(env: &TestEnv) {
    start_box(env, "--hostname shared");
    env.ok("exec box touch /made-by-exec");
    env.ok("exec box sh -c 'hostname; ls /made-by-exec; for n in net pid ipc uts mnt; do test $(readlink /proc/1/ns/$n) = $(readlink /proc/self/ns/$n) || echo $n; done'")
        .prints("shared\n/made-by-exec\n");
}

fn has_the_containers_limits(env: &TestEnv) {
    start_box(env, "--cap-drop chown --security-opt no-new-privileges");
    let output = env.ok("exec box cat /proc/self/status");
    output.has("CapEff:\t00000000800405fa").has("Seccomp:\t2").has("NoNewPrivs:\t1");
    let output = env.ok("exec box cat /proc/self/cgroup /proc/1/cgroup");
    let lines = output.lines();
    assert_eq!(lines[..lines.len() / 2], lines[lines.len() / 2..], "in another cgroup");
}

fn environment_folder_and_user(env: &TestEnv) {
    start_box(env, "-e FROM=container -w /tmp");
    env.ok("exec -e A=1 box sh -c 'echo $FROM $A $PWD $HOME'").prints("container 1 /tmp /root\n");
    env.ok("exec -w /etc box pwd").prints("/etc\n");
    env.ok("exec -u web box sh -c 'id -u; id -g; echo $HOME'").prints("1000\n1000\n/home\n");
    env.ok("exec -u 7:8 box sh -c 'id -u; id -g; grep CapEff /proc/self/status'")
        .prints("7\n8\nCapEff:\t0000000000000000\n");
    env.write("vars", "B=2\n");
    env.ok("exec --env-file vars box sh -c 'echo $B'").prints("2\n");
}

fn privileged_has_all_capabilities(env: &TestEnv) {
    start_box(env, "");
    let output = env.ok("exec --privileged box grep CapEff /proc/self/status");
    assert!(output.text().as_str() > "CapEff:\t0000000800405fb", "{output}");
    // The filter is the container's.
    env.ok("exec --privileged box grep Seccomp: /proc/self/status").has("2");
}

fn i_passes_stdin(env: &TestEnv) {
    start_box(env, "");
    let bytes = b"some bytes\n".repeat(200_000);
    let expected = format!("{}  -\n", sha256_hex(&bytes));
    env.engine().words("exec -i box sha256sum").stdin(bytes).run().ok().prints(&expected);
    env.engine().words("exec box cat").stdin("not for you").run().ok().prints("");
}

fn it_is_a_terminal(env: &TestEnv) {
    start_box(env, "");
    let mut terminal = Terminal::start(env.engine().words("exec -it box sh"), 20, 70);
    terminal.expect("# ");
    terminal.send("stty size\n");
    terminal.expect("20 70");
    terminal.send("exit 6\n");
    assert_eq!(terminal.wait().0.code(), Some(6));
}

fn d_returns_at_once(env: &TestEnv) {
    start_box(env, "");
    let session = env.ok("exec -d box sh -c 'echo done >/tmp/done'").text();
    assert_eq!(session.len(), 64);
    wait_until("the detached command", || env.run("exec box cat /tmp/done").text() == "done");
}

fn exit_codes_of_commands_that_cannot_run(env: &TestEnv) {
    start_box(env, "");
    env.run("exec box no-such-program").code(127).complains("no-such-program").is_readable();
    env.run("exec box /etc/passwd").code(126).complains("/etc/passwd").is_readable();
    env.run("exec box").code(125).is_readable();
    env.run("exec no-such true").refused("no-such");
    env.run("exec -u nobody-here box true").code(255).complains("nobody-here");
    env.run("exec -w /no-such box true").code(127).complains("/no-such");
    env.run("exec -d box no-such-program").code(125).complains("no-such-program");
    env.run("exec --detach-keys nonsense box true").code(255).complains("nonsense");
    env.run("exec --preserve-fds 1 box true").code(125).complains("file descriptor 3");
}

fn what_does_not_run_is_refused(env: &TestEnv) {
    env.base();
    env.ok("create --name c base true");
    env.run("exec c true").code(255).complains("running");
    env.ok("run --name e --network none base true");
    env.run("exec e true").code(255).complains("running");
}

fn it_ends_with_the_container(env: &TestEnv) {
    start_box(env, "");
    let mut process = env.engine().words("exec box sh -c 'echo in; exec sleep 1000'").spawn();
    assert_eq!(process.read_line(), "in");
    env.ok("rm -f -t 0 box");
    let output = process.wait();
    assert!([137, 255].contains(&output.status.code().unwrap()), "{output}");
}

fn no_file_descriptor_leaks_in(env: &TestEnv) {
    start_box(env, "");
    assert_eq!(env.ok("exec box ls /proc/self/fd").lines(), ["0", "1", "2", "3"]);
}

testkit::cases! { both: [
    runs_beside, shares_all_namespaces, has_the_containers_limits, environment_folder_and_user,
    privileged_has_all_capabilities, i_passes_stdin, it_is_a_terminal, d_returns_at_once,
    exit_codes_of_commands_that_cannot_run, what_does_not_run_is_refused, it_ends_with_the_container,
    no_file_descriptor_leaks_in,
] }
