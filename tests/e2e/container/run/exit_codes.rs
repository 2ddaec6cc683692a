//! What `run` ends with, and what it says when nothing ran.

use testkit::{Entry, Image, Layer, TestEnv};

fn is_the_commands_own(env: &TestEnv) {
    env.base();
    for code in [0, 1, 42, 124, 255] {
        env.run(&format!("run --rm --network none base sh -c 'exit {code}'")).code(code);
    }
}

fn is_128_and_the_signal(env: &TestEnv) {
    env.base();
    env.run("run --rm --network none base sh -c 'sh -c \"kill -9 \\$\\$\"; exit $?'").code(137);
    env.run("run --rm --init --network none base sh -c 'kill -TERM $$'").code(143);
}

fn is_127_for_a_command_that_is_not_there(env: &TestEnv) {
    env.base();
    env.run("run --rm --network none base no-such-program").code(127).complains("no-such-program").is_readable();
    env.run("run --rm --network none base /no/such/program").code(127).complains("/no/such/program").is_readable();
}

fn is_127_for_an_empty_command(env: &TestEnv) {
    env.base();
    for command in ["base ''", "base '' x", "--entrypoint '' base ''"] {
        let output = env.run(&format!("run --rm --network none {command}"));
        output.code(127).complains_of_one(&["`` in $PATH", "`` not found in $PATH"]);
    }
    env.ok("run -d --name c --network none base sleep 1000");
    env.run("exec c ''").code(127).complains("``");
    env.ok("create --name e --network none base ''");
    env.run("start e").code(125).complains("``");
}

fn is_126_for_a_command_that_cannot_be_executed(env: &TestEnv) {
    env.base();
    env.run("run --rm --network none base /etc/passwd").code(126).complains("/etc/passwd").is_readable();
    env.run("run --rm --network none base /etc").code(126).complains("/etc").is_readable();
}

fn is_125_for_a_wrong_flag(env: &TestEnv) {
    env.base();
    env.run("run --no-such-flag base true").code(125).complains("--no-such-flag").is_readable();
}

fn is_125_for_a_missing_image(env: &TestEnv) {
    env.run("run --rm --pull never localhost/not-there true").refused("not-there");
    env.run("run").code(125).complains("requires at least 1 arg").is_readable();
}

fn is_126_when_the_container_cannot_be_set_up(env: &TestEnv) {
    env.base();
    for (flags, said) in [
        ("--sysctl net.ipv4.ip_forward=nonsense", "ip_forward"),
        ("-v /etc/passwd:/bin", "/bin"),
        ("-v /tmp:/etc/passwd", "/etc/passwd"),
        ("--tmpfs /etc/passwd", "/etc/passwd"),
        ("-w /etc/passwd", "/etc/passwd"),
        ("-u nouser", "nouser"),
        ("--group-add nogroup", "nogroup"),
    ] {
        let line = format!("run --rm --network none {flags} base true");
        env.run(&line).code(126).complains(said.trim_start_matches('/')).is_readable();
    }
}

fn is_126_for_a_busy_port(env: &TestEnv) {
    env.base();
    let _outside = env.outside();
    let _busy = env.inside(|| std::net::TcpListener::bind("127.0.0.1:5556").unwrap());
    let line = "-p 127.0.0.1:5556:80 base true";
    env.run(&format!("run --rm {line}")).code(126).complains("5556").is_readable();
    env.run(&format!("run -d {line}")).code(126).complains("5556").is_readable();
    // Only `run` tells.
    env.ok(&format!("create --name c {line}"));
    env.run("start c").refused("5556");
    env.run("start -a c").refused("5556");
}

fn is_126_for_too_little_memory(env: &TestEnv) {
    env.base();
    env.run("run --rm --network none --memory 100k base true").code(126).complains("memory").is_readable();
}

