//! `--userns host|keep-id|auto`, `--uidmap`, `--gidmap`, and life without subordinate ids.

use testkit::{Base, Entry, Layer, TestEnv, note_skipped};

fn map(env: &TestEnv, flags: &str) -> Vec<Vec<u64>> {
    let output = env.ok(&format!("run --rm --network none {flags} base cat /proc/self/uid_map"));
    let numbers = |line: &String| line.split_whitespace().map(|word| word.parse().unwrap()).collect();
    output.lines().iter().map(numbers).collect()
}

fn host_is_the_default(env: &TestEnv) {
    env.base();
    let whole = map(env, "");
    assert_eq!(whole, map(env, "--userns host"));
    if env.is_root() {
        assert_eq!(whole, [[0, 0, 4_294_967_295]]);
    } else {
        assert_eq!(whole[0], [0, u64::from(env.user().uid), 1]);
        assert_eq!(whole[1][0], 1);
    }
}

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

fn uidmap_maps(env: &TestEnv) {
    env.base();
    let (uids, gids) = ("--uidmap 0:100000:5000", "--gidmap 0:200000:5000");
    if env.is_root() {
        assert_eq!(map(env, &format!("{uids} {gids}")), [[0, 100_000, 5000]]);
        env.ok(&format!(
            "run --rm --network none {uids} {gids} base sh -c 'stat -c %u:%g /bin/busybox; touch /x; stat -c %u /x'"
        ))
        .prints("0:0\n0\n");
    } else {
        assert_eq!(map(env, "--uidmap 0:1:50")[0][0], 0);
        assert_eq!(map(env, "--uidmap 0:1:50")[0][2], 50);
    }
}

/// Both maps that a container sees.
fn maps(env: &TestEnv, flags: &str) -> (Vec<Vec<u64>>, Vec<Vec<u64>>) {
    let show = "sh -c 'cat /proc/self/uid_map; echo; cat /proc/self/gid_map'";
    let text = env.ok(&format!("run --rm --network none {flags} base {show}")).text();
    let line = |line: &str| line.split_whitespace().map(|word| word.parse().unwrap()).collect();
    let map = |text: &str| text.lines().map(line).collect();
    let (users, groups) = text.split_once("\n\n").unwrap();
    (map(users), map(groups))
}

fn a_plus_cuts_into_earlier_entries(env: &TestEnv) {
    env.base();
    let (first, second) = if env.is_root() { (100_000, 100_900) } else { (1, 901) };
    let (users, groups) = maps(env, &format!("--uidmap 0:{first}:1000 --uidmap +5:{second}:1"));
    let expected = [vec![0, first, 5], vec![5, second, 1], vec![6, first + 6, 894], vec![901, first + 901, 99]];
    assert_eq!(users, expected);
    // A side that isn't given is as the other.
    assert_eq!(groups, expected);
}

fn flags_keep_an_entry_on_one_side(env: &TestEnv) {
    env.base();
    let first = if env.is_root() { 100_000 } else { 1 };
    let (users, groups) = maps(env, &format!("--gidmap 0:{first}:10 --gidmap g20:{}:2", first + 30));
    assert_eq!(users, [[0, first, 10]]);
    assert_eq!(groups, [[0, first, 10], [20, first + 30, 2]]);
    let (users, groups) = maps(env, &format!("--uidmap 0:{first}:10:10:{}:2 --gidmap ug0:{first}:3", first + 30));
    assert_eq!(users, [[0, first, 10], [10, first + 30, 2]]);
    assert_eq!(groups, [[0, first, 3]]);
}

fn a_users_first_plus_brings_all_other_ids(env: &TestEnv) {
    env.base();
    let whole = map(env, "");
    let (first_subordinate, count) = (whole[1][1], whole[1][2]);
    let (users, groups) = maps(env, &format!("--gidmap +g100:@{}:2", first_subordinate + 10));
    assert_eq!(users, [[0, 0, 1], [1, 1, count]]);
    let (first, rest) = groups.split_at(1);
    assert_eq!(first, [[0, 0, 1]]);
    assert_eq!(rest[..3], [[1, 1, 10], [11, 13, 89], [100, 11, 2]]);
}

