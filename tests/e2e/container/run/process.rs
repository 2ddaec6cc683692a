//! `-e --env-file -w -u --group-add --entrypoint --ulimit --sysctl --umask`-like: the process itself.

use serde_json::json;
use testkit::{Base, Entry, Layer, TestEnv, note_skipped};

fn e_sets_variables(env: &TestEnv) {
    env.base();
    env.ok("run --rm --network none -e A=1 --env 'B=two words' -e EMPTY= base sh -c 'echo $A,$B,${EMPTY-unset}'")
        .prints("1,two words,\n");
}

fn e_without_a_value_takes_the_callers(env: &TestEnv) {
    env.base();
    let run = env.engine().words("run --rm --network none -e FROM_HOST -e NOT_SET base env").var("FROM_HOST", "yes");
    run.run().ok().has("FROM_HOST=yes\n").lacks("NOT_SET");
}

fn the_callers_variables_stay_outside(env: &TestEnv) {
    env.base();
    env.engine().words("run --rm --network none base env").var("SECRET_X", "1").run().ok().lacks("SECRET_X");
}

fn the_default_variables_are_podmans(env: &TestEnv) {
    env.base();
    let output = env.ok("run --rm --network none --hostname box base env");
    output.has("PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\n").has("container=");
    output.has("HOME=/root").has("HOSTNAME=box").lacks("TERM=");
}

fn env_file_is_read(env: &TestEnv) {
    env.base();
    env.write("vars", "# a comment\n\nA=1\nB=with = sign\n  C=indented\nFROM_HOST\n");
    let run = env.engine().words("run --rm --network none --env-file vars -e A=2 base env").var("FROM_HOST", "x");
    run.run().ok().has("A=2\n").has("B=with = sign\n").has("C=indented\n").has("FROM_HOST=x");
}

fn env_file_that_is_missing_is_named(env: &TestEnv) {
    env.base();
    env.run("run --rm --env-file not-there base true").refused("not-there");
}

fn w_sets_the_folder(env: &TestEnv) {
    env.base();
    env.ok("run --rm --network none -w /tmp base pwd").prints("/tmp\n");
    env.run("run --rm --network none --workdir /new/deep base pwd").code(126).complains("/new/deep");
    env.ok("run --rm --network none -w tmp base pwd").prints("/tmp\n");
    env.run("run --rm --network none -w relative base pwd").code(126).complains("relative");
}

fn u_takes_names_and_numbers(env: &TestEnv) {
    env.base();
    env.ok("run --rm --network none -u web base id").prints("uid=1000(web) gid=1000(web) groups=50(staff),1000(web)\n");
    env.ok("run --rm --network none -u 1000 base id -u").prints("1000\n");
    env.ok("run --rm --network none -u 7:8 base sh -c 'id -u; id -g'").prints("7\n8\n");
    env.ok("run --rm --network none --user root:staff base sh -c 'id -u; id -g'").prints("0\n50\n");
    env.ok("run --rm --network none -u web base sh -c 'echo $HOME'").prints("/home\n");
}

fn u_with_an_unknown_name_is_refused(env: &TestEnv) {
    env.base();
    let output = env.run("run --rm --network none -u nobody-here base true");
    output.complains("nobody-here").is_readable();
    output.code(126);
}

fn u_drops_capabilities(env: &TestEnv) {
    env.base();
    env.ok("run --rm --network none -u 1000 base grep CapEff /proc/self/status").has("0000000000000000");
}

fn group_add_adds_groups(env: &TestEnv) {
    env.base();
    let output = env.ok("run --rm --network none --group-add staff --group-add 777 base id -G");
    output.has("50").has("777");
}

