//! `--name --hostname --label --annotation --cidfile --pidfile --add-host --dns --platform --pull`.

use testkit::TestEnv;

fn name_is_shown_and_taken(env: &TestEnv) {
    env.base();
    env.ok("run -d --name web --network none base sleep 1000");
    env.ok("ps --format {{.Names}}").prints("web\n");
    env.run("run --name web base true").refused("web");
    env.ok("rm -f -t 0 web");
    env.ok("run --rm --name web --network none base true");
}

fn names_have_rules(env: &TestEnv) {
    env.base();
    for name in ["-x", "a/b", "a b", "a:b"] {
        env.engine().args(["run", "--rm", "--name", name, "base", "true"]).run().code(125).is_readable();
    }
}

fn without_a_name_one_is_invented(env: &TestEnv) {
    env.base();
    env.ok("create base true");
    let name = env.ok("ps -a --format {{.Names}}").text();
    assert!(name.split('_').count() == 2 && name.len() > 4, "{name}");
}

fn hostname_is_the_short_id(env: &TestEnv) {
    env.base();
    env.ok("run --cidfile id --name h --network none base hostname");
    let id = env.read(env.work().join("id")).unwrap();
    env.ok("logs h").prints(&format!("{}\n", &id[..12]));
}

fn hostname_can_be_chosen(env: &TestEnv) {
    env.base();
    let output = env.ok("run --rm --network none --hostname box base sh -c 'hostname; cat /etc/hostname /etc/hosts'");
    output.has("box\nbox\n").has("\tbox");
}

fn label_and_annotation_are_kept(env: &TestEnv) {
    env.base();
    env.ok("create --name l --label a=1 -l b=2 --label empty --annotation note=x base true");
    env.ok("inspect l --format '{{index .Config.Labels \"a\"}} {{index .Config.Labels \"b\"}}'").prints("1 2\n");
    env.ok("inspect l").has("\"empty\": \"\"").has("\"note\": \"x\"");
}

fn cidfile_holds_the_id(env: &TestEnv) {
    env.base();
    let id = env.ok("run -d --cidfile cid --network none base true").text();
    assert_eq!(env.read(env.work().join("cid")).unwrap(), id);
    // An old one is written anew, as scripts have it.
    let id = env.ok("create --cidfile cid base true").text();
    assert_eq!(env.read(env.work().join("cid")).unwrap(), id);
    env.run("create --cidfile . base true").code(125).complains("is a directory");
    // Podman keeps the container.
    assert_eq!(env.ok("ps -aq").lines().len(), if env.is_peer() { 3 } else { 2 });
    env.ok("create --cidfile '' base true");
}

/// Whoever may write to its folder could have put one there.
fn a_pipe_in_place_of_the_cidfile_holds_nobody_up(env: &TestEnv) {
    env.base();
    env.ok("create --cidfile cid --name c --network none base true");
    env.host("rm cid").run().ok();
    env.host("mkfifo cid").run().ok();
    env.engine().words("rm c").limit(std::time::Duration::from_secs(20)).run().ok();
    assert!(env.exists(env.work().join("cid")));
}

fn the_cidfile_goes_with_the_container(env: &TestEnv) {
    env.base();
    env.ok("run --rm --cidfile cid --network none base true");
    assert!(!env.exists(env.work().join("cid")));
    env.ok("create --name c --cidfile cid base true");
    assert!(env.exists(env.work().join("cid")));
    env.ok("rm c");
    assert!(!env.exists(env.work().join("cid")));
}

fn a_slash_before_the_name_is_docker_s(env: &TestEnv) {
    env.base();
    env.ok("create --name /slash base true");
    env.ok("inspect slash --format {{.Name}}").prints("slash\n");
}

fn replace_wants_a_name(env: &TestEnv) {
    env.base();
    env.run("run --replace base true").code(125).complains("--name");
}

fn an_empty_name_is_none(env: &TestEnv) {
    env.base();
    env.ok("run --rm --name '' --network none base true");
}

fn pidfile_holds_the_pid(env: &TestEnv) {
    env.base();
    env.ok(&format!("run -d --name p --pidfile {}/pid --network none base sleep 1000", env.work().display()));
    let pid = env.ok("inspect p --format {{.State.Pid}}").text();
    assert_eq!(env.read(env.work().join("pid")).unwrap().trim(), pid);
    env.ok("rm -f -t 0 p");
}

fn add_host_adds_a_line(env: &TestEnv) {
    env.base();
    let output = env.ok("run --rm --network none --add-host db:10.1.2.3 --add-host six:::1 base cat /etc/hosts");
    output.has("10.1.2.3\tdb").has("::1\tsix").has("localhost");
    // Who is named there isn't named again.
    let flags = "--hostname box --name web --add-host box:10.1.2.4 --add-host host.docker.internal:10.1.2.5";
    let hosts = env.ok(&format!("run --rm {flags} base cat /etc/hosts")).text();
    for (name, address) in [("box", "10.1.2.4"), ("host.docker.internal", "10.1.2.5")] {
        let lines: Vec<&str> = hosts.lines().filter(|line| line.split_whitespace().any(|word| word == name)).collect();
        assert_eq!(lines, [format!("{address}\t{name}")], "{hosts}");
    }
    assert!(hosts.lines().any(|line| line.ends_with("\tweb")), "{hosts}");
    env.run("run --rm --add-host nonsense base true").refused("nonsense");
}

fn dns_is_written(env: &TestEnv) {
    env.base();
    let output = env.ok("run --rm --dns 192.0.2.53 base cat /etc/resolv.conf");
    output.has("nameserver 192.0.2.53");
    env.run("run --rm --dns nonsense base true").refused("nonsense");
}

fn pull_never_never_pulls(env: &TestEnv) {
    env.run("run --rm --pull never 127.0.0.1:1/x true").refused("127.0.0.1:1/x");
    env.base();
    env.ok("run --rm --pull never --network none base true");
    env.run("run --pull sometimes base true").refused("sometimes");
}

fn platform_of_another_machine_is_named(env: &TestEnv) {
    env.base();
    env.run("run --rm --network none --platform nonsense/x/y/z base true").code(125).is_readable();
}

testkit::cases! { both: [ the_cidfile_goes_with_the_container, an_empty_name_is_none,
    a_slash_before_the_name_is_docker_s, replace_wants_a_name,
    name_is_shown_and_taken, names_have_rules, without_a_name_one_is_invented, hostname_is_the_short_id,
    hostname_can_be_chosen, label_and_annotation_are_kept, cidfile_holds_the_id,
    a_pipe_in_place_of_the_cidfile_holds_nobody_up, pidfile_holds_the_pid,
    add_host_adds_a_line, pull_never_never_pulls, platform_of_another_machine_is_named,
]; root: [dns_is_written] }
