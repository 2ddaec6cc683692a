//! `--userns keep-id`: the caller keeps its ids.

use super::user_namespace::map;
use testkit::{TestEnv, note_skipped};

fn keep_id_keeps_the_callers_id(env: &TestEnv) {
    env.base();
    let uid = env.user().uid;
    env.ok("run --rm --network none --userns keep-id base id -u").prints(&format!("{uid}\n"));
    env.write("data/in", "x");
    let line = format!(
        "run --rm --network none --userns keep-id -v {}/data:/d base sh -c 'touch /d/out; stat -c %u /d/in'",
        env.work().display()
    );
    env.ok(&line).prints(&format!("{uid}\n"));
    assert_eq!(env.host("stat -c %u data/out").run().text(), uid.to_string());
}

fn keep_id_takes_another_id(env: &TestEnv) {
    env.base();
    env.ok("run --rm --network none --userns keep-id:uid=200,gid=210 base sh -c 'id -u; id -g'").prints("200\n210\n");
}

fn a_size_counts_the_caller(env: &TestEnv) {
    env.base();
    let all = map(env, "--userns keep-id");
    assert_eq!(map(env, "--userns keep-id:size=0"), all);
    let uid = u64::from(env.user().uid);
    assert_eq!(map(env, "--userns keep-id:size=500"), [[0, 1, 499], [uid, 0, 1]]);
    env.run("run --rm --network none --userns keep-id:size=1 base true")
        .code(125)
        .complains("container ID 0 cannot be mapped to a host ID");
}

/// The name would be root's, a second time.
fn keep_id_as_root_names_nobody_twice(env: &TestEnv) {
    env.base();
    let output = env.ok("run --rm --network none --userns keep-id:uid=65000,gid=65001 base cat /etc/passwd /etc/group");
    let lines = output.lines();
    assert_eq!(lines.iter().filter(|line| line.starts_with("root:")).count(), 2, "{lines:?}");
    output.has("65000:*:65000:65001:").has("65001:x:65001:65000\n");
}

fn without_subordinate_ids_the_callers_id_can_be_kept(env: &TestEnv) {
    if env.is_peer() {
        return note_skipped("podman can't set its default sysctl then");
    }
    env.script(": >/tmp/empty; mount --bind /tmp/empty /etc/subuid; mount --bind /tmp/empty /etc/subgid");
    env.base();
    let run = "run --rm --network none --userns";
    let (uid, gid) = (env.user().uid, env.user().gid);
    let show = "base sh -c 'id -u; id -g; stat -c %u:%g /bin/sh; touch /tmp/x; stat -c %u /tmp/x'";
    env.ok(&format!("{run} keep-id {show}")).prints(&format!("{uid}\n{gid}\n{uid}:{gid}\n{uid}\n"));
    env.ok(&format!("{run} keep-id:uid=200,gid=210 {show}")).prints("200\n210\n200:210\n200\n");
    env.ok(&format!("{run} keep-id:size=10 base id -u")).prints(&format!("{uid}\n"));
    env.run(&format!("{run} keep-id -u 0 base id")).code(126).complains("is not mapped");
    env.run(&format!("{run} nomap base id")).refused("/etc/subuid");
    env.run(&format!("{run} auto base id")).refused("/etc/subuid");
}

testkit::cases! { root: [keep_id_as_root_names_nobody_twice];
user: [
    keep_id_keeps_the_callers_id, keep_id_takes_another_id, a_size_counts_the_caller,
    without_subordinate_ids_the_callers_id_can_be_kept,
] }
