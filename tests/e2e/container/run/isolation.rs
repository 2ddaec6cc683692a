//! What a container can't see or do: other namespaces, the host's root, the engine's own program.

use testkit::{Base, Entry, Layer, TestEnv};

fn namespaces_differ(env: &TestEnv) {
    env.base();
    for kind in ["pid", "mnt", "ipc", "uts", "net"] {
        let inner = env.ok(&format!("run --rm --network none base readlink /proc/self/ns/{kind}")).text();
        let outer = env.host(&format!("readlink /proc/self/ns/{kind}")).run().text();
        assert_ne!(inner, outer);
    }
}

fn ipc_of_another_container_is_shared(env: &TestEnv) {
    env.base();
    env.ok("run -d --name a --network none base sleep 1000");
    env.ok("run --rm --network none --ipc container:a base sh -c 'echo shared >/dev/shm/x'");
    env.ok("exec a cat /dev/shm/x").prints("shared\n");
    env.ok("rm -f -t 0 a");
}

fn the_command_is_pid_1(env: &TestEnv) {
    env.base();
    env.ok("run --rm --network none base sh -c 'echo $$'").prints("1\n");
    env.ok("run --rm --network none base ps -o pid").prints("PID\n    1\n");
}

fn the_hosts_root_is_gone(env: &TestEnv) {
    env.base();
    let output = env.ok("run --rm --network none base cat /proc/self/mountinfo");
    let host = env.dir().display().to_string();
    let mounts: Vec<String> = output.lines().into_iter().filter(|line| !line.contains(" / / ")).collect();
    assert!(mounts.iter().all(|line| !line.split(' ').nth(4).unwrap().starts_with(&host)), "{output}");
    env.ok("run --rm --network none base sh -c 'cd ../../../..; ls -d proc bin'").prints("bin\nproc\n");
}

fn mounts_have_safe_flags(env: &TestEnv) {
    env.base();
    let output = env.ok("run --rm --network none base cat /proc/mounts");
    for (place, flags) in [
        ("/proc", "nosuid,nodev,noexec"),
        ("/dev", "nosuid"),
        ("/dev/shm", "nosuid,nodev,noexec"),
        ("/sys", "ro,nosuid,nodev,noexec"),
    ] {
        let line = output.lines().into_iter().find(|line| line.split(' ').nth(1) == Some(place)).unwrap();
        assert!(line.contains(flags), "{line}");
    }
}

fn dev_holds_the_usual_only(env: &TestEnv) {
    env.base();
    let output = env.ok("run --rm --network none base ls /dev");
    assert_eq!(
        output.lines(),
        [
            "core", "fd", "full", "mqueue", "null", "ptmx", "pts", "random", "shm", "stderr", "stdin", "stdout", "tty",
            "urandom", "zero"
        ]
    );
    env.ok("run --rm --network none base sh -c 'echo x >/dev/null; head -c 4 /dev/zero | wc -c'").prints("4\n");
}

/// CVE-2019-5736: an image whose command is the engine's own program.
fn proc_self_exe_never_names_the_engine(env: &TestEnv) {
    let mut image = Base::image();
    let entries =
        [Entry::file("bin/self", "#!/proc/self/exe\n").mode(0o755), Entry::symlink("bin/exe-link", "/proc/self/exe")];
    image.layers.push(Layer::new(&entries));
    env.load(&image, "localhost/attack:1");
    let program = env.host_root("sha256sum").arg(testkit::engine_under_test()).run().text();
    // Whatever runs, it isn't the engine: nothing that speaks like it.
    for command in ["/bin/self --version", "/proc/self/exe --version", "/bin/exe-link --version"] {
        let output = env.run(&format!("run --rm --network none attack:1 {command}"));
        output.lacks("minke version").lacks("podman version").is_readable();
    }
    env.ok("run -d --name target --network none attack:1 sleep 1000");
    env.run("exec target /proc/self/exe --version").lacks("minke version").lacks("podman version").is_readable();
    env.ok("rm -f -t 0 target");
    if !env.is_peer() {
        assert_eq!(env.host_root("sha256sum").arg(testkit::engine_under_test()).run().text(), program);
    }
}

