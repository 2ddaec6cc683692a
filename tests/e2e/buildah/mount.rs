//! `buildah mount`, `umount` and `unshare`.

use super::{buildah, can_run, ok};
use testkit::{Output, TestEnv};

/// A script in which `buildah` is a command: for a user in a session of `unshare`.
fn script(env: &TestEnv, text: &str) -> Output {
    if !env.is_peer() {
        env.inside(|| {
            let bin = env.work().join("bin");
            let _ = std::fs::create_dir(&bin);
            let _ = std::os::unix::fs::symlink(testkit::engine_under_test(), bin.join("buildah"));
        });
    }
    env.write("script", format!("set -e\nPATH={}:$PATH\n{text}", env.work().join("bin").display()));
    match env.is_root() {
        true => env.host("sh script").run(),
        false => buildah(env, "unshare sh script").run(),
    }
}

/// As Buildah's own tutorial has it.
fn a_tutorial(env: &TestEnv) {
    let text = r#"
        ctr=$(buildah from scratch)
        mnt=$(buildah mount $ctr)
        mkdir -p $mnt/bin $mnt/etc
        echo hello > $mnt/etc/greeting
        chown 5:6 $mnt/etc/greeting
        buildah config --cmd /bin/sh --label name=tutorial $ctr
        buildah umount $ctr
        buildah commit -q $ctr tutorial
        buildah rm $ctr
    "#;
    script(env, text).ok();
    assert_eq!(
        super::image(env, "tutorial", "{{.OCIv1.Config.Labels.name}} {{.OCIv1.Config.Cmd}}"),
        "tutorial [/bin/sh]"
    );
    ok(env, "containers -q").prints("");
    env.base();
    let run = "run --rm --network none --mount type=image,src=tutorial,dst=/mnt base sh -c";
    let shown = env.engine().words(run).arg("cat /mnt/etc/greeting; stat -c %u:%g /mnt/etc/greeting").run();
    if !env.is_peer() {
        shown.ok().prints("hello\n5:6\n");
    }
}

fn mounts_are_listed(env: &TestEnv) {
    if !can_run(env) {
        return;
    }
    env.base();
    let text = r#"
        one=$(buildah from base)
        two=$(buildah from base)
        mnt=$(buildah mount $one)
        test -x $mnt/bin/busybox
        test "$(buildah mount $one)" = $mnt
        test "$(buildah mount)" = "$one $mnt"
        test "$(buildah inspect --format '{{.MountPoint}}' $one)" = $mnt
        buildah mount $one $two | grep -c working-container > count
        # What runs and what is copied is seen at once, and the other way round.
        echo seen > $mnt/from-outside
        buildah run --network none $one cat /from-outside
        buildah run --network none $one sh -c 'echo inside > /from-inside'
        cat $mnt/from-inside
        # Buildah counts how often they were mounted.
        while test -n "$(buildah mount)"; do buildah umount --all > /dev/null; done
        test ! -e $mnt/bin
    "#;
    let output = script(env, text);
    output.ok().prints("seen\ninside\n");
    assert_eq!(env.read(env.work().join("count")).as_deref(), Some("2\n"));
}

fn a_user_needs_a_session(env: &TestEnv) {
    ok(env, "from --name c scratch");
    buildah(env, "mount c").run().code(125).complains("You need to run it in a `buildah unshare` session");
    buildah(env, "mount").run().code(125);
    let output = buildah(env, "unshare -m M=c sh -c")
        .arg("test -d $M && id -u && echo $_CONTAINERS_USERNS_CONFIGURED; exit 5")
        .run();
    output.code(5).prints("0\ndone\n");
    buildah(env, "unshare -m nope true").run().code(125).complains("container not known");
    let map = env.ok("unshare cat /proc/self/uid_map").text();
    assert!(map.split_whitespace().nth(1) == Some(&env.user().uid.to_string()), "{map}");
}

fn they_stay_until_unmounted(env: &TestEnv) {
    ok(env, "from --name c scratch");
    let place = ok(env, "mount c").text();
    env.host("touch").arg(format!("{}/file", place.trim())).run().ok();
    ok(env, "rm c");
    assert!(!env.exists(place.trim()));
    buildah(env, "umount c").run().code(125).complains("error unmounting container c: container not known");
    buildah(env, "umount").run().code(125).complains("at least one container ID must be specified");
}

testkit::cases! {
    both: [a_tutorial, mounts_are_listed];
    root: [they_stay_until_unmounted];
    user: [a_user_needs_a_session]
}
