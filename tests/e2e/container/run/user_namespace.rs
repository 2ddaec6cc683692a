//! `--userns host|auto|nomap`, `--uidmap`, `--gidmap`, and life without subordinate ids.

use testkit::{Base, Entry, Layer, TestEnv, note_skipped};

pub(super) fn map(env: &TestEnv, flags: &str) -> Vec<Vec<u64>> {
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
    // Podman's root sees it when the container is set up.
    let code = if env.is_peer() && env.is_root() { 126 } else { 125 };
    let output = env.run("run --rm --network none --uidmap 5:1:10 base true");
    output.code(code).complains("container ID 0 cannot be mapped").is_readable();
}

/// Root's ranges for `auto` are those of the user `containers`.
fn give_containers_ids(env: &TestEnv) {
    if env.is_root() {
        env.script(
            "cp /etc/subuid /etc/subgid /tmp/; echo containers:2147483647:2147483648 >>/tmp/subuid
            echo containers:2147483647:2147483648 >>/tmp/subgid
            cp /etc/passwd /tmp/; echo containers:x:999999:999999::/:/bin/false >>/tmp/passwd
            mount --bind /tmp/passwd /etc/passwd; mount --bind /tmp/subuid /etc/subuid; mount --bind /tmp/subgid /etc/subgid",
        );
    }
}

/// First id outside and how many, of a running container.
fn range_of(env: &TestEnv, name: &str) -> (u64, u64) {
    let text = env.ok(&format!("exec {name} cat /proc/self/uid_map")).text();
    let numbers: Vec<u64> = text.split_whitespace().map(|word| word.parse().unwrap()).collect();
    assert_eq!(numbers[0], 0);
    (numbers[1], numbers[2])
}

fn auto_gives_each_its_own(env: &TestEnv) {
    env.base();
    give_containers_ids(env);
    env.ok("run -d --name a --network none --userns auto base sleep 1000");
    env.ok("run -d --name b --network none --userns auto:size=2000 base sleep 1000");
    let (a, b) = (range_of(env, "a"), range_of(env, "b"));
    assert_eq!((a.1, b.1), (1024, 2000));
    assert!(a.0 + a.1 <= b.0 || b.0 + b.1 <= a.0, "{a:?} {b:?} overlap");
    // A range is free again after its container is gone.
    env.ok("rm -f -t 0 a");
    env.ok("run -d --name c --network none --userns auto base sleep 1000");
    assert_eq!(range_of(env, "c"), a);
    env.ok("rm -f -t 0 b c");
}

fn auto_gives_each_its_own_at_once(env: &TestEnv) {
    env.base();
    give_containers_ids(env);
    let run = |name: &str| {
        env.engine().words(&format!("run -d --name {name} --network none --userns auto base sleep 1000")).spawn()
    };
    let names = ["a", "b", "c", "d"];
    for process in names.map(run) {
        process.wait().ok();
    }
    let mut ranges = names.map(|name| range_of(env, name));
    ranges.sort_unstable();
    assert!(ranges.windows(2).all(|pair| pair[0].0 + pair[0].1 <= pair[1].0), "{ranges:?} overlap");
    env.ok("rm -f -t 0 a b c d");
}

fn auto_takes_fixed_ranges_besides(env: &TestEnv) {
    env.base();
    give_containers_ids(env);
    let users = map(env, "--userns auto:size=100,uidmapping=200:5:10,gidmapping=300:7:1");
    assert!(users.contains(&vec![200, 5, 10]), "{users:?}");
    assert_eq!(users.iter().map(|line| line[2]).sum::<u64>(), 110);
    let users = map(env, "--userns auto:size=100,uidmapping=0:5:1");
    let mut inside: Vec<_> = users.iter().map(|line| (line[0], line[2])).collect();
    inside.sort_unstable();
    assert_eq!((inside[0], inside.iter().map(|(_, count)| count).sum::<u64>()), ((0, 1), 100));
    env.run("run --rm --network none --userns auto:size=100,uidmapping=+0:5:1 base true").code(125).is_readable();
    env.run("run --rm --network none --userns auto:size=abc base true").code(125).is_readable();
}

fn auto_has_room_for_the_images_ids(env: &TestEnv) {
    env.base();
    give_containers_ids(env);
    let size = |flags: &str, image: &str| -> String {
        let line = format!("run --rm --network none --userns auto {flags} {image} cat /proc/self/uid_map");
        env.ok(&line).text().split_whitespace().nth(2).unwrap().to_owned()
    };
    assert_eq!(size("", "base"), "1024");
    assert_eq!(size("-u 1500:4500", "base"), "4501");
    let with = |entry: Entry| {
        let mut image = Base::image();
        image.layers.push(Layer::new(&[Entry::dir("etc"), entry]));
        env.load(&image, "localhost/ids:1");
    };
    with(Entry::file("etc/passwd", "root:x:0:0::/:\na:x:5000:20::/:\nnobody:x:65534:65534::/:\n"));
    assert_eq!(size("", "ids:1"), "5001");
    with(Entry::file("etc/group", "root:x:0:\nnogroup:x:7000:\ng:x:6000:\n"));
    assert_eq!(size("", "ids:1"), "6001");
    with(Entry::file("etc/owned", "").owner(3000, 4000));
    assert_eq!(size("", "ids:1"), "4001");
    with(Entry::file("etc/passwd", "root:x:0:0::/:\na:x:70000:20::/:\n"));
    env.run("run --rm --network none --userns auto ids:1 true").refused("user namespace with size 70001");
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

fn nomap_leaves_the_caller_out(env: &TestEnv) {
    env.base();
    let whole = map(env, "");
    assert_eq!(map(env, "--userns nomap"), [[0, 1, whole[1][2]]]);
    env.ok("run --rm --network none --userns nomap base sh -c 'id -u; stat -c %u /bin/sh; touch /x'").prints("0\n0\n");
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

fn root_leaves_the_side_that_nobody_maps_its_first_id(env: &TestEnv) {
    env.base();
    assert_eq!(maps(env, "--uidmap g0:100000:10"), (vec![vec![0, 0, 1]], vec![vec![0, 100_000, 10]]));
    // Podman's devpts wants a group 5.
    if !env.is_peer() {
        assert_eq!(maps(env, "--gidmap u0:100000:10"), (vec![vec![0, 100_000, 10]], vec![vec![0, 0, 1]]));
    }
}

testkit::cases! { both: [ owners_outside_of_the_map_are_nobody, groups_that_the_namespace_lacks_are_left_out, host_is_the_default, uidmap_maps, a_plus_cuts_into_earlier_entries,
    flags_keep_an_entry_on_one_side, an_at_names_ids_of_the_host, uidmap_nonsense_is_refused, auto_gives_each_its_own,
    auto_gives_each_its_own_at_once, auto_takes_fixed_ranges_besides, auto_has_room_for_the_images_ids];
root: [files_belong_to_the_mapped_root, root_leaves_the_side_that_nobody_maps_its_first_id];
user: [a_users_first_plus_brings_all_other_ids, the_users_namespace_waits_for_the_next_command,
    without_subordinate_ids_it_warns_and_works, nomap_leaves_the_caller_out] }
