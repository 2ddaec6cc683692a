//! `ps`.

use testkit::TestEnv;

fn an_empty_list_has_its_heads(env: &TestEnv) {
    let output = env.ok("ps");
    assert_eq!(
        output.text().split_whitespace().collect::<Vec<_>>().join(" "),
        "CONTAINER ID IMAGE COMMAND CREATED STATUS PORTS NAMES"
    );
    env.ok("ps -q").prints("");
}

fn columns_tell_the_state(env: &TestEnv) {
    env.base();
    env.ok("run -d --name up --network none base sleep 1000");
    env.run("run --name down --network none base sh -c 'exit 3'").code(3);
    env.ok("create --name fresh base true");
    env.ok("ps").has("up").has("Up ").lacks("down").lacks("fresh").has("sleep 1000").has("localhost/base:latest");
    let output = env.ok("ps -a");
    output.has("Exited (3)").has("Created").has("up");
    env.ok("ps -a --format '{{.Names}} {{.State}}' --filter name=down").prints("down exited\n");
    env.ok("rm -f -t 0 up");
}

fn q_and_no_trunc(env: &TestEnv) {
    env.base();
    let id = env.ok("create --name a base true").text();
    env.ok("ps -aq").prints(&format!("{}\n", &id[..12]));
    env.ok("ps -aq --no-trunc").prints(&format!("{id}\n"));
    env.ok("ps -a --noheading").lacks("CONTAINER ID");
}

fn filters(env: &TestEnv) {
    env.base();
    env.ok("run -d --name up --label tier=web --network none base sleep 1000");
    env.run("run --name down --label tier=db --network none base sh -c 'exit 3'").code(3);
    let names = |flags: &str| env.ok(&format!("ps -a --format {{{{.Names}}}} {flags}")).lines();
    assert_eq!(names("--filter status=running"), ["up"]);
    assert_eq!(names("--filter status=exited"), ["down"]);
    assert_eq!(names("--filter exited=3"), ["down"]);
    assert_eq!(names("--filter label=tier=web"), ["up"]);
    assert_eq!(names("--filter label=tier").len(), 2);
    assert_eq!(names("--filter name=do"), ["down"]);
    assert_eq!(names("--filter ancestor=base").len(), 2);
    env.run("ps --filter nonsense=1").refused("nonsense");
    env.ok("rm -f -t 0 up");
}

fn last_and_latest(env: &TestEnv) {
    env.base();
    for name in ["a", "b", "c"] {
        env.ok(&format!("create --name {name} base true"));
    }
    env.ok("ps -l --format {{.Names}}").prints("c\n");
    assert_eq!(env.ok("ps -n 2 --format {{.Names}}").lines().len(), 2);
}

fn json_is_json(env: &TestEnv) {
    env.base();
    env.ok("create --name a base true");
    let output = env.ok("ps -a --format json");
    let value: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&value[0]["Names"][0], &value[0]["State"]), (&"a".into(), &"created".into()));
}

fn filters_by_command_and_policy(env: &TestEnv) {
    env.base();
    env.ok("create --name a --restart always base sleep 1000");
    env.ok("create --name b base true");
    env.ok("ps -a --filter command=sl --format {{.Names}}").prints("a\n");
    env.ok("ps -a --filter command=1000 --format {{.Names}}").prints("");
    env.ok("ps -a --filter restart-policy=always --format {{.Names}}").prints("a\n");
    env.ok("ps -a --filter restart-policy=no --format {{.Names}}").prints(if env.is_peer() { "" } else { "b\n" });
    env.run("ps -a --filter restart-policy=now").refused("now");
}

fn ports_are_shown(env: &TestEnv) {
    env.base();
    env.ok("run -d --name p -p 8080:80 base sleep 1000");
    env.ok("ps").has("0.0.0.0:8080->80/tcp");
    env.ok("rm -f -t 0 p");
}

testkit::cases! { both: [
    an_empty_list_has_its_heads, filters_by_command_and_policy, columns_tell_the_state, q_and_no_trunc, filters, last_and_latest, json_is_json,
]; root: [ports_are_shown] }