fn an_at_names_ids_of_the_host(env: &TestEnv) {
    env.base();
    if env.is_root() {
        assert_eq!(maps(env, "--uidmap 0:@100000:2").0, [[0, 100_000, 2]]);
        return;
    }
    let uid = env.user().uid;
    assert_eq!(maps(env, &format!("--uidmap 0:1:3 --uidmap u5:@{uid}")).0, [[0, 1, 3], [5, 0, 1]]);
    env.run("run --rm --network none --uidmap 0:@1:1 base true").refused("parent ID UID 1 is not mapped");
}

fn uidmap_nonsense_is_refused(env: &TestEnv) {
    env.base();
    for (flags, said) in [
        ("--uidmap nonsense", "UID setting is malformed"),
        ("--gidmap 1:2:3:4", "setting is malformed"),
        ("--uidmap :1:1", "malformed"),
        ("--uidmap x0:1:1", "x0"),
        ("--uidmap 1::1", "invalid empty host id at UID map"),
        ("--uidmap 1:a:1", "parsing id map value \"a\""),
        ("--uidmap 0:0:4294967296", "parsing id map value \"4294967296\""),
        ("--uidmap 1:2:0", "must provide at least one UID or GID mapping"),
        ("--userns nonsense", "nonsense"),
        ("--userns keep-id --uidmap 0:1:1", "mutually exclusive"),
    ] {
        env.run(&format!("run --rm --network none {flags} base true")).refused(said);
    }
}

fn auto_gives_each_its_own(env: &TestEnv) {
    env.base();
    if env.is_root() {
        env.script(
            "cp /etc/subuid /etc/subgid /tmp/; echo containers:2147483647:2147483648 >>/tmp/subuid
            echo containers:2147483647:2147483648 >>/tmp/subgid
            cp /etc/passwd /tmp/; echo containers:x:999999:999999::/:/bin/false >>/tmp/passwd
            mount --bind /tmp/passwd /etc/passwd; mount --bind /tmp/subuid /etc/subuid; mount --bind /tmp/subgid /etc/subgid",
        );
    }
    env.ok("run -d --name a --network none --userns auto base sleep 1000");
    env.ok("run -d --name b --network none --userns auto:size=2000 base sleep 1000");
    let a = env.ok("exec a cat /proc/self/uid_map").text();
    let b = env.ok("exec b cat /proc/self/uid_map").text();
    let numbers = |text: &str| -> Vec<u64> { text.split_whitespace().map(|word| word.parse().unwrap()).collect() };
    let (a, b) = (numbers(&a), numbers(&b));
    assert_eq!((a[0], a[2], b[0], b[2]), (0, 1024, 0, 2000));
    assert!(a[1] + a[2] <= b[1] || b[1] + b[2] <= a[1], "{a:?} {b:?} overlap");
    env.ok("rm -f -t 0 a b");
}

fn files_belong_to_the_mapped_root(env: &TestEnv) {
    env.base();
    let line = "run --rm --network none --uidmap 0:100000:5000 base sh -c 'id -u; touch /new; stat -c %u /new /bin/busybox /etc'";
    env.ok(line).prints("0\n0\n0\n0\n");
}

fn owners_outside_of_the_map_are_nobody(env: &TestEnv) {
    let mut image = Base::image();
    image.layers.push(Layer::new(&[Entry::dir("home"), Entry::file("home/far", "x").owner(3000, 3000)]));
    env.load(&image, "localhost/far:1");
    let line = "run --rm --network none --uidmap 0:1000:10 far:1 sh -c 'stat -c %u:%g /bin/sh /home/far'";
    let owners = env.ok(line).lines();
    assert_eq!(owners[0], "0:0");
    // An ordinary user's podman gives such files to root.
    assert!(owners[1] == "65534:65534" || env.is_peer(), "{owners:?}");
}

