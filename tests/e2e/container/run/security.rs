//! Capabilities, seccomp, `no-new-privileges`, `--privileged`, masked paths.

use testkit::{TestEnv, note_skipped, reason_without_selinux};

/// Podman's default: CHOWN DAC_OVERRIDE FOWNER FSETID KILL NET_BIND_SERVICE SETFCAP SETGID SETPCAP SETUID SYS_CHROOT.
const DEFAULT: &str = "00000000800405fb";

fn status(env: &TestEnv, flags: &str, field: &str) -> String {
    let output = env.ok(&format!("run --rm --network none {flags} base grep ^{field}: /proc/self/status"));
    output.text().split_whitespace().last().unwrap_or_default().to_owned()
}

fn the_default_capabilities_are_podmans(env: &TestEnv) {
    env.base();
    for set in ["CapPrm", "CapEff", "CapBnd"] {
        assert_eq!(status(env, "", set), DEFAULT);
    }
    for set in ["CapInh", "CapAmb"] {
        assert_eq!(status(env, "", set), "0000000000000000");
    }
}

fn cap_add_adds(env: &TestEnv) {
    env.base();
    assert_eq!(status(env, "--cap-add NET_RAW", "CapEff"), "00000000800425fb");
    assert_eq!(status(env, "--cap-add cap_net_raw,sys_admin", "CapEff"), "00000000802425fb");
}

fn cap_drop_drops(env: &TestEnv) {
    env.base();
    assert_eq!(status(env, "--cap-drop CHOWN", "CapEff"), "00000000800405fa");
    assert_eq!(status(env, "--cap-drop all", "CapBnd"), "0000000000000000");
    assert_eq!(status(env, "--cap-drop all --cap-add kill", "CapEff"), "0000000000000020");
}

fn unknown_capabilities_are_refused(env: &TestEnv) {
    env.base();
    env.run("run --rm --cap-add FLYING base true").code(125).complains("flying").is_readable();
    env.run("run --rm --cap-drop FLYING base true").code(125).complains("flying").is_readable();
}

fn another_user_keeps_added_capabilities(env: &TestEnv) {
    env.base();
    assert_eq!(status(env, "-u 1000 --cap-add net_raw", "CapEff"), "0000000000002000");
    assert_eq!(status(env, "-u 1000", "CapBnd"), DEFAULT);
}

fn seccomp_is_on(env: &TestEnv) {
    env.base();
    assert_eq!(status(env, "", "Seccomp"), "2");
    assert_eq!(status(env, "--security-opt seccomp=unconfined", "Seccomp"), "0");
}

fn seccomp_takes_a_file(env: &TestEnv) {
    env.base();
    let profile = r#"{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO", "errnoRet": 28}]}"#;
    env.write("profile.json", profile);
    let output = env.run("run --rm --network none --security-opt seccomp=profile.json base mkdir /x");
    output.code(1).complains("no space left");
    env.run("run --rm --security-opt seccomp=not-there.json base true").refused("not-there.json");
    env.write("broken.json", "{");
    env.run("run --rm --network none --security-opt seccomp=broken.json base true").is_readable();
}

fn a_profile_may_forbid_everything_but_execve(env: &TestEnv) {
    env.base();
    for action in ["SCMP_ACT_ERRNO", "SCMP_ACT_KILL"] {
        let rule = format!(r#"{{"names": ["execveat"], "action": "{action}"}}"#);
        env.write("profile.json", format!(r#"{{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{rule}]}}"#));
        env.ok("run --rm --network none --security-opt seccomp=profile.json base echo there").prints("there\n");
        env.ok("run --rm --network none --init --security-opt seccomp=profile.json base echo there").prints("there\n");
        env.ok("run -d --name box --network none --security-opt seccomp=profile.json base sleep 1000");
        env.ok("exec box echo there").prints("there\n");
        env.ok("rm -f -t 0 box");
    }
}

fn mount_is_forbidden(env: &TestEnv) {
    env.base();
    env.run("run --rm --network none base mount -t tmpfs x /tmp").code(1);
    env.run("run --rm --network none base unshare -n true").code(127);
}

fn no_new_privileges(env: &TestEnv) {
    env.base();
    assert_eq!(status(env, "", "NoNewPrivs"), "0");
    assert_eq!(status(env, "--security-opt no-new-privileges", "NoNewPrivs"), "1");
    assert_eq!(status(env, "--security-opt no-new-privileges:true", "NoNewPrivs"), "1");
}

fn security_opt_nonsense_is_refused(env: &TestEnv) {
    env.base();
    env.run("run --rm --security-opt nonsense=1 base true").refused("nonsense");
}

fn labels_of_absent_modules_can_be_off(env: &TestEnv) {
    env.base();
    for option in ["label=disable", "label:disable", "label=type:spc_t", "apparmor=unconfined"] {
        env.ok(&format!("run --rm --network none --security-opt {option} base true"));
    }
    env.run("run --rm --network none --security-opt apparmor=no-such base true").code(125).is_readable();
}

fn paths_are_masked(env: &TestEnv) {
    env.base();
    env.ok("run --rm --network none base sh -c 'cat /proc/keys /proc/timer_list; ls /proc/acpi /sys/firmware'")
        .prints("/proc/acpi:\n\n/sys/firmware:\n");
    env.run("run --rm --network none base sh -c 'echo 1 >/proc/sys/kernel/panic'").complains("read-only");
    env.run("run --rm --network none base sh -c 'echo b >/proc/sysrq-trigger'").complains("");
    env.run("run --rm --network none base touch /sys/x").complains("read-only");
}

fn unmask_shows(env: &TestEnv) {
    env.base();
    let line =
        "run --rm --network none --security-opt unmask=/proc/timer_list base grep -c timer_list /proc/self/mountinfo";
    env.run(line).prints("0\n");
    env.run("run --rm --network none --security-opt unmask=ALL base grep -c -e /proc/keys -e /sys/firmware /proc/self/mountinfo")
        .prints("0\n");
}

fn privileged_has_all(env: &TestEnv) {
    env.base();
    env.ok("run --rm --network none --privileged base sh -c 'mount -t tmpfs x /tmp && echo mounted'")
        .prints("mounted\n");
    assert_eq!(status(env, "--privileged", "Seccomp"), "0");
    let own = env.host_root("grep ^CapBnd: /proc/self/status").run().text();
    assert_eq!(status(env, "--privileged", "CapEff"), own.split_whitespace().last().unwrap());
}

fn selinux_labels_are_set(env: &TestEnv) {
    if let Some(reason) = reason_without_selinux() {
        return note_skipped(&reason);
    }
    env.base();
    env.ok("run --rm --network none base cat /proc/self/attr/current").has("container_t");
}

testkit::cases! { both: [ labels_of_absent_modules_can_be_off, a_profile_may_forbid_everything_but_execve,
    the_default_capabilities_are_podmans, cap_add_adds, cap_drop_drops, unknown_capabilities_are_refused,
    another_user_keeps_added_capabilities, seccomp_is_on, seccomp_takes_a_file, mount_is_forbidden,
    no_new_privileges, security_opt_nonsense_is_refused, paths_are_masked, unmask_shows, selinux_labels_are_set,
]; root: [privileged_has_all] }
