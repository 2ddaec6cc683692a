//! States and the orders that are right or wrong in them (runtime.md).

use super::{Bundle, begin, oci, ok, read, refused, state, wait_for_status};
use serde_json::{Value, json};
use testkit::{TestEnv, wait_for, wait_until};

fn created_running_stopped(env: &TestEnv) {
    let bundle = Bundle::new(env, "echo started >/proc/1/root/mark; exec sleep 1000");
    begin(env, "create -b bundle box");
    let shown = state(env, "box");
    assert_eq!((&shown["status"], &shown["id"]), (&json!("created"), &json!("box")));
    assert_eq!(shown["bundle"], json!(env.work().join("bundle")));
    assert!(shown["pid"].as_i64().unwrap() > 0);
    assert!(!bundle.rootfs().join("mark").exists(), "its command must not run before the start");
    ok(env, "start box").quiet();
    wait_until("the command", || bundle.rootfs().join("mark").exists());
    assert_eq!(state(env, "box")["status"], "running");
    ok(env, "kill box KILL");
    wait_for_status(env, "box", "stopped");
    ok(env, "delete box");
    refused(env, "state box").complains("box");
}

fn wrong_orders_change_nothing(env: &TestEnv) {
    Bundle::new(env, "exec sleep 1000");
    for line in ["start box", "state box", "kill box", "delete box", "exec box true", "pause box", "ps box"] {
        refused(env, line).complains("box");
    }
    begin(env, "create -b bundle box");
    refused(env, "create -b bundle box").complains("exists");
    ok(env, "start box");
    refused(env, "start box");
    refused(env, "delete box");
    assert_eq!(state(env, "box")["status"], "running");
    ok(env, "kill box KILL");
    wait_for_status(env, "box", "stopped");
    refused(env, "start box");
    if !env.is_peer() {
        refused(env, "kill box").complains("stopped");
        refused(env, "exec box true").complains("stopped");
    }
    ok(env, "delete box");
    ok(env, "delete --force box");
}

fn one_that_was_never_started_is_deleted(env: &TestEnv) {
    Bundle::new(env, "exec sleep 1000");
    begin(env, "create -b bundle box");
    ok(env, "delete box");
    ok(env, "list -q").prints("");
}

fn force_ends_what_runs(env: &TestEnv) {
    Bundle::new(env, "trap '' TERM; while :; do sleep 1; done");
    begin(env, "run -d -b bundle box");
    ok(env, "delete -f box");
    ok(env, "list -q").prints("");
}

fn run_ends_as_its_process(env: &TestEnv) {
    let bundle = Bundle::new(env, "echo out; echo err >&2; exit 7");
    bundle.run().code(7).prints("out\n").complains("err");
    ok(env, "list -q").prints("");
}

fn detached_leaves_its_number(env: &TestEnv) {
    Bundle::new(env, "exec sleep 1000");
    begin(env, &format!("run -d -b bundle --pid-file {} box", env.work().join("pid").display()));
    let pid: i64 = read(env, "pid").unwrap().parse().unwrap();
    assert_eq!(state(env, "box")["pid"], pid);
    let listed: Value = serde_json::from_slice(&ok(env, "list -f json").stdout).unwrap();
    assert_eq!((&listed[0]["id"], &listed[0]["status"]), (&json!("box"), &json!("running")));
    ok(env, "list").has("box").has("running");
    if env.is_root() {
        let pids: Value = serde_json::from_slice(&ok(env, "ps -f json box").stdout).unwrap();
        assert_eq!(pids, json!([pid]));
    }
    ok(env, "delete -f box");
}

fn a_command_that_is_missing_is_told_at_create(env: &TestEnv) {
    let mut bundle = Bundle::new(env, "");
    bundle.set("/process/args", json!(["no-such-program"])).write();
    refused(env, "create -b bundle box").complains("no-such-program");
    ok(env, "list -q").prints("");
    assert!(!std::path::Path::new(&format!("/sys/fs/cgroup/pids{}", bundle.cgroup)).exists());
}

fn a_failed_create_leaves_nothing(env: &TestEnv) {
    let mut bundle = Bundle::new(env, "true");
    bundle.mount(json!({ "destination": "/x", "type": "no-such-type", "source": "x" })).write();
    refused(env, "create -b bundle box");
    ok(env, "list -q").prints("");
    let mut bundle = Bundle::new(env, "true");
    bundle.set("/root/path", json!("no-such-folder")).write();
    refused(env, "create -b bundle box").complains("no-such-folder");
    ok(env, "list -q").prints("");
}