fn the_users_namespace_waits_for_the_next_command(env: &TestEnv) {
    if env.is_peer() {
        return note_skipped("podman keeps its namespace in another way");
    }
    env.base();
    let namespace = || env.ok("run --rm --network none base readlink /proc/self/ns/user").text();
    let first = namespace();
    let noted = env.read(env.runroot().join("minke/userns/current")).expect("the namespace is noted");
    let (keeper, inode) = noted.trim().split_once(' ').expect("a process and a namespace");
    assert_eq!(first, format!("user:[{inode}]"));
    let line = env.read(format!("/proc/{keeper}/cmdline")).unwrap_or_default();
    assert!(line.starts_with("minke-userns"), "{line:?}");
    assert_eq!(namespace(), first);
    // Whoever kills it (or it ends after its minute) loses nothing but time: a new one comes.
    env.host_root(&format!("kill -9 {keeper}")).run();
    namespace();
    let noted = env.read(env.runroot().join("minke/userns/current")).expect("the namespace is noted");
    let next = noted.split(' ').next().unwrap();
    assert!(next != keeper, "{noted}");
    assert!(env.exists(format!("/proc/{next}")), "{noted}");
}

fn without_subordinate_ids_it_warns_and_works(env: &TestEnv) {
    if env.is_peer() {
        return note_skipped("podman needs `ignore_chown_errors` in storage.conf for this");
    }
    env.script(": >/tmp/empty; mount --bind /tmp/empty /etc/subuid; mount --bind /tmp/empty /etc/subgid");
    env.base();
    let output = env.ok("run --rm --network none base sh -c 'id -u; cat /proc/self/uid_map'");
    output.has("0\n").complains("subuid");
    assert_eq!(output.lines()[1].split_whitespace().collect::<Vec<_>>(), ["0", &env.user().uid.to_string(), "1"]);
}

fn groups_that_the_namespace_lacks_are_left_out(env: &TestEnv) {
    if env.is_peer() {
        return note_skipped("podman drops --group-add, too, and can't store the image without `ignore_chown_errors`");
    }
    let mut image = Base::image();
    let groups = "root:x:0:root\ntwo:x:2:root\nfar:x:3000:root\n";
    image.layers.push(Layer::new(&[Entry::dir("etc"), Entry::file("etc/group", groups)]));
    env.load(&image, "localhost/groups:1");
    let run = "run --rm --network none";
    env.ok(&format!("{run} --uidmap 0:1000:10 -u root groups:1 id -G")).prints("0 2\n");
    env.run(&format!("{run} --uidmap 0:1000:10 --group-add far groups:1 id -G")).code(126).complains("group 3000");
    env.script(": >/tmp/empty; mount --bind /tmp/empty /etc/subuid; mount --bind /tmp/empty /etc/subgid");
    if env.is_root() {
        return;
    }
    env.ok(&format!("{run} -u root groups:1 id -G")).has("0");
    env.ok(&format!("{run} --group-add root groups:1 id -u")).prints("0\n");
    env.run(&format!("{run} --group-add two groups:1 id")).code(126).complains("group 2 is not mapped");
    env.run(&format!("{run} -u 5 groups:1 id")).code(126).complains("user 5 is not mapped");
}

testkit::cases! { both: [ owners_outside_of_the_map_are_nobody, groups_that_the_namespace_lacks_are_left_out, host_is_the_default, uidmap_maps, a_plus_cuts_into_earlier_entries,
    flags_keep_an_entry_on_one_side, an_at_names_ids_of_the_host, uidmap_nonsense_is_refused, auto_gives_each_its_own];
root: [files_belong_to_the_mapped_root];
user: [a_users_first_plus_brings_all_other_ids, keep_id_keeps_the_callers_id, keep_id_takes_another_id, the_users_namespace_waits_for_the_next_command,
    without_subordinate_ids_it_warns_and_works] }
