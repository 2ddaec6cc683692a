//! Control groups: limits, `pause`, `update`, `events`. Cases for hosts with cgroup v1 and v2.

use super::{Bundle, begin, oci, ok, state};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use testkit::TestEnv;

/// A file of the container's group; v1's and v2's name.
fn file(bundle: &Bundle<'_>, controller: &str, v1: &str, v2: &str) -> PathBuf {
    let root = Path::new("/sys/fs/cgroup");
    let group = bundle.cgroup.trim_start_matches('/');
    match root.join("cgroup.controllers").exists() {
        true => root.join(group).join(v2),
        false => root.join(controller).join(group).join(v1),
    }
}

fn value(env: &TestEnv, path: &Path) -> String {
    env.inside(|| std::fs::read_to_string(path))
        .unwrap_or_else(|error| panic!("{}: {error}", path.display()))
        .trim()
        .to_owned()
}

fn limits_are_set_and_changed(env: &TestEnv) {
    let mut bundle = Bundle::new(env, "exec sleep 1000");
    bundle.set("/linux/resources/memory", json!({ "limit": 67_108_864 }));
    bundle.set("/linux/resources/pids", json!({ "limit": 77 })).write();
    begin(env, "run -d -b bundle box");
    let memory = file(&bundle, "memory", "memory.limit_in_bytes", "memory.max");
    let pids = file(&bundle, "pids", "pids.max", "pids.max");
    assert_eq!((value(env, &memory), value(env, &pids)), ("67108864".to_owned(), "77".to_owned()));
    ok(env, "update --memory 134217728 --pids-limit 88 box");
    assert_eq!((value(env, &memory), value(env, &pids)), ("134217728".to_owned(), "88".to_owned()));
    oci(env, "update --resources - box").stdin(r#"{"pids":{"limit":99}}"#).run().ok();
    assert_eq!(value(env, &pids), "99");
    if !env.is_peer() {
        oci(env, "update --resources - box").stdin(r#"{"pids":{"limit":"x"}}"#).run().code(1).complains("`pids.limit`");
    }
    ok(env, "delete -f box");
    assert!(!env.inside(|| pids.exists()), "its groups go with it");
}

fn paused_and_resumed(env: &TestEnv) {
    Bundle::new(env, "exec sleep 1000");
    begin(env, "run -d -b bundle box");
    ok(env, "pause box");
    assert_eq!(state(env, "box")["status"], "paused");
    oci(env, "exec box true").run().code(1).complains("paused");
    ok(env, "resume box");
    assert_eq!(state(env, "box")["status"], "running");
    ok(env, "exec box true");
    ok(env, "pause box");
    ok(env, "delete -f box");
}

fn what_is_used_is_counted(env: &TestEnv) {
    if env.is_peer() {
        return;
    }
    Bundle::new(env, "exec sleep 1000");
    begin(env, "run -d -b bundle box");
    let event: Value = serde_json::from_slice(&ok(env, "events --stats box").stdout).unwrap();
    assert_eq!((&event["type"], &event["id"]), (&json!("stats"), &json!("box")));
    assert!(event["data"]["memory"]["usage"]["usage"].as_u64().unwrap() > 0);
    assert_eq!(event["data"]["pids"]["current"], 1);
    ok(env, "delete -f box");
}

fn all_processes_are_signalled(env: &TestEnv) {
    Bundle::new(env, "sleep 1000 & sleep 1000 & wait");
    begin(env, "run -d -b bundle box");
    testkit::wait_until("three processes", || ok(env, "ps box").lines().len() == 4);
    ok(env, "kill --all box KILL");
    super::wait_for_status(env, "box", "stopped");
    ok(env, "delete box");
}

fn devices_that_are_not_allowed(env: &TestEnv) {
    let mut bundle = Bundle::new(env, "cat /dev/forbidden; cat /dev/null && echo fine");
    bundle.set(
        "/linux/devices",
        json!([{ "path": "/dev/forbidden", "type": "c", "major": 1, "minor": 1, "fileMode": 0o666 }]),
    );
    bundle.run().prints("fine\n").complains("Operation not permitted");
}

testkit::cases! {
    root: [
        limits_are_set_and_changed,
        paused_and_resumed,
        what_is_used_is_counted,
        all_processes_are_signalled,
        devices_that_are_not_allowed,
    ]
}
