//! Each controller in its own hierarchy (cgroup-v1/*.rst).

use super::{
    Amount, BlockIo, Cpu, CpuTime, Memory, Pids, Transfer, Usage, number, page_sizes, table, text, throttling,
};
use crate::cgroup::Cgroups;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

pub(super) fn of(cgroups: &Cgroups) -> Usage {
    let of = |hierarchy: &str| -> PathBuf {
        let root = Path::new("/sys/fs/cgroup").join(hierarchy);
        // `cpuacct` may be a link to `cpu,cpuacct`.
        let root = root.canonicalize().unwrap_or(root);
        cgroups.folders.iter().find(|folder| folder.starts_with(&root)).cloned().unwrap_or_default()
    };
    let (time, cpu, memory, pids, io) = (of("cpuacct"), of("cpu"), of("memory"), of("pids"), of("blkio"));
    let stat = table(&text(&time, "cpuacct.stat"));
    let get = |table: &BTreeMap<String, u64>, name: &str| table.get(name).copied().unwrap_or(0);
    // USER_HZ is 100 everywhere.
    let usage = CpuTime {
        total: number(&time, "cpuacct.usage"),
        percpu: text(&time, "cpuacct.usage_percpu").split_whitespace().filter_map(|n| n.parse().ok()).collect(),
        kernel: get(&stat, "system") * 10_000_000,
        user: get(&stat, "user") * 10_000_000,
    };
    let amount = |folder: &Path, prefix: &str| Amount {
        limit: number(folder, &format!("{prefix}limit_in_bytes")),
        usage: number(folder, &format!("{prefix}usage_in_bytes")),
        max: number(folder, &format!("{prefix}max_usage_in_bytes")),
        failcnt: number(folder, &format!("{prefix}failcnt")),
    };
    let raw = table(&text(&memory, "memory.stat"));
    let limit = number(&pids, "pids.max");
    let huge = of("hugetlb");
    Usage {
        cpu: Cpu { usage, throttling: throttling(&table(&text(&cpu, "cpu.stat")), "throttled_time", 1) },
        memory: Memory {
            cache: get(&raw, "cache"),
            usage: amount(&memory, "memory."),
            swap: amount(&memory, "memory.memsw."),
            kernel: amount(&memory, "memory.kmem."),
            kernel_tcp: amount(&memory, "memory.kmem.tcp."),
            raw,
        },
        pids: Pids { current: number(&pids, "pids.current"), limit: if limit == u64::MAX { 0 } else { limit } },
        blkio: BlockIo {
            io_service_bytes_recursive: transfers(&text(&io, "blkio.throttle.io_service_bytes_recursive")),
            io_serviced_recursive: transfers(&text(&io, "blkio.throttle.io_serviced_recursive")),
        },
        hugetlb: page_sizes(&huge, ".limit_in_bytes")
            .map(|size| (size.clone(), amount(&huge, &format!("hugetlb.{size}."))))
            .collect(),
    }
}

/// `8:0 Read 4096`, and a line `Total 4096` that belongs to none.
fn transfers(text: &str) -> Vec<Transfer> {
    let line = |line: &str| {
        let mut words = line.split_whitespace();
        let (major, minor) = words.next()?.split_once(':')?;
        let (op, value) = (words.next()?.to_owned(), words.next()?.parse().ok()?);
        Some(Transfer { major: major.parse().ok()?, minor: minor.parse().ok()?, op, value })
    };
    text.lines().filter_map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn transfers_by_device() {
        let read = Transfer { major: 8, minor: 1, op: "Read".into(), value: 4096 };
        assert_eq!(transfers("8:1 Read 4096\nTotal 4096\n"), [read]);
    }
}
