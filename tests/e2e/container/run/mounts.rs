//! `-v` with host folders, `--mount`, `--tmpfs`, `--read-only`, `--shm-size`.

use testkit::{TestEnv, note_skipped};

fn v_binds_a_folder(env: &TestEnv) {
    env.base();
    env.write("data/in", "from host");
    let line =
        format!("run --rm --network none -v {}/data:/data base sh -c 'cat /data/in; echo x >/data/out'", work(env));
    env.ok(&line).prints("from host");
    assert_eq!(env.read(env.work().join("data/out")).unwrap(), "x\n");
}

fn v_binds_a_file(env: &TestEnv) {
    env.base();
    env.write("one", "file");
    env.ok(&format!("run --rm --network none -v {}/one:/etc/deep/one base cat /etc/deep/one", work(env)))
        .prints("file");
}

fn v_ro_is_read_only(env: &TestEnv) {
    env.base();
    env.write("data/in", "x");
    let output = env.run(&format!("run --rm --network none -v {}/data:/data:ro base touch /data/out", work(env)));
    output.code(1).complains("read-only");
}

fn v_with_a_missing_source_is_refused(env: &TestEnv) {
    env.base();
    env.run("run --rm --network none -v /not/there:/data base true").refused("/not/there");
}

fn v_with_nonsense_is_refused(env: &TestEnv) {
    env.base();
    env.run("run --rm -v /etc:relative base true").refused("relative");
    env.run("run --rm -v /etc:/x:no-such-option base true").refused("no-such-option");
    env.run("run --rm -v a:b:c:d base true").code(125).is_readable();
}

fn v_u_gives_the_folder_to_the_containers_user(env: &TestEnv) {
    env.base();
    env.write("data/in", "x");
    let line = format!(
        "run --rm --network none -u 1000 -v {}/data:/data:U base sh -c 'stat -c %u /data; touch /data/new'",
        work(env)
    );
    env.ok(&line).prints("1000\n");
}

fn a_bind_target_behind_a_link_stays_inside(env: &TestEnv) {
    env.base();
    env.write("data/in", "x");
    env.ok("create --name seed base true");
    let line = format!("run --rm --network none -v {}/data:/var/link/../../../etc/inner base ls /etc/inner", work(env));
    env.ok(&line).prints("in\n");
}

fn mount_bind_tmpfs_and_volume(env: &TestEnv) {
    env.base();
    env.write("data/in", "bound");
    let bind = format!("--mount type=bind,source={}/data,target=/b,ro", work(env));
    let line = format!(
        "run --rm --network none {bind} --mount type=tmpfs,destination=/t,tmpfs-size=1m \
         --mount type=volume,src=vol,dst=/v base sh -c 'cat /b/in; grep -c \" /t tmpfs \" /proc/mounts; touch /v/x; touch /b/x'"
    );
    env.run(&line).code(1).has("bound1").complains("read-only");
    env.ok("run --rm --network none -v vol:/v base ls /v").prints("x\n");
}

fn mount_with_nonsense_is_refused(env: &TestEnv) {
    env.base();
    env.run("run --rm --mount type=nonsense,dst=/x base true").refused("nonsense");
    env.run("run --rm --mount type=bind,src=/etc base true").code(125).is_readable();
    env.run("run --rm --mount type=bind,src=/etc,dst=/x,no-such=1 base true").refused("no-such");
}

fn tmpfs_is_empty_and_limited(env: &TestEnv) {
    env.base();
    let output = env.ok("run --rm --network none --tmpfs /etc:size=1m,mode=700 base sh -c 'ls /etc | grep -v host | grep -v resolv; stat -c %a /etc; grep \" /etc tmpfs\" /proc/mounts'");
    output.has("700").has("size=1024k");
}

fn tmpfs_over_nothing_is_open_to_all(env: &TestEnv) {
    env.base();
    env.ok("run --rm --network none --tmpfs /new base stat -c %a /new").prints("1777\n");
    env.ok("run --rm --network none --tmpfs /new:mode=1700 base stat -c %a /new").prints("1700\n");
    env.ok("run --rm --network none --mount type=tmpfs,dst=/new,tmpfs-mode=700 base stat -c %a /new").prints("700\n");
    env.ok("run --rm --network none --tmpfs /etc base stat -c %a /etc").prints("755\n");
}

fn a_read_only_mount_can_change_its_owner(env: &TestEnv) {
    env.base();
    env.write("data/in", "x");
    for mount in
        [format!("-v {}/data:/d:ro,U", work(env)), "--mount type=volume,src=v,dst=/d,ro=true,U=true".to_owned()]
    {
        let line = format!("run --rm --network none -u 7:8 {mount} base sh -c 'stat -c %u:%g /d; touch /d/new'");
        env.run(&line).code(1).prints("7:8\n").complains("read-only");
    }
}

fn idmap_without_a_user_namespace_changes_nothing(env: &TestEnv) {
    env.base();
    env.write("data/in", "x");
    let line = format!("run --rm --network none -v {}/data:/d:idmap base stat -c %u /d/in", work(env));
    let before = env.ok(&line.replace(":idmap", ""));
    env.ok(&line).prints(&format!("{}\n", before.text()));
}

fn nothing_is_mounted_over_the_root(env: &TestEnv) {
    env.base();
    if env.is_peer() {
        return note_skipped("podman lets the folder be the root, and then finds no command");
    }
    env.run(&format!("run --rm -v {}:/ base true", work(env))).refused("\"/\"");
    env.run("run --rm --mount type=tmpfs,dst=/x/.. base true").refused("\"/\"");
}

