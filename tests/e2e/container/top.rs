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

/// What isn't a descriptor is an option of the host's ps(1), which has the container's numbers before it.
fn other_words_are_for_ps(env: &TestEnv) {
    env.base();
    env.ok("run -d --name t --network none base sleep 1000");
    if !env.host("ps --version").run().status.success() {
        return testkit::note_skipped("no ps(1) here");
    }
    env.ok("top t -eo pid,args").has("    1 sleep 1000");
    env.ok("top t -ef").has("UID").has("sleep 1000");
    env.ok("top t aux").has("%MEM").has("sleep 1000");
    env.run("top t -o nonsense").code(125).complains("nonsense");
}

testkit::cases! { both: [rights_and_groups_are_columns, other_words_are_for_ps, shows_the_processes, columns_can_be_chosen] }
