//! What a container's groups have used, in the shape of runc's `events` (libcontainer's types, which containerd and cAdvisor
//! read). cgroup-v1/*.rst, cgroup-v2.rst.

use super::{Cgroups, Version, version};
use crate::error::Error;
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// All that is counted; what a kernel doesn't count is 0.
#[derive(Debug, Default, Serialize)]
pub struct Usage {
    /// Time.
    pub cpu: Cpu,
    /// Bytes.
    pub memory: Memory,
    /// Processes and threads.
    pub pids: Pids,
    /// Transfers of block devices.
    pub blkio: BlockIo,
    /// By page size.
    pub hugetlb: BTreeMap<String, Amount>,
}

/// Nanoseconds.
#[derive(Debug, Default, Serialize)]
pub struct Cpu {
    /// Of the processor.
    pub usage: CpuTime,
    /// How the limit has worked.
    pub throttling: Throttling,
}

/// Nanoseconds.
#[derive(Debug, Default, Serialize)]
pub struct CpuTime {
    /// In all.
    pub total: u64,
    /// On each processor (v1).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub percpu: Vec<u64>,
    /// In the kernel.
    pub kernel: u64,
    /// In the processes' own code.
    pub user: u64,
}

/// By `cpu.cfs_quota_us` or `cpu.max`.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Throttling {
    /// Counted.
    pub periods: u64,
    /// Of them, so many ended early.
    pub throttled_periods: u64,
    /// Nanoseconds.
    pub throttled_time: u64,
}

/// Bytes, or how often.
#[derive(Debug, Default, Clone, Serialize)]
pub struct Amount {
    /// Most there may be; 2⁶⁴ − 1: no limit.
    pub limit: u64,
    /// Now.
    pub usage: u64,
    /// Most there was.
    pub max: u64,
    /// How often the limit was hit.
    pub failcnt: u64,
}

/// Bytes.
#[derive(Debug, Default, Serialize)]
pub struct Memory {
    /// Of the page cache.
    pub cache: u64,
    /// All.
    pub usage: Amount,
    /// With swap on v1, swap alone on v2.
    pub swap: Amount,
    /// The kernel's.
    pub kernel: Amount,
    /// Of TCP's buffers (v1).
    #[serde(rename = "kernelTCP")]
    pub kernel_tcp: Amount,
    /// memory.stat.
    pub raw: BTreeMap<String, u64>,
}

/// How many.
#[derive(Debug, Default, Serialize)]
pub struct Pids {
    /// Now.
    pub current: u64,
    /// Most there may be; 0: no limit.
    pub limit: u64,
}

/// By device and operation.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BlockIo {
    /// Bytes.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub io_service_bytes_recursive: Vec<Transfer>,
    /// Requests.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub io_serviced_recursive: Vec<Transfer>,
}

/// Of one device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Transfer {
    /// Number.
    pub major: u64,
    /// Number.
    pub minor: u64,
    /// Read, Write, ….
    pub op: String,
    /// Bytes or requests.
    pub value: u64,
}

/// Of now.
///
/// # Errors
/// There are no groups to count in.
pub fn of(cgroups: &Cgroups) -> Result<Usage, Error> {
    match (version(), cgroups.folders.first()) {
        (_, None) => Err(Error::other("the container has no control groups, so nothing is counted")),
        (Version::V2, Some(folder)) => Ok(v2(folder)),
        _ => Ok(v1(cgroups)),
    }
}

fn text(folder: &Path, file: &str) -> String {
    std::fs::read_to_string(folder.join(file)).unwrap_or_default()
}

/// `max` is no limit.
fn number(folder: &Path, file: &str) -> u64 {
    match text(folder, file).trim() {
        "max" => u64::MAX,
        number => number.parse().unwrap_or(0),
    }
}

/// Lines of `name number`.
fn table(text: &str) -> BTreeMap<String, u64> {
    let pair = |line: &str| {
        let (name, number) = line.split_once(' ')?;
        Some((name.to_owned(), number.trim().parse().ok()?))
    };
    text.lines().filter_map(pair).collect()
}

