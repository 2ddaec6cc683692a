//! What a container's groups have used, in the shape of runc's `events` (libcontainer's types, which containerd and cAdvisor
//! read). cgroup-v1/*.rst, cgroup-v2.rst.

mod v1;
mod v2;

use super::{Cgroups, Version, version};
use crate::error::Error;
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::Path;

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
        (Version::V2, Some(folder)) => Ok(v2::of(folder)),
        _ => Ok(v1::of(cgroups)),
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

fn throttling(stat: &BTreeMap<String, u64>, time: &str, nanoseconds: u64) -> Throttling {
    let get = |name: &str| stat.get(name).copied().unwrap_or(0);
    Throttling {
        periods: get("nr_periods"),
        throttled_periods: get("nr_throttled"),
        throttled_time: get(time) * nanoseconds,
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_that_are_no_pairs_are_left_out() {
        assert_eq!(table("a 1\nb x\nc 3\n").len(), 2);
    }
}
