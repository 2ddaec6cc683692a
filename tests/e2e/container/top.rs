//! `top`.

use testkit::TestEnv;

fn shows_the_processes(env: &TestEnv) {
    env.base();
    env.ok("run -d --name t --network none base sh -c 'sleep 1000 & wait'");
    let output = env.ok("top t");
    output.has("USER").has("PID").has("COMMAND").has("sleep 1000").has("root");
    assert_eq!(output.lines().len(), 3, "{output}");
    env.ok("rm -f -t 0 t");
}

fn columns_can_be_chosen(env: &TestEnv) {
    env.base();
    env.ok("run -d --name t --network none base sleep 1000");
    let output = env.ok("top t pid hpid args");
    let pid = env.ok("inspect t --format {{.State.Pid}}").text();
    let words: Vec<String> = output.text().split_whitespace().map(str::to_owned).collect();
    assert_eq!(words[..3], ["PID", "HPID", "COMMAND"]);
    assert_eq!(words[3..], ["1", &pid, "sleep", "1000"]);
    env.run("top t nonsense").code(125).is_readable();
    env.run("top no-such").refused("no-such");
    env.ok("rm -f -t 0 t");
}

fn rights_and_groups_are_columns(env: &TestEnv) {
    env.base();
    env.ok("run -d --name t --network none --cap-drop all --cap-add chown -u web base sleep 1000");
    env.ok("top t capbnd capeff capamb").has("AMBIENT CAPS").has("CHOWN").lacks("KILL");
    env.ok("top t groups").has("staff,web");
    env.ok("top t %U,%G").has("web");
}

/// What isn't a descriptor is an option of ps(1): of the container's, since the host's would be at its mercy.
fn other_words_are_for_ps(env: &TestEnv) {
    env.base();
    env.ok("run -d --name t --network none base sleep 1000");
    if env.is_peer() {
        return testkit::note_skipped("the reference runs the host's");
    }
    let id = env.ok("inspect t --format {{.Id}}").text();
    let shown = env.ok("top t -o pid,args");
    shown.has("    1 sleep 1000").has(" ps -o pid,args").lacks(&id);
    env.run("top t -o nonsense").code(125).complains("unknown descriptor: -o, and ps(1) in the container");
    env.run("top t pid,nonsense").code(125).complains("unknown descriptor: nonsense");
}

fn a_container_without_ps_is_told(env: &TestEnv) {
    if env.is_peer() {
        return testkit::note_skipped("the reference runs the host's");
    }
    env.base();
    env.ok("run -d --name t --network none base sh -c 'rm /bin/ps; sleep 1000'");
    testkit::wait_until("ps to go", || !env.run("exec t ls /bin/ps").status.success());
    env.run("top t -ef").code(125).complains("the container has no ps(1)");
    env.ok("top t pid args").has("sleep 1000");
}

testkit::cases! { both: [rights_and_groups_are_columns, other_words_are_for_ps, a_container_without_ps_is_told, shows_the_processes, columns_can_be_chosen] }