fn errors_go_to_the_log(env: &TestEnv) {
    Bundle::new(env, "true");
    oci(env, "--log log.json --log-format json start box").run().code(1);
    let logged: Value =
        serde_json::from_str(read(env, "log.json").unwrap().lines().collect::<String>().as_str()).unwrap();
    assert_eq!(logged["level"], "error");
    assert!(logged["msg"].as_str().unwrap().contains("box"));
    assert!(logged["time"].as_str().unwrap().starts_with("20"));
}

fn many_are_meant_by_a_pattern(env: &TestEnv) {
    for id in ["a-1", "a-2", "b-1"] {
        // Each with a group of its own.
        Bundle::new(env, "exec sleep 1000");
        begin(env, &format!("run -d -b bundle {id}"));
    }
    ok(env, "kill --regex ^a- KILL");
    wait_for_status(env, "a-1", "stopped");
    wait_for_status(env, "a-2", "stopped");
    assert_eq!(state(env, "b-1")["status"], "running");
    ok(env, "delete --regex ^a-");
    ok(env, "list -q").prints("b-1\n");
    ok(env, "delete -f b-1");
}

fn hooks_in_their_order(env: &TestEnv) {
    let hook = |name: &str| {
        let script = format!("cat >/dev/null; echo {name} >>{}", env.work().join("order").display());
        json!([{ "path": "/bin/sh", "args": ["sh", "-c", script] }])
    };
    let mut bundle = Bundle::new(env, "true");
    let stages = ["prestart", "createRuntime", "createContainer", "poststart", "poststop"];
    let hooks: serde_json::Map<_, _> = stages.iter().map(|stage| ((*stage).to_owned(), hook(stage))).collect();
    bundle.set("/hooks", Value::Object(hooks)).write();
    begin(env, "create -b bundle box");
    assert_eq!(read(env, "order").unwrap(), "prestart\ncreateRuntime\ncreateContainer\n");
    ok(env, "start box");
    wait_for_status(env, "box", "stopped");
    ok(env, "delete box");
    let order = wait_for("the last hook", || read(env, "order").filter(|text| text.contains("poststop")));
    assert_eq!(order, "prestart\ncreateRuntime\ncreateContainer\npoststart\npoststop\n");
}

fn hooks_are_told_the_state(env: &TestEnv) {
    let script = format!("cat >{}", env.work().join("told").display());
    let mut bundle = Bundle::new(env, "true");
    bundle.set("/annotations", json!({ "org.example": "x" }));
    bundle.set("/hooks", json!({ "createRuntime": [{ "path": "/bin/sh", "args": ["sh", "-c", script] }] })).write();
    ok(env, "run -b bundle box");
    let told: Value = serde_json::from_str(&read(env, "told").unwrap()).unwrap();
    // crun calls it created already.
    let status = if env.is_peer() { "created" } else { "creating" };
    assert_eq!((&told["id"], &told["status"]), (&json!("box"), &json!(status)));
    assert_eq!(told["annotations"]["org.example"], "x");
    assert!(told["pid"].as_i64().unwrap() > 0);
}

fn a_failed_hook_ends_the_create(env: &TestEnv) {
    let mut bundle = Bundle::new(env, "true");
    bundle.set("/hooks", json!({ "createRuntime": [{ "path": "/bin/false" }] })).write();
    refused(env, "create -b bundle box");
    ok(env, "list -q").prints("");
    bundle
        .set("/hooks", json!({ "createRuntime": [{ "path": "/bin/sleep", "args": ["sleep", "1000"], "timeout": 1 }] }));
    bundle.write();
    refused(env, "create -b bundle box");
    ok(env, "list -q").prints("");
}

testkit::cases! {
    both: [
        created_running_stopped,
        wrong_orders_change_nothing,
        one_that_was_never_started_is_deleted,
        force_ends_what_runs,
        run_ends_as_its_process,
        detached_leaves_its_number,
        a_command_that_is_missing_is_told_at_create,
        a_failed_create_leaves_nothing,
        errors_go_to_the_log,
        many_are_meant_by_a_pattern,
        hooks_in_their_order,
        hooks_are_told_the_state,
        a_failed_hook_ends_the_create,
    ]
}
