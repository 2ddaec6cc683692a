//! `oci exec`.

use super::{Bundle, begin, oci, ok, read};
use serde_json::json;
use testkit::{TestEnv, wait_for};

fn like_the_containers_own_process(env: &TestEnv) {
    let mut bundle = Bundle::new(env, "exec sleep 1000");
    bundle.set("/process/cwd", json!("/tmp")).write();
    begin(env, "run -d -b bundle box");
    // crun begins in `/`, runc and we where the container's process did.
    ok(env, "exec box pwd").prints(if env.is_peer() { "/\n" } else { "/tmp\n" });
    ok(env, "exec --cwd /bin box pwd").prints("/bin\n");
    ok(env, "exec box hostname").prints("box\n");
    ok(env, "exec --env A=1 -e B=2 box sh -c 'echo $A$B'").prints("12\n");
    oci(env, "exec box sh -c 'exit 3'").run().code(3);
    oci(env, "exec box no-such-program").run().code(1).complains("no-such-program").is_readable();
    ok(env, "delete -f box");
}

fn with_standard_input(env: &TestEnv) {
    Bundle::new(env, "exec sleep 1000");
    begin(env, "run -d -b bundle box");
    oci(env, "exec box cat").stdin("in and out").run().prints("in and out");
    ok(env, "delete -f box");
}

fn a_process_from_a_file(env: &TestEnv) {
    Bundle::new(env, "exec sleep 1000");
    begin(env, "run -d -b bundle box");
    let process = json!({ "args": ["sh", "-c", "echo $X; pwd; id -u"], "cwd": "/bin", "env": ["PATH=/bin", "X=y"],
        "user": { "uid": 0, "gid": 0 } });
    env.write("process.json", process.to_string());
    ok(env, "exec --process process.json box").prints("y\n/bin\n0\n");
    env.write("process.json", r#"{"args":[]}"#);
    oci(env, "exec --process process.json box").run().code(1).is_readable();
    env.write("process.json", r#"{"args":"x"}"#);
    let wrong = oci(env, "exec --process process.json box").run();
    wrong.code(1).is_readable();
    if !env.is_peer() {
        wrong.complains("`args`");
    }
    ok(env, "delete -f box");
}

fn detached(env: &TestEnv) {
    Bundle::new(env, "exec sleep 1000");
    begin(env, "run -d -b bundle box");
    begin(env, "exec -d --pid-file pid box sh -c 'echo here >/tmp/mark; exec sleep 1000'");
    let pid = read(env, "pid").unwrap();
    assert!(pid.parse::<i32>().unwrap() > 0);
    wait_for("the mark", || oci(env, "exec box cat /tmp/mark").run().text().contains("here").then_some(()));
    ok(env, "delete -f box");
}

fn as_another_user(env: &TestEnv) {
    Bundle::new(env, "exec sleep 1000");
    begin(env, "run -d -b bundle box");
    ok(env, "exec --user 5:7 box sh -c 'id -u; id -g'").prints("5\n7\n");
    ok(env, "delete -f box");
}

fn rights_are_not_gained(env: &TestEnv) {
    Bundle::new(env, "exec sleep 1000");
    begin(env, "run -d -b bundle box");
    ok(env, "exec --no-new-privs box grep NoNewPrivs /proc/self/status").has("1");
    ok(env, "exec box grep NoNewPrivs /proc/self/status").has("0");
    ok(env, "exec box grep CapEff /proc/self/status").has("00000000000400e1");
    // crun takes the others away, runc and we add.
    let added = if env.is_peer() { "0000000000002000" } else { "00000000000420e1" };
    ok(env, "exec --cap CAP_NET_RAW box grep CapEff /proc/self/status").has(added);
    ok(env, "delete -f box");
}

fn descriptors_are_kept_or_not(env: &TestEnv) {
    Bundle::new(env, "exec sleep 1000");
    begin(env, "run -d -b bundle box");
    ok(env, "exec box sh -c 'ls /proc/self/fd | wc -l'").prints("4\n");
    if !env.is_peer() {
        oci(env, "exec --preserve-fds 2 box true").run().code(1).is_readable();
    }
    ok(env, "delete -f box");
}

testkit::cases! {
    both: [
        like_the_containers_own_process,
        with_standard_input,
        a_process_from_a_file,
        detached,
        rights_are_not_gained,
        descriptors_are_kept_or_not,
    ]
    root: [as_another_user]
}
