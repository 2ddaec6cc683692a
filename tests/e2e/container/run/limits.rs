//! `--memory --memory-swap --cpus --cpu-shares --cpuset-cpus --pids-limit`, read back from the kernel.

use testkit::{TestEnv, note_skipped, reason_without_cgroup2};

/// Starts a container with `flags` and reads a file of its cgroup (v1), from outside.
fn group_file(env: &TestEnv, flags: &str, hierarchy: &str, file: &str) -> String {
    env.ok(&format!("run -d --name limited {flags} --network none base sleep 1000"));
    let pid = env.ok("inspect limited --format {{.State.Pid}}").text();
    let groups = env.read(format!("/proc/{pid}/cgroup")).expect("the container runs");
    let of = |line: &&str| line.split(':').nth(1).unwrap_or_default().split(',').any(|name| name == hierarchy);
    let line = groups.lines().find(of).unwrap_or_else(|| panic!("no {hierarchy} in {groups}"));
    let group = line.splitn(3, ':').nth(2).unwrap();
    let path = format!("/sys/fs/cgroup/{hierarchy}{group}/{file}");
    let value = env.read(&path).unwrap_or_else(|| panic!("no {path}\n{groups}"));
    env.ok("rm -f -t 0 limited");
    value.trim().to_owned()
}

fn on_v1(env: &TestEnv) -> bool {
    env.base();
    if reason_without_cgroup2().is_none() {
        note_skipped("this host has cgroup v2; the cases for it follow below");
        return false;
    }
    true
}

fn memory(env: &TestEnv) {
    if on_v1(env) {
        let limit = group_file(env, "--memory 64m", "memory", "memory.limit_in_bytes");
        assert_eq!(limit, (64 << 20).to_string());
    }
}

fn swap_is_twice_the_limit(env: &TestEnv) {
    if on_v1(env) {
        let inspected = |flags: &str| {
            env.ok(&format!("create --name m {flags} base true"));
            let text = env.ok("inspect m --format '{{.HostConfig.Memory}} {{.HostConfig.MemorySwap}}'").text();
            env.ok("rm m");
            text
        };
        assert_eq!(inspected("--memory 64m"), "67108864 134217728");
        assert_eq!(inspected("--memory 64m --memory-swap 64m"), "67108864 67108864");
        assert!(["67108864 -1", "67108864 0"].contains(&inspected("--memory 64m --memory-swap -1").as_str()));
    }
}

fn swap_below_memory_is_refused(env: &TestEnv) {
    env.base();
    env.run("run --rm --memory 64m --memory-swap 32m base true").code(125).complains("swap").is_readable();
    env.run("run --rm --memory lots base true").refused("lots");
}

fn pids_limit(env: &TestEnv) {
    if on_v1(env) {
        assert_eq!(group_file(env, "", "pids", "pids.max"), "2048");
        assert_eq!(group_file(env, "--pids-limit 77", "pids", "pids.max"), "77");
        assert_eq!(group_file(env, "--pids-limit 0 --memory 64m", "memory", "memory.limit_in_bytes"), "67108864");
    }
}

fn a_fork_bomb_stops_at_the_limit(env: &TestEnv) {
    if on_v1(env) {
        let bomb = "for i in 1 2 3 4 5 6 7 8 9; do sleep 100 & done; echo survived";
        let output = env.engine().words("run --rm --network none --pids-limit 5 base sh -c").arg(bomb).run();
        output.complains("fork");
    }
}

fn memory_over_the_limit_is_137_and_oom(env: &TestEnv) {
    if on_v1(env) {
        let line = "run --name oom --network none --memory 16m --memory-swap 16m base sh -c 'tail /dev/zero'";
        env.run(line).code(137);
        env.ok("inspect oom --format '{{.State.OOMKilled}} {{.State.ExitCode}}'").prints("true 137\n");
    }
}

fn cpus(env: &TestEnv) {
    if on_v1(env) {
        assert_eq!(group_file(env, "--cpus 0.5", "cpu", "cpu.cfs_quota_us"), "50000");
        assert_eq!(group_file(env, "--cpus 1.5", "cpu", "cpu.cfs_period_us"), "100000");
        env.run("run --rm --cpus many base true").refused("many");
    }
}

fn cpu_shares(env: &TestEnv) {
    if on_v1(env) {
        assert_eq!(group_file(env, "--cpu-shares 512", "cpu", "cpu.shares"), "512");
    }
}

fn cpuset_cpus(env: &TestEnv) {
    if on_v1(env) {
        assert_eq!(group_file(env, "--cpuset-cpus 0", "cpuset", "cpuset.cpus"), "0");
        env.ok("run --rm --network none --cpuset-cpus 0 base grep Cpus_allowed_list /proc/self/status").has("\t0");
    }
}

fn cpus_and_nodes_that_are_not_there(env: &TestEnv) {
    env.base();
    let online = std::fs::read_to_string("/sys/devices/system/cpu/online").unwrap();
    for asked in ["99999", "0,99999", "0-99999"] {
        let said = format!("requested CPUs are not available - requested {asked}, available: {}", online.trim());
        env.run(&format!("create --cpuset-cpus {asked} base true")).code(125).complains(&said);
    }
    env.run("run --rm --cpuset-mems 99999 base true").code(125).complains("requested memory nodes are not available");
    env.run("run --rm --cpuset-cpus x base true").code(125).complains("invalid value x for cpuset cpus");
    env.ok("run --rm --network none --cpuset-cpus '' base true");
}

fn groups_go_with_the_container(env: &TestEnv) {
    env.base();
    env.ok("run --rm --network none --memory 64m --cpus 1 --cpuset-cpus 0 base true");
    let before = env.trace();
    env.ok("run --rm --network none --memory 64m --cpus 1 --cpuset-cpus 0 --pids-limit 10 base true");
    env.ok("run -d --name d --network none --memory 64m base sleep 1000");
    env.ok("rm -f -t 0 d");
    before.assert_restored(env);
}

fn limits_on_cgroup2(env: &TestEnv) {
    if let Some(reason) = reason_without_cgroup2() {
        return note_skipped(&reason);
    }
    env.base();
    let line = "run --rm --network none --memory 64m --memory-swap 128m --cpus 0.5 --pids-limit 77 --cpu-shares 512 base \
                sh -c 'cd /sys/fs/cgroup; cat memory.max memory.swap.max cpu.max pids.max cpu.weight'";
    env.ok(line).prints("67108864\n67108864\n50000 100000\n77\n59\n");
}

fn limits_without_rights_warn(env: &TestEnv) {
    if !on_v1(env) {
        return;
    }
    if env.is_peer() {
        return note_skipped("podman drops the limits with a warning in its log only");
    }
    let output = env.ok("run --rm --network none --memory 64m base echo ran");
    output.has("ran").complains("limit");
}

testkit::cases! { both: [limits_on_cgroup2];
root: [
    memory, swap_is_twice_the_limit, swap_below_memory_is_refused, pids_limit, a_fork_bomb_stops_at_the_limit, memory_over_the_limit_is_137_and_oom, cpus,
    cpu_shares, cpuset_cpus, cpus_and_nodes_that_are_not_there, groups_go_with_the_container,
]; user: [limits_without_rights_warn] }
