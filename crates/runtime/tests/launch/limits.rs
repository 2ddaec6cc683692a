//! Control groups, limits, sysctl.

use crate::bundle::Container;
use oci::runtime::{Cpu, Memory, Pids, Rlimit};

crate::cases![
    privileged_limits_are_written,
    privileged_devices_not_allowed_cannot_be_opened,
    privileged_a_cpuset_works_below_a_new_parent,
    privileged_pids_are_limited,
    privileged_limits_above_what_is_allowed_are_cut,
    privileged_wrong_limits_name_the_file,
    privileged_leftover_processes_are_killed_with_the_group,
];

fn privileged_limits_are_written() {
    let v1 = runtime::cgroup::version() == runtime::cgroup::Version::V1;
    let mut container = Container::shell(match v1 {
        true => {
            "cd /sys/fs/cgroup; cat memory/memory.limit_in_bytes cpu/cpu.shares cpu/cpu.cfs_quota_us pids/pids.max; \
             ls; cat devices/devices.list"
        }
        false => "cd /sys/fs/cgroup; cat memory.max memory.swap.max cpu.weight cpu.max pids.max",
    });
    let resources = container.linux().resources.as_mut().expect("resources");
    resources.memory = Some(Memory { limit: Some(64 << 20), swap: (!v1).then_some(96 << 20), ..Memory::default() });
    resources.cpu = Some(Cpu { shares: Some(1024), quota: Some(50_000), period: Some(100_000), ..Cpu::default() });
    resources.pids = Some(Pids { limit: Some(99) });
    let output = container.output();
    if v1 {
        assert!(output.starts_with("67108864\n1024\n50000\n99\ncpu\ndevices\nmemory\npids\n"), "{output}");
        assert!(output.contains("c 1:3 rwm\n") && !output.contains("a *:* rwm"), "{output}");
    } else {
        assert_eq!(output, "67108864\n33554432\n100\n50000 100000\n99\n");
    }
}

fn privileged_devices_not_allowed_cannot_be_opened() {
    let script = "mknod /tmp/kmsg c 1 11; mknod /tmp/null c 1 3; echo x >/tmp/null && echo fine; cat </tmp/kmsg";
    let mut container = Container::shell(script);
    std::os::unix::fs::symlink("busybox", container.root.join("bin/mknod")).expect("a link");
    let capabilities = container.process().capabilities.as_mut().expect("capabilities");
    for set in [&mut capabilities.bounding, &mut capabilities.effective, &mut capabilities.permitted] {
        set.extend(["CAP_MKNOD".to_owned(), "CAP_SYSLOG".to_owned()]);
    }
    let (output, _) = container.run().expect("a run");
    assert!(output.starts_with("fine\n") && output.contains("Operation not permitted"), "{output}");
}

fn privileged_a_cpuset_works_below_a_new_parent() {
    let mut container = Container::shell("grep Cpus_allowed_list /proc/self/status");
    let resources = container.linux().resources.as_mut().expect("resources");
    resources.cpu = Some(Cpu { cpus: Some("0".into()), ..Cpu::default() });
    assert_eq!(container.output(), "Cpus_allowed_list:\t0\n");
}

fn privileged_pids_are_limited() {
    let mut container = Container::shell("for i in 1 2 3 4 5 6; do sleep 1 & done; wait");
    container.linux().resources.as_mut().expect("resources").pids = Some(Pids { limit: Some(3) });
    let (output, _) = container.run().expect("a run");
    assert!(output.contains("can't fork"), "{output}");
}

fn privileged_limits_above_what_is_allowed_are_cut() {
    let mut container = Container::shell("ulimit -n");
    container.process().rlimits = vec![Rlimit { kind: "RLIMIT_NOFILE".into(), soft: 1 << 20, hard: 1 << 20 }];
    let limit: u64 = container.output().trim().parse().expect("a number");
    assert!((1024..=1 << 20).contains(&limit));
    container.process().rlimits[0].kind = "RLIMIT_NOPE".into();
    assert!(container.error().what.contains("RLIMIT_NOPE"));
}

fn privileged_wrong_limits_name_the_file() {
    let mut container = Container::new(&["true"]);
    let resources = container.linux().resources.as_mut().expect("resources");
    resources.cpu = Some(Cpu { cpus: Some("4000".into()), ..Cpu::default() });
    let error = container.error();
    assert!(error.what.contains("cpuset.cpus") && error.what.contains("4000"), "{error}");
    container.linux().sysctl.insert("kernel.not_there".into(), "1".into());
    container.linux().resources = None;
    assert!(container.error().what.contains("kernel.not_there"));
}

fn privileged_leftover_processes_are_killed_with_the_group() {
    // Without a pid namespace the children outlive the first process.
    let mut container = Container::shell("sleep 600 >/dev/null 2>&1 & exit 0");
    container.linux().namespaces.retain(|namespace| namespace.kind != "pid");
    container.output();
}