fn is_127_when_something_is_not_there(env: &TestEnv) {
    env.base();
    let line = "--network none --sysctl net.ipv4.no_such_thing=1 base true";
    env.run(&format!("run --rm {line}")).code(127).complains("no_such_thing").is_readable();
    env.ok(&format!("create --name c {line}"));
    env.run("start c").refused("no_such_thing");
    env.ok("create --name d --network none base no-such-program");
    env.run("start -a d").refused("no-such-program");
}

fn is_125_for_what_can_be_known_before(env: &TestEnv) {
    env.base();
    let nope = env.work().join("nope").display().to_string();
    for (flags, said) in [
        ("--network container:nope", "\"nope\" found: no such container"),
        ("--network ns:NOPE", "cannot find specified network namespace path: "),
        ("--pid container:nope", "\"nope\" found: no such container"),
        ("--pid ns:NOPE", "cannot find specified PID namespace path: "),
        ("--userns ns:NOPE", "cannot find specified user namespace path: "),
        ("--sysctl foo.bar=1", "sysctl 'foo.bar' is not allowed"),
        ("--device /dev/nope", "/dev/nope"),
        ("--security-opt seccomp=NOPE", "opening seccomp profile failed: open "),
        ("--cidfile NOPE/x", "nope/x"),
        ("-v NOPE:/x", "statfs "),
        ("--cap-add nope", "\"CAP_NOPE\": unknown capability"),
        ("--preserve-fds 5", "file descriptor 3 is not available"),
    ] {
        let network = if flags.contains("network") { "" } else { "--network none" };
        let output = env.run(&format!("run --rm {network} {} base true", flags.replace("NOPE", &nope)));
        output.code(125).complains(said).is_readable();
        if flags.contains("NOPE") {
            output.complains(&nope).complains("no such file or directory");
        }
    }
    env.ok("ps -aq").prints("");
}

fn is_125_for_a_network_that_is_not_there(env: &TestEnv) {
    env.base();
    // Without privilege we have none with a name, and say that.
    let none = if env.is_root() || env.is_peer() { "unable to find network with name or ID " } else { "" };
    env.run("run --rm --network no-such-network base true").refused(&format!("{none}no-such-network"));
    env.ok("ps -aq").prints("");
}

fn a_failed_run_leaves_no_container_with_rm(env: &TestEnv) {
    env.base();
    env.run("run --rm --name gone --network none base no-such-program").code(127);
    env.ok("ps -aq").prints("");
    env.ok("run --rm --name gone --network none base true");
}

fn an_image_without_a_command_says_so(env: &TestEnv) {
    env.load(&Image::new(vec![Layer::new(&[Entry::file("etc/x", "")])]), "localhost/bare:1");
    let output = env.run("run --rm --network none bare:1");
    output.is_readable().complains_of_one(&["command", "cmd"]);
    assert!([125, 127].contains(&output.status.code().unwrap()), "{output}");
}

fn a_working_folder_that_cannot_be_made_says_so(env: &TestEnv) {
    env.base();
    let output = env.run("run --rm --network none -w /etc/passwd/x base true");
    output.is_readable().complains("/etc/passwd/x");
    assert!([126, 127].contains(&output.status.code().unwrap()), "{output}");
}

testkit::cases! { both: [ is_127_for_an_empty_command,
    is_the_commands_own, is_128_and_the_signal, is_127_for_a_command_that_is_not_there,
    is_126_for_a_command_that_cannot_be_executed, is_125_for_a_wrong_flag, is_125_for_a_missing_image,
    a_failed_run_leaves_no_container_with_rm, an_image_without_a_command_says_so,
    a_working_folder_that_cannot_be_made_says_so, is_126_when_the_container_cannot_be_set_up, is_126_for_a_busy_port,
    is_127_when_something_is_not_there, is_125_for_what_can_be_known_before,
    is_125_for_a_network_that_is_not_there,
]; root: [is_126_for_too_little_memory] }