fn read_only_root_with_writable_places(env: &TestEnv) {
    env.base();
    env.run("run --rm --network none --read-only base touch /x").code(1).complains("read-only");
    env.ok("run --rm --network none --read-only base sh -c 'touch /tmp/x /run/x /var/tmp/x /dev/shm/x'");
    env.run("run --rm --network none --read-only --read-only-tmpfs=false base touch /tmp/x").code(1);
}

fn shm_size_is_kept(env: &TestEnv) {
    env.base();
    let output = env.ok("run --rm --network none base df -k /dev/shm");
    assert!(["64000", "65536"].iter().any(|size| output.text().contains(size)), "{output}");
    env.ok("run --rm --network none --shm-size 1m base df -k /dev/shm").has("1024");
}

fn two_mounts_on_one_place_are_refused(env: &TestEnv) {
    env.base();
    for flags in [
        "-v /etc:/x -v /usr:/x",
        "-v /etc:/x:ro -v /etc:/x",
        "-v /etc:/x:O -v /etc:/x",
        "-v a:/x -v b:/x",
        "-v a:/x -v /x",
        "-v /etc:/x --tmpfs /x",
        "--tmpfs /x --tmpfs /x:size=1m",
        "--mount type=bind,src=/etc,dst=/x --mount type=bind,src=/etc,dst=/x",
        "--mount type=tmpfs,dst=/x --mount type=tmpfs,dst=/x",
        "--mount type=image,src=base,dst=/x -v /etc:/x",
    ] {
        env.run(&format!("run --rm --network none {flags} base true")).refused("/x: duplicate mount destination");
    }
}

fn the_same_mount_may_be_asked_for_twice(env: &TestEnv) {
    env.base();
    env.write("data/in", "x");
    let data = env.work().join("data");
    for flag in ["-v DATA:/x", "-v DATA:/x:ro,nosuid", "-v DATA:/x:O", "-v vol:/x", "-v /x", "--tmpfs /x:size=1m"] {
        let flag = flag.replace("DATA", &data.display().to_string());
        env.ok(&format!("run --rm --network none {flag} {flag} base ls /x"));
    }
    env.ok("run --rm --network none --mount type=volume,src=vol,dst=/x -v vol:/x base true");
    env.ok("run --rm --network none --mount type=tmpfs,dst=/x --tmpfs /x base true");
}

fn a_glob_binds_each_file(env: &TestEnv) {
    env.base();
    for name in ["g1", "g2", "other"] {
        env.write(&format!("data/{name}"), name);
    }
    let run = "run --rm --network none --mount type=glob";
    env.ok(&format!("{run},src={}/data/g*,dst=/m,ro base sh -c 'ls /m; cat /m/g2'", work(env))).prints("g1\ng2\ng2");
    env.ok(&format!("{run},src=./data/g1,dest=/m base ls /m")).prints("g1\n");
    // Without a destination they are where they are on the host.
    env.ok(&format!("{run},src={0}/data/g[12] base ls {0}/data", work(env))).prints("g1\ng2\n");
    env.run(&format!("{run},src={}/data/z*,dst=/m base true", work(env))).refused("no file paths matching glob");
    env.run(&format!("{run},dst=/m base true")).refused("no file paths matching glob");
}

fn a_link_is_mounted_as_one_if_asked(env: &TestEnv) {
    env.base();
    env.write("data/file", "content");
    env.host("ln -s file data/link").run().ok();
    let line = |words: &str| {
        format!("run --rm --network none --mount type=bind,src={}/data/link,dst=/etc/l{words} base", work(env))
    };
    env.ok(&format!("{} readlink /etc/l", line(",no-dereference"))).prints("file\n");
    env.ok(&format!("{} cat /etc/l", line(""))).prints("content");
    if !env.is_peer() {
        // Podman takes any value for true.
        env.ok(&format!("{} cat /etc/l", line(",no-dereference=false"))).prints("content");
    }
}

fn a_part_of_a_volume_is_mounted(env: &TestEnv) {
    env.base();
    env.ok("run --rm --network none -v v:/v base sh -c 'mkdir -p /v/a/b /v/etc; echo hi >/v/a/f; ln -s /etc /v/out; ln -s a /v/in'");
    let run = |part: &str, command: &str| {
        env.run(&format!("run --rm --network none --mount type=volume,src=v,dst=/m,subpath={part} base {command}"))
    };
    run("a", "ls /m").ok().prints("b\nf\n");
    run("/a/b", "ls /m").ok().prints("");
    run("a/f", "cat /m").ok().prints("hi\n");
    run("in", "ls /m").ok().prints("b\nf\n");
    // A link leads out of the volume as little as `..` does: this one to the volume's own /etc.
    run("out", "ls /m").ok().prints("");
    run("../..", "ls /m").ok().prints("a\netc\nin\nout\n");
    run("nope", "ls /m").code(127).complains("nope").is_readable();
}

fn work(env: &TestEnv) -> String {
    env.work().display().to_string()
}

testkit::cases! { both: [ tmpfs_over_nothing_is_open_to_all, a_read_only_mount_can_change_its_owner, nothing_is_mounted_over_the_root,
    v_binds_a_folder, v_binds_a_file, v_ro_is_read_only, v_with_a_missing_source_is_refused,
    v_with_nonsense_is_refused, v_u_gives_the_folder_to_the_containers_user,
    a_bind_target_behind_a_link_stays_inside, mount_bind_tmpfs_and_volume, mount_with_nonsense_is_refused,
    tmpfs_is_empty_and_limited, read_only_root_with_writable_places, shm_size_is_kept,
    two_mounts_on_one_place_are_refused, the_same_mount_may_be_asked_for_twice, a_glob_binds_each_file,
    a_link_is_mounted_as_one_if_asked, a_part_of_a_volume_is_mounted,
]; root: [idmap_without_a_user_namespace_changes_nothing] }
