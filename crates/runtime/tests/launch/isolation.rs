//! What a container sees, and what it doesn't.

use crate::bundle::{Container, folder};
use std::os::fd::OwnedFd;

crate::cases![
    privileged_it_is_pid_1_with_its_own_names,
    privileged_rights_are_those_of_the_config,
    privileged_no_descriptor_of_the_engine_leaks,
    privileged_preserved_descriptors_come_from_3_on,
    privileged_proc_self_exe_is_never_the_engine,
    privileged_masked_and_read_only_paths,
    privileged_devices_and_links_are_those_of_podman,
    privileged_read_only_root,
    privileged_mounts_are_not_seen_outside,
    privileged_no_new_privileges,
    privileged_seccomp_says_enosys,
];

fn privileged_it_is_pid_1_with_its_own_names() {
    let output =
        Container::shell("echo $$; hostname; cat /proc/self/cgroup | grep -c ':/$'; ls /proc/sys/net/ipv4/conf; id")
            .output();
    let lines: Vec<_> = output.lines().collect();
    assert_eq!(lines[..2], ["1", "inside"]);
    assert_eq!(lines[3..6], ["all", "default", "lo"]);
    assert_eq!(lines[6], "uid=0(root) gid=0(root)");
}

fn privileged_rights_are_those_of_the_config() {
    let output =
        Container::shell("grep -E 'Cap|Seccomp:|NoNew|SigIgn|SigBlk|^Umask' /proc/self/status; ulimit -n; ulimit -Hn")
            .output();
    for line in [
        "CapInh:\t0000000000000000",
        "CapPrm:\t00000000000000e3",
        "CapEff:\t00000000000000e3",
        "CapBnd:\t00000000000000e3",
        "CapAmb:\t0000000000000000",
        "Seccomp:\t2",
        "NoNewPrivs:\t0",
        "SigIgn:\t0000000000000000",
        "SigBlk:\t0000000000000000",
        "Umask:\t0022",
    ] {
        assert!(output.contains(line), "{line} is not in {output}");
    }
    assert!(output.ends_with("512\n1024\n"), "{output}");
}

fn privileged_no_descriptor_of_the_engine_leaks() {
    // Not close-on-exec on purpose.
    let left_open = std::fs::File::open("/etc").expect("a folder");
    use std::os::fd::AsFd;
    sys::descriptor::set_close_on_exec(left_open.as_fd(), false).expect("a flag");
    let output = Container::shell("ls /proc/1/fd; ls -l /proc/1/fd; true").output();
    let numbers: Vec<_> = output.lines().take_while(|line| line.parse::<u32>().is_ok()).collect();
    // 10 is the shell's own.
    assert!(numbers.iter().all(|number| ["0", "1", "2", "10"].contains(number)), "{output}");
}

fn privileged_preserved_descriptors_come_from_3_on() {
    let mut container = Container::shell("cat <&3; cat <&4; ls /proc/$$/fd >/tmp/list; grep -c 5 /tmp/list");
    for name in ["three", "four"] {
        let path = folder().join(name);
        std::fs::write(&path, format!("{name}\n")).expect("a file");
        container.preserve.push(OwnedFd::from(std::fs::File::open(path).expect("a file")));
    }
    let (output, _) = container.run().expect("a run");
    assert_eq!(output, "three\nfour\n0\n");
}

fn privileged_proc_self_exe_is_never_the_engine() {
    // CVE-2019-5736: the container makes the runtime execute itself and writes to it.
    let mut container = Container::new(&["/proc/self/exe", "x"]);
    let (output, code) = container.run().expect("a run");
    assert_eq!(code, 125);
    assert!(output.contains("podman-init"), "{output}");
    std::fs::write(container.root.join("bin/link"), "#!/proc/self/exe\n").expect("a script");
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(container.root.join("bin/link"), PermissionsExt::from_mode(0o755)).expect("a mode");
    container.process().args = vec!["link".into()];
    let (output, code) = container.run().expect("a run");
    assert_eq!(code, 125, "{output}");
    // Nor is it open for writing while a shell runs.
    let output = Container::shell("readlink /proc/1/exe").output();
    assert_eq!(output, "/bin/busybox\n");
}

fn privileged_masked_and_read_only_paths() {
    let script = "wc -c </proc/timer_list; ls /proc/acpi /sys/firmware 2>/dev/null | grep -v :; \
        touch /proc/sys/kernel/hostname 2>&1; echo 1 >/proc/sys/vm/drop_caches; mount -o remount,rw /proc/sys";
    let (output, _) = Container::shell(script).run().expect("a run");
    assert!(output.starts_with("0\n"), "{output}");
    assert_eq!(output.matches("Read-only file system").count(), 2, "{output}");
    assert!(output.contains("Operation not permitted") || output.contains("permission denied"), "{output}");
}

fn privileged_devices_and_links_are_those_of_podman() {
    let output = Container::shell(
        "cd /dev; for f in *; do stat -c '%n %F %t:%T %a' $f; done; for f in ptmx core stdin; do readlink $f; done",
    )
    .output();
    for line in
        ["null character special file 1:3 666", "tty character special file 5:0 666", "fd symbolic link 0:0 777"]
    {
        assert!(output.contains(line), "{line} is not in {output}");
    }
    assert!(output.ends_with("pts/ptmx\n/proc/kcore\n/proc/self/fd/0\n"), "{output}");
    // The device group lets through what is allowed and nothing else.
    let output = Container::shell("echo x >/dev/null && wc -c </dev/null").output();
    assert_eq!(output, "0\n");
}

fn privileged_read_only_root() {
    let mut container = Container::shell("touch /x; touch /dev/shm/y && echo shm is writable");
    container.spec.root = Some(oci::runtime::Root { path: String::new(), readonly: true });
    let (output, _) = container.run().expect("a run");
    assert!(output.contains("Read-only file system") && output.ends_with("shm is writable\n"), "{output}");
}

fn privileged_mounts_are_not_seen_outside() {
    let before = std::fs::read_to_string("/proc/self/mountinfo").expect("mounts");
    let output = Container::shell("cat /proc/self/mountinfo").output();
    assert_eq!(before, std::fs::read_to_string("/proc/self/mountinfo").expect("mounts"));
    // Nothing of the host's is left inside either.
    assert!(output.lines().all(|line| !line.contains("/.old") && line.split(' ').nth(4) != Some("/boot")), "{output}");
    assert!(output.lines().next().is_some_and(|line| line.contains(" / / ") && line.contains("overlay")), "{output}");
}

fn privileged_no_new_privileges() {
    let mut container = Container::shell("grep -E 'NoNew|Seccomp:' /proc/self/status");
    container.process().no_new_privileges = true;
    container.user.user = "web".into();
    assert_eq!(container.output(), "NoNewPrivs:\t1\nSeccomp:\t2\n");
}

fn privileged_seccomp_says_enosys() {
    let mut container = Container::shell("mkdir /tmp/x; echo $?; touch /tmp/y");
    container.linux().seccomp.as_mut().expect("a profile").syscalls.push(oci::runtime::SeccompRule {
        names: vec!["mkdir".into(), "mkdirat".into()],
        action: "SCMP_ACT_ERRNO".into(),
        errno_ret: Some(libc::EXDEV as u32),
        args: Vec::new(),
    });
    let output = container.output();
    assert!(output.contains("Invalid cross-device link"), "{output}");
}