fn v1(cgroups: &Cgroups) -> Usage {
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

fn throttling(stat: &BTreeMap<String, u64>, time: &str, nanoseconds: u64) -> Throttling {
    let get = |name: &str| stat.get(name).copied().unwrap_or(0);
    Throttling {
        periods: get("nr_periods"),
        throttled_periods: get("nr_throttled"),
        throttled_time: get(time) * nanoseconds,
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

/// Those that the folder has files of.
fn page_sizes(folder: &Path, end: &'static str) -> impl Iterator<Item = String> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries.filter_map(move |entry| {
        let name = entry.file_name().into_string().ok()?;
        let size = name.strip_prefix("hugetlb.")?.strip_suffix(end)?;
        (!size.ends_with(".rsvd")).then(|| size.to_owned())
    })
}

fn v2(folder: &Path) -> Usage {
    let stat = table(&text(folder, "cpu.stat"));
    let microseconds = |name: &str| stat.get(name).copied().unwrap_or(0) * 1000;
    let raw = table(&text(folder, "memory.stat"));
    let get = |name: &str| raw.get(name).copied().unwrap_or(0);
    let events = table(&text(folder, "memory.events"));
    let amount = |limit: &str, usage: &str, peak: &str| Amount {
        limit: number(folder, limit),
        usage: number(folder, usage),
        max: number(folder, peak),
        failcnt: 0,
    };
    let limit = number(folder, "pids.max");
    Usage {
        cpu: Cpu {
            usage: CpuTime {
                total: microseconds("usage_usec"),
                percpu: Vec::new(),
                kernel: microseconds("system_usec"),
                user: microseconds("user_usec"),
            },
            throttling: throttling(&stat, "throttled_usec", 1000),
        },
        memory: Memory {
            cache: get("file"),
            usage: Amount {
                failcnt: events.get("max").copied().unwrap_or(0),
                ..amount("memory.max", "memory.current", "memory.peak")
            },
            swap: amount("memory.swap.max", "memory.swap.current", "memory.swap.peak"),
            kernel: Amount { usage: get("kernel"), ..Amount::default() },
            kernel_tcp: Amount { usage: get("sock"), ..Amount::default() },
            raw,
        },
        pids: Pids { current: number(folder, "pids.current"), limit: if limit == u64::MAX { 0 } else { limit } },
        blkio: devices(&text(folder, "io.stat")),
        hugetlb: page_sizes(folder, ".max")
            .map(|size| {
                let name = |what: &str| format!("hugetlb.{size}.{what}");
                let failcnt = table(&text(folder, &name("events"))).get("max").copied().unwrap_or(0);
                let (limit, usage) = (number(folder, &name("max")), number(folder, &name("current")));
                (size.clone(), Amount { limit, usage, max: 0, failcnt })
            })
            .collect(),
    }
}

/// `8:0 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=5 dios=6`
fn devices(text: &str) -> BlockIo {
    let mut io = BlockIo::default();
    for line in text.lines() {
        let mut words = line.split_whitespace();
        let device = words.next().and_then(|device| device.split_once(':'));
        let Some((Ok(major), Ok(minor))) = device.map(|(major, minor)| (major.parse(), minor.parse())) else {
            continue;
        };
        for (name, value) in words.filter_map(|word| word.split_once('=')) {
            let (list, op) = match name {
                "rbytes" => (&mut io.io_service_bytes_recursive, "Read"),
                "wbytes" => (&mut io.io_service_bytes_recursive, "Write"),
                "dbytes" => (&mut io.io_service_bytes_recursive, "Discard"),
                "rios" => (&mut io.io_serviced_recursive, "Read"),
                "wios" => (&mut io.io_serviced_recursive, "Write"),
                "dios" => (&mut io.io_serviced_recursive, "Discard"),
                _ => continue,
            };
            list.push(Transfer { major, minor, op: op.to_owned(), value: value.parse().unwrap_or(0) });
        }
    }
    io
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn transfers_by_device() {
        let read = Transfer { major: 8, minor: 1, op: "Read".into(), value: 4096 };
        assert_eq!(transfers("8:1 Read 4096\nTotal 4096\n"), [read.clone()]);
        let io = devices("8:1 rbytes=4096 rios=2\n9:x rbytes=1\n");
        assert_eq!(io.io_service_bytes_recursive, [read]);
        assert_eq!(io.io_serviced_recursive[0].value, 2);
        assert_eq!(table("a 1\nb x\nc 3\n").len(), 2);
    }
}
