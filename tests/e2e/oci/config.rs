//! Fields of config.json, and what can be wrong with it.

use super::{Bundle, begin, oci, ok, read, refused};
use serde_json::json;
use testkit::TestEnv;

fn malformed_fields_are_named(env: &TestEnv) {
    let bundle = Bundle::new(env, "true");
    let wrong = |pointer: &str, value: serde_json::Value, name: &str| {
        let mut config = bundle.config.clone();
        let (parent, field) = pointer.rsplit_once('/').unwrap();
        config.pointer_mut(parent).unwrap()[field] = value;
        env.write("bundle/config.json", config.to_string());
        refused(env, "create -b bundle box").complains(name);
    };
    // crun takes some of these, and names none.
    if !env.is_peer() {
        wrong("/process/user/uid", json!(-1), "process.user.uid");
        wrong("/process/user/uid", json!(1u64 << 40), "process.user.uid");
        wrong("/process/args", json!("sh"), "process.args");
        wrong("/process/args", json!([]), "process.args");
        wrong("/process/cwd", json!("relative"), "process.cwd");
        wrong("/mounts", json!({}), "mounts");
        wrong("/linux/namespaces/0/type", json!("nonsense"), "nonsense");
    }
    env.write("bundle/config.json", "{ \"ociVersion\": ");
    refused(env, "create -b bundle box");
    env.write("bundle/config.json", "");
    refused(env, "create -b bundle box");
    env.host("rm bundle/config.json").run().ok();
    refused(env, "create -b bundle box").complains("config.json");
    ok(env, "list -q").prints("");
}

fn unknown_fields_are_ignored(env: &TestEnv) {
    let mut bundle = Bundle::new(env, "echo fine");
    bundle.set("/future", json!({ "x": [1] })).set("/process/future", json!(true));
    bundle.run().prints("fine\n");
}

fn versions(env: &TestEnv) {
    let mut bundle = Bundle::new(env, "echo fine");
    bundle.set("/ociVersion", json!("1.3.0-dev")).run().prints("fine\n");
    if !env.is_peer() {
        bundle.set("/ociVersion", json!("3.0.0")).run().code(1).complains("ociVersion");
        bundle.set("/ociVersion", json!("")).run().code(1).complains("ociVersion");
    }
}

fn names(env: &TestEnv) {
    let mut bundle = Bundle::new(env, "hostname; cat /proc/sys/kernel/domainname");
    bundle.set("/hostname", json!("other")).set("/domainname", json!("example.org"));
    bundle.run().prints("other\nexample.org\n");
}

fn read_only_root(env: &TestEnv) {
    let mut bundle = Bundle::new(env, "touch /x; echo $?; touch /tmp/x; echo $?");
    bundle.set("/root/readonly", json!(true)).run().prints("1\n0\n");
}

fn masked_and_read_only_paths(env: &TestEnv) {
    let mut bundle =
        Bundle::new(env, "cat /proc/kcore | wc -c; ls /proc/acpi | wc -l; echo 1 >/proc/sys/kernel/hostname");
    bundle.set("/linux/maskedPaths", json!(["/proc/kcore", "/proc/acpi", "/no/such/path"]));
    bundle.set("/linux/readonlyPaths", json!(["/proc/sys", "/no/such/path"]));
    bundle.run().prints("0\n0\n").complains("Read-only file system");
}

fn sysctl_of_its_namespaces(env: &TestEnv) {
    let mut bundle = Bundle::new(env, "cat /proc/sys/net/ipv4/ip_forward /proc/sys/kernel/shmmni");
    bundle.set("/linux/sysctl", json!({ "net.ipv4.ip_forward": "1", "kernel.shmmni": "99" }));
    bundle.run().prints("1\n99\n");
}

fn limits_of_processes(env: &TestEnv) {
    let mut bundle = Bundle::new(env, "ulimit -Sn; ulimit -Hn");
    bundle.set("/process/rlimits", json!([{ "type": "RLIMIT_NOFILE", "soft": 100, "hard": 200 }]));
    bundle.run().prints("100\n200\n");
    bundle.set("/process/rlimits", json!([{ "type": "RLIMIT_NONSENSE", "soft": 1, "hard": 1 }]));
    bundle.run().code(1).complains("RLIMIT_NONSENSE");
}

fn capabilities_by_set(env: &TestEnv) {
    let mut bundle = Bundle::new(env, "grep ^Cap /proc/self/status");
    bundle.set(
        "/process/capabilities",
        json!({ "bounding": ["CAP_CHOWN", "CAP_KILL"], "permitted": ["CAP_CHOWN", "CAP_KILL"], "effective": ["CAP_CHOWN"],
            "inheritable": ["CAP_KILL"], "ambient": ["CAP_KILL"] }),
    );
    bundle.set("/process/user/uid", json!(0));
    let shown = bundle.run();
    shown.has("CapBnd:\t0000000000000021").has("CapInh:\t0000000000000020").has("CapAmb:\t0000000000000020");
}

fn umask_and_score(env: &TestEnv) {
    let mut bundle = Bundle::new(env, "umask; cat /proc/self/oom_score_adj");
    bundle.set("/process/user/umask", json!(0o27)).set("/process/oomScoreAdj", json!(500));
    bundle.run().prints("0027\n500\n");
}

fn user_and_groups(env: &TestEnv) {
    let mut bundle = Bundle::new(env, "id -u; id -g; id -G");
    bundle.set("/process/user", json!({ "uid": 5, "gid": 7, "additionalGids": [9, 10] }));
    bundle.run().prints("5\n7\n7 9 10\n");
}