/// What the image says of the user's groups, whether the user was named or not.
fn groups_of_the_image_are_given(env: &TestEnv) {
    let mut image = Base::image();
    image.layers.push(Layer::new(&[Entry::file("etc/group", "root:x:0:\nweb:x:1000:web\nextra:x:60:web,root\n")]));
    env.load(&image, "localhost/groups:1");
    let groups = |flags: &str| {
        let line = format!("run --rm --network none {flags} localhost/groups:1 grep Groups /proc/self/status");
        env.ok(&line).text().split_whitespace().skip(1).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(groups(""), "60");
    assert_eq!(groups("-u root"), "0 60");
    assert_eq!(groups("-u root:"), "0");
    assert_eq!(groups("-u 0:0"), "0");
    assert_eq!(groups("--group-add 5"), "5 60");
}

/// The groups of whoever runs it, which an ordinary user's namespace can't name.
fn group_add_keep_groups(env: &TestEnv) {
    env.base();
    let line = "run --rm --network none --group-add keep-groups base grep Groups /proc/self/status";
    let engine = testkit::engine_under_test();
    if !env.is_peer() {
        let output = env.host_root(&format!("setpriv --groups 4711 {engine} {line}")).run();
        output.ok().has("4711");
    }
    env.ok(line);
    env.run("run --rm --network none --group-add keep-groups --group-add 5 base true").refused("keep-groups");
}

fn numbers_no_id_can_be_are_refused(env: &TestEnv) {
    env.base();
    for user in ["-1", "2147483648", "4294967296", "0:-1"] {
        env.engine()
            .words("run --rm --network none -u")
            .arg(user)
            .words("base true")
            .run()
            .code(126)
            .complains("range");
    }
}

fn entrypoint_replaces_the_images(env: &TestEnv) {
    let image = Base::image().config("Entrypoint", json!(["echo", "from", "entrypoint"])).config("Cmd", json!(["cmd"]));
    env.load(&image, "localhost/ep:1");
    env.ok("run --rm --network none ep:1").prints("from entrypoint cmd\n");
    env.ok("run --rm --network none ep:1 other").prints("from entrypoint other\n");
    env.ok("run --rm --network none --entrypoint printf ep:1 'a%sc\\n' b").prints("abc\n");
    env.ok("run --rm --network none --entrypoint '[\"echo\", \"json\"]' ep:1 tail").prints("json tail\n");
    env.ok("run --rm --network none --entrypoint '' ep:1 echo plain").prints("plain\n");
}

fn the_images_config_counts(env: &TestEnv) {
    let image = Base::image()
        .config("Env", json!(["PATH=/bin", "FROM_IMAGE=1"]))
        .config("WorkingDir", json!("/made/by/image"))
        .config("User", json!("web"))
        .config("Cmd", json!(["sh", "-c", "echo $FROM_IMAGE $PWD $(id -un)"]));
    env.load(&image, "localhost/conf:1");
    env.ok("run --rm --network none conf:1").prints("1 /made/by/image web\n");
}

fn ulimit_sets_soft_and_hard(env: &TestEnv) {
    env.base();
    env.ok("run --rm --network none --ulimit nofile=100:200 base sh -c 'ulimit -Sn; ulimit -Hn'").prints("100\n200\n");
    env.ok("run --rm --network none --ulimit core=0 base sh -c 'ulimit -c'").prints("0\n");
    env.run("run --rm --ulimit nofile=300:200 base true").code(125).is_readable();
    env.run("run --rm --ulimit no-such=1 base true").refused("no-such");
}

fn limits_that_cannot_be_set_are_refused(env: &TestEnv) {
    env.base();
    let can = env.host("sh -c 'ulimit -H -l unlimited'").run().status.success();
    let output = env.run("run --rm --network none --ulimit memlock=-1:-1 base sh -c 'ulimit -H -l'");
    match (can, env.is_peer() && !env.is_root()) {
        (true, _) => drop(output.prints("unlimited\n")),
        (false, true) => note_skipped("an ordinary user's podman takes what it can get and doesn't say so"),
        (false, false) => drop(output.complains("memlock").is_readable()),
    }
}

fn an_oom_score_that_cannot_be_set_is_told(env: &TestEnv) {
    env.base();
    env.ok("run --rm --network none --oom-score-adj 500 base cat /proc/self/oom_score_adj").prints("500\n");
    let can = env.host("sh -c 'echo -1000 >/proc/self/oom_score_adj'").run().status.success();
    let output = env.run("run --rm --network none --oom-score-adj -1000 base cat /proc/self/oom_score_adj");
    match can {
        true => output.prints("-1000\n"),
        false => output.complains_of_one(&["oom-score-adj", "oom_score_adj"]),
    };
}

fn sysctl_sets_namespaced_values(env: &TestEnv) {
    env.base();
    env.ok("run --rm --network none --sysctl kernel.shmmax=12345 base cat /proc/sys/kernel/shmmax").prints("12345\n");
    env.ok("run --rm --network none --sysctl net.ipv4.ip_unprivileged_port_start=81 base cat /proc/sys/net/ipv4/ip_unprivileged_port_start")
        .prints("81\n");
}

fn sysctl_of_the_host_is_refused(env: &TestEnv) {
    env.base();
    let output = env.run("run --rm --network none --sysctl kernel.panic=1 base true");
    output.complains("kernel.panic").is_readable();
    assert!([125, 126].contains(&output.status.code().unwrap()), "{output}");
}

fn the_umask_is_0022(env: &TestEnv) {
    env.base();
    env.ok("run --rm --network none base sh -c umask").prints("0022\n");
}

fn no_file_descriptor_leaks_in(env: &TestEnv) {
    env.base();
    let output = env.ok("run --rm --network none base ls /proc/self/fd");
    assert_eq!(output.lines(), ["0", "1", "2", "3"], "3 is that of ls itself\n{output}");
}

testkit::cases! { both: [ limits_that_cannot_be_set_are_refused, an_oom_score_that_cannot_be_set_is_told,
    e_sets_variables, e_without_a_value_takes_the_callers, the_callers_variables_stay_outside,
    the_default_variables_are_podmans, env_file_is_read, env_file_that_is_missing_is_named,
    w_sets_the_folder, u_takes_names_and_numbers, u_with_an_unknown_name_is_refused,
    u_drops_capabilities, group_add_adds_groups, entrypoint_replaces_the_images, the_images_config_counts,
    ulimit_sets_soft_and_hard, sysctl_sets_namespaced_values, sysctl_of_the_host_is_refused, the_umask_is_0022,
    no_file_descriptor_leaks_in, groups_of_the_image_are_given, numbers_no_id_can_be_are_refused,
]; root: [group_add_keep_groups] }
