//! `buildah run`.

use super::{buildah, can_run, ok, shown};
use testkit::TestEnv;

/// A shell in the working container `c`.
#[track_caller]
fn sh(env: &TestEnv, flags: &str, script: &str) -> String {
    let output = buildah(env, &format!("run --network none {flags} c -- sh -c")).arg(script).run();
    output.ok();
    output.text()
}

fn what_it_changes_stays(env: &TestEnv) {
    if !can_run(env) {
        return;
    }
    env.base();
    ok(env, "from --name c base");
    assert_eq!(sh(env, "", "echo out; echo x > /file; pwd; id -u"), "out\n/\n0");
    assert_eq!(sh(env, "", "cat /file; rm /etc/group"), "x");
    ok(env, "commit -q c made");
    let check = "run --rm --network none made sh -c";
    env.engine().words(check).arg("cat /file; test ! -e /etc/group").run().ok().prints("x\n");
}

fn settings_are_the_containers(env: &TestEnv) {
    if !can_run(env) {
        return;
    }
    env.base();
    ok(env, "from --name c base");
    ok(env, "config --env Q=r --workingdir /wd --user 33:44 --entrypoint [\"/no\"] c");
    assert_eq!(sh(env, "", "echo $Q; pwd; id -u; id -g"), "r\n/wd\n33\n44");
    let flags = "--env Q=s --env N=1 --workingdir /tmp --user 0 --hostname foo";
    assert_eq!(sh(env, flags, "echo $Q $N; pwd; id -u; hostname"), "s 1\n/tmp\n0\nfoo");
    let id = shown(env, "c", "{{.ContainerID}}");
    assert_eq!(sh(env, "", "hostname"), id[..12]);
    buildah(env, "config --hostname own c").run().ok();
    assert_eq!(sh(env, "", "hostname"), "own");
}

fn mounts_and_rights(env: &TestEnv) {
    if !can_run(env) {
        return;
    }
    env.base();
    env.write("folder/file", "content");
    let folder = env.work().join("folder").display().to_string();
    ok(env, "from --name c base");
    assert_eq!(
        sh(env, &format!("--volume {folder}:/mnt:ro"), "cat /mnt/file; touch /mnt/x 2>/dev/null || echo no"),
        "contentno"
    );
    assert_eq!(sh(env, &format!("--mount type=bind,src={folder},dst=/mnt"), "cat /mnt/file"), "content");
    assert_eq!(sh(env, "--mount type=tmpfs,dst=/mnt", "grep -c ' /mnt tmpfs' /proc/mounts"), "1");
    // A cache stays, whoever uses it, and is no part of the container.
    sh(env, "--mount type=cache,target=/cache,id=x", "echo kept > /cache/file");
    assert_eq!(sh(env, "--mount type=cache,target=/elsewhere,id=x", "cat /elsewhere/file; test ! -e /cache"), "kept");
    let bounding = |flags: &str| sh(env, flags, "grep CapBnd /proc/self/status");
    assert_ne!(bounding("--cap-drop CAP_CHOWN"), bounding(""));
    assert_eq!(sh(env, "--isolation chroot --user 0", "[ $$ != 1 ] && echo host"), "host");
    // What the container was begun with holds, too.
    ok(env, &format!("from --name d --volume {folder}:/mnt --cap-drop CAP_CHOWN base"));
    let run = buildah(env, "run --network none d -- sh -c").arg("cat /mnt/file; grep CapBnd /proc/self/status").run();
    run.ok().has("content").has(&bounding("--cap-drop CAP_CHOWN"));
}

fn failures_have_the_commands_code(env: &TestEnv) {
    if !can_run(env) {
        return;
    }
    env.base();
    ok(env, "from --name c base");
    buildah(env, "run --network none c -- sh -c").arg("exit 3").run().code(3).complains("exit status 3");
    let missing = buildah(env, "run --network none c no-such").run();
    missing.complains("no-such");
    assert!(!missing.status.success());
    buildah(env, "run c").run().code(125).complains("command must be specified");
    buildah(env, "run nope ls").run().code(125).complains("reading build container \"nope\": container not known");
}

fn history_is_noted(env: &TestEnv) {
    if !can_run(env) {
        return;
    }
    env.base();
    ok(env, "from --name c base");
    ok(env, "run --network none --add-history c touch /x");
    ok(env, "commit -q c made");
    let steps = super::image(env, "made", "{{range .OCIv1.History}}{{.CreatedBy}}\n{{end}}");
    assert_eq!(steps.lines().nth(1), Some("/bin/sh -c touch /x"));
}

fn a_terminal_is_one(env: &TestEnv) {
    if !can_run(env) {
        return;
    }
    env.base();
    ok(env, "from --name c base");
    let run = buildah(env, "run --network none --terminal c -- sh -c").arg("test -t 0 && test -t 1 && echo yes").run();
    run.ok().has("yes");
    let run = buildah(env, "run --network none c cat").stdin("piped").run();
    run.ok().prints("piped");
}

fn no_traces_of_mounts(env: &TestEnv) {
    if !can_run(env) {
        return;
    }
    env.base();
    ok(env, "from --name c base");
    ok(env, "run --network none c true");
    ok(env, "commit -q --rm c made");
    if !env.is_peer() {
        assert_eq!(super::image(env, "made", "{{len .OCIv1.RootFS.DiffIDs}}"), "1");
    }
}

testkit::cases! {
    both: [
        what_it_changes_stays, settings_are_the_containers, mounts_and_rights, failures_have_the_commands_code,
        history_is_noted, a_terminal_is_one, no_traces_of_mounts,
    ]
}