/// CVE-2024-21626: a working folder reached through a leaked descriptor.
fn a_working_folder_in_proc_self_fd_is_no_way_out(env: &TestEnv) {
    env.base();
    for fd in 3..12 {
        let output =
            env.run(&format!("run --rm --network none -w /proc/self/fd/{fd} base sh -c 'ls ../../../..; pwd'"));
        output.lacks("minke-e2e").lacks("vmlinuz").is_readable();
        assert_ne!(output.status.code(), Some(0), "{output}");
    }
}

/// CVE-2025-31133 and its like: an image in which the masked paths' tools are links.
fn dev_null_as_a_link_does_not_unmask(env: &TestEnv) {
    let mut image = Base::image();
    image.layers.push(Layer::new(&[Entry::dir("dev"), Entry::symlink("dev/null", "/proc/sysrq-trigger")]));
    env.load(&image, "localhost/null:1");
    env.ok("run --rm --network none null:1 sh -c 'test -c /dev/null && cat /proc/keys'").prints("");
}

/// An image whose mount points are links that lead out.
fn mount_points_that_are_links_stay_inside(env: &TestEnv) {
    let mut image = Base::image();
    let entries = [
        Entry::symlink("proc", "/etc"),
        Entry::symlink("sys", "../../../../tmp"),
        Entry::symlink("etc/hosts", "/../../../etc/passwd"),
    ];
    image.layers.push(Layer::new(&entries));
    env.load(&image, "localhost/links:1");
    let passwd = env.read("/etc/passwd");
    // Refusing is as good as mounting over the right place.
    env.run("run --rm --network none links:1 true").is_readable();
    assert_eq!(env.read("/etc/passwd"), passwd);
    assert!(!env.exists("/tmp/kernel"));
}

/// As in systems whose resolver makes that file when it starts.
fn a_dangling_resolv_conf_is_filled(env: &TestEnv) {
    let mut image = Base::image();
    let link = Entry::symlink("etc/resolv.conf", "../run/systemd/resolve/stub-resolv.conf");
    image.layers.push(Layer::new(&[link, Entry::symlink("etc/hosts", "../../../../../tmp/minke-hosts")]));
    env.load(&image, "localhost/dangling:1");
    let output = env.ok("run --rm --dns 192.0.2.1 localhost/dangling:1 cat /etc/resolv.conf /etc/hosts");
    output.has("192.0.2.1").has("localhost");
    assert!(!env.exists("/tmp/minke-hosts"));
}

fn the_cgroup_tree_is_read_only(env: &TestEnv) {
    env.base();
    env.run("run --rm --network none base sh -c 'for d in /sys/fs/cgroup/*/; do mkdir $d/x && echo made; done'")
        .prints("");
}

/// /proc shows the processes of the namespace that is joined, not the host's.
fn pids_of_another_container_are_shared(env: &TestEnv) {
    env.base();
    env.ok("run -d --name first --network none base sleep 1000");
    let output = env.ok("run --rm --network none --pid container:first base ps");
    output.has("sleep 1000");
    assert_eq!(output.lines().len(), 3, "{output}");
}

testkit::cases! { both: [ pids_of_another_container_are_shared,
    a_dangling_resolv_conf_is_filled, ipc_of_another_container_is_shared,
    namespaces_differ, the_command_is_pid_1, the_hosts_root_is_gone, mounts_have_safe_flags, dev_holds_the_usual_only,
    proc_self_exe_never_names_the_engine, a_working_folder_in_proc_self_fd_is_no_way_out,
    dev_null_as_a_link_does_not_unmask, mount_points_that_are_links_stay_inside, the_cgroup_tree_is_read_only,
] }