fn mounts_and_their_options(env: &TestEnv) {
    env.write("shared/file", "content");
    let source = env.work().join("shared");
    let mut bundle = Bundle::new(env, "cat /m/new/file; touch /m/new/x; grep /m/new /proc/self/mountinfo");
    bundle.mount(json!({ "destination": "/m/new", "type": "bind", "source": source,
        "options": ["rbind", "ro", "nosuid", "nodev", "noexec"] }));
    let shown = bundle.run();
    shown.has("content").has("ro,nosuid,nodev,noexec").complains("Read-only");
    // A file on a name that isn't there.
    let mut bundle = Bundle::new(env, "cat /n/f");
    bundle.mount(json!({ "destination": "/n/f", "source": source.join("file"), "options": ["bind"] }));
    bundle.run().prints("content");
}

/// crun refuses such a target.
fn targets_that_are_links_stay_inside(env: &TestEnv) {
    if env.is_peer() {
        return;
    }
    env.write("outside/file", "outside");
    let mut bundle = Bundle::new(env, "echo changed >/link/file; ls /link");
    let link = bundle.rootfs().join("link");
    env.host(&format!("ln -s {} {}", env.work().join("outside").display(), link.display())).run().ok();
    bundle.mount(json!({ "destination": "/link", "type": "tmpfs", "source": "tmpfs" }));
    bundle.run().prints("file\n");
    assert_eq!(read(env, "outside/file").unwrap(), "outside");
}

fn devices_that_everybody_has(env: &TestEnv) {
    let script = "for d in null zero full random urandom tty; do test -c /dev/$d || echo no $d; done; \
                  readlink /dev/fd; readlink /dev/stdin; readlink /dev/ptmx";
    Bundle::new(env, script).run().prints("/proc/self/fd\n/proc/self/fd/0\npts/ptmx\n");
}

fn more_devices(env: &TestEnv) {
    let mut bundle = Bundle::new(env, "stat -c '%a %u %g %t %T' /dev/mine");
    bundle.set(
        "/linux/devices",
        json!([{ "path": "/dev/mine", "type": "c", "major": 1, "minor": 3, "fileMode": 0o600, "uid": 3, "gid": 4 }]),
    );
    bundle.run().prints("600 3 4 1 3\n");
}

fn a_filter_of_system_calls(env: &TestEnv) {
    let mut bundle = Bundle::new(env, "mkdir /tmp/x; hostname");
    bundle.set(
        "/linux/seccomp",
        json!({ "defaultAction": "SCMP_ACT_ALLOW", "syscalls": [
            { "names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO", "errnoRet": 38 }] }),
    );
    bundle.run().prints("box\n").complains("not implemented");
    bundle.set("/linux/seccomp", json!({ "defaultAction": "SCMP_ACT_NONSENSE" }));
    bundle.run().code(1).complains("SCMP_ACT_NONSENSE");
}

fn namespaces_by_path(env: &TestEnv) {
    Bundle::new(env, "exec sleep 1000");
    begin(env, &format!("run -d -b bundle --pid-file {} holder", env.work().join("pid").display()));
    let pid = read(env, "pid").unwrap();
    let mut bundle = Bundle::new(env, "hostname");
    let namespaces = bundle.config["linux"]["namespaces"].as_array_mut().unwrap();
    let uts = namespaces.iter_mut().find(|namespace| namespace["type"] == "uts").unwrap();
    uts["path"] = json!(format!("/proc/{pid}/ns/uts"));
    bundle.config.as_object_mut().unwrap().remove("hostname");
    ok(env, "exec holder hostname").prints("box\n");
    bundle.write();
    oci(env, "run -b bundle joins").run().prints("box\n");
    ok(env, "delete -f holder");
}

fn a_starter_runs(env: &TestEnv) {
    Bundle::new(env, "true");
    env.host("rm bundle/config.json").run().ok();
    let rootless = if env.is_root() { "" } else { " --rootless" };
    ok(env, &format!("spec -b bundle{rootless}"));
    let mut config: serde_json::Value = serde_json::from_str(&read(env, "bundle/config.json").unwrap()).unwrap();
    config["process"]["terminal"] = json!(false);
    config["process"]["args"] = json!(["echo", "hello"]);
    if env.is_root() {
        config["linux"]["cgroupsPath"] = json!(format!("/minke/e2e-oci-starter-{}", std::process::id()));
    }
    // The machine that this runs on may have lower limits.
    config["process"].as_object_mut().unwrap().remove("rlimits");
    env.write("bundle/config.json", config.to_string());
    oci(env, "run -b bundle box").run().ok().prints("hello\n");
    oci(env, &format!("spec -b bundle{rootless}")).run().code(1).is_readable();
}

fn features_is_a_document(env: &TestEnv) {
    let features: serde_json::Value = serde_json::from_slice(&ok(env, "features").stdout).unwrap();
    assert_eq!(features["ociVersionMin"], "1.0.0");
    assert!(features["hooks"].as_array().unwrap().len() == 6);
    assert!(features["mountOptions"].as_array().unwrap().contains(&json!("rro")));
    assert_eq!(features["linux"]["seccomp"]["enabled"], true);
}

testkit::cases! {
    both: [
        malformed_fields_are_named,
        unknown_fields_are_ignored,
        versions,
        names,
        read_only_root,
        masked_and_read_only_paths,
        sysctl_of_its_namespaces,
        limits_of_processes,
        capabilities_by_set,
        umask_and_score,
        mounts_and_their_options,
        targets_that_are_links_stay_inside,
        devices_that_everybody_has,
        a_filter_of_system_calls,
        a_starter_runs,
        features_is_a_document,
    ]
    root: [user_and_groups, more_devices, namespaces_by_path]
}
