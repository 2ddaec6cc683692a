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

testkit::cases! { both: [shows_the_processes, columns_can_be_chosen] }
