//! The folder of what a reboot forgets: which process is a container's is read there, so it must be one's own.

use testkit::TestEnv;

/// Without `XDG_RUNTIME_DIR` and a folder of the login manager's.
fn the_folder_in_tmp_is_not_another_users(env: &TestEnv) {
    if env.is_root() {
        return testkit::note_skipped("root's is /run/containers");
    }
    if env.is_peer() {
        return testkit::note_skipped("podman goes on to a folder in $HOME, which a reboot doesn't empty");
    }
    let uid = env.user().uid;
    let folder = format!("/tmp/storage-run-{uid}");
    let ps = || env.engine().words("ps -q").var("XDG_RUNTIME_DIR", "").run();
    env.script(&format!("chown 0 /run/user/{uid}; mkdir -m 777 {folder}"));
    ps().refused(&folder).complains("it belongs to another user").complains("XDG_RUNTIME_DIR");
    assert!(!env.exists(format!("{folder}/containers")));
    env.script(&format!("chown {uid} {folder}"));
    ps().refused(&folder).complains("others may write to it");
    env.script(&format!("rmdir {folder}"));
    ps().ok();
    assert_eq!(env.script(&format!("stat -c '%a %u' {folder}")).text(), format!("700 {uid}"));
}

/// The folder is there already, with that owner and mode.
fn given(env: &TestEnv, owner: u32, mode: &str) -> String {
    let folder = env.runroot().join("minke").display().to_string();
    let above = if env.is_root() { 0 } else { env.user().uid };
    env.script(&format!("install -d -o {above} {}; install -d -m {mode} -o {owner} {folder}", env.runroot().display()));
    folder
}

fn others_cannot_open_its_locks(env: &TestEnv) {
    if env.is_peer() {
        return testkit::note_skipped("it has no such folder");
    }
    let folder = given(env, if env.is_root() { 0 } else { env.user().uid }, "775");
    env.base();
    env.ok("run --rm base true");
    assert_eq!(env.script(&format!("stat -c %a {folder}")).text(), "700");
    let open =
        env.script(&format!("find {folder}/networks -name .lock -perm /077 -o -name 'last[46]' -perm /077 || :"));
    assert_eq!(open.text(), "", "whoever can open a lock can hold it for ever");
}

fn another_users_is_refused(env: &TestEnv) {
    if env.is_peer() {
        return testkit::note_skipped("it has no such folder");
    }
    let folder = given(env, 12345, "777");
    env.run("ps").refused(&folder).complains("it belongs to another user");
}

testkit::cases! { both: [
    the_folder_in_tmp_is_not_another_users, others_cannot_open_its_locks, another_users_is_refused,
] }
