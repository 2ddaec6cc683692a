//! The folder of what a reboot forgets: which process is a container's is read there, so it must be one's own.

use testkit::TestEnv;

/// Without `XDG_RUNTIME_DIR` and a folder of the login manager's.
fn the_folder_in_tmp_is_not_another_users(env: &TestEnv) {
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

testkit::cases! { user: [the_folder_in_tmp_is_not_another_users] }
