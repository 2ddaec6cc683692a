//! Files of cgroup v2 (kernel: Documentation/admin-guide/cgroup-v2.rst). The v1 words of the config are converted.

use super::plan::Write;
use crate::error::{Error, Tried};
use oci::runtime::{BlockIo, Cpu, Memory, Resources, ThrottleDevice};
use std::path::Path;

/// Controllers needed, and what is written.
pub(super) fn plan(resources: &Resources) -> Result<(Vec<&'static str>, Vec<Write>), Error> {
    let (cpu, cpuset) = resources.cpu.as_ref().map_or_else(Default::default, cpu);
    let all = [
        ("memory", resources.memory.as_ref().map(memory).transpose()?.unwrap_or_default()),
        ("cpu", cpu),
        ("cpuset", cpuset),
        ("pids", pids(resources)),
        ("io", resources.block_io.as_ref().map(block_io).unwrap_or_default()),
        ("hugetlb", hugetlb(resources)),
        ("rdma", rdma(resources)),
    ];
    let mut controllers: Vec<_> = all.iter().filter(|(_, writes)| !writes.is_empty()).map(|(name, _)| *name).collect();
    let mut writes: Vec<_> = all.into_iter().flat_map(|(_, writes)| writes).collect();
    for (file, value) in &resources.unified {
        let controller = file.split('.').next().unwrap_or(file);
        if file.contains('/') {
            return Err(Error::other(format!("`{file}` is not a file of a cgroup")));
        }
        let known = ["memory", "cpu", "cpuset", "pids", "io", "hugetlb", "rdma", "misc"];
        controllers.extend(known.into_iter().filter(|name| *name == controller));
        writes.push(Write::new(file, value));
    }
    controllers.sort_unstable();
    controllers.dedup();
    Ok((controllers, writes))
}

/// -1 is "no limit".
fn limit(value: i64) -> String {
    if value < 0 { "max".to_owned() } else { value.to_string() }
}

fn memory(memory: &Memory) -> Result<Vec<Write>, Error> {
    let mut writes = Vec::new();
    writes.extend(memory.limit.map(|value| Write::new("memory.max", limit(value))));
    writes.extend(memory.reservation.map(|value| Write::new("memory.low", limit(value))));
    if let Some(both) = memory.swap {
        // v1 counts memory and swap together, v2 swap alone.
        let swap = match (both, memory.limit) {
            (-1, _) => -1,
            (0, _) => return Ok(writes),
            (_, None | Some(-1)) => return Err(Error::other("a limit of memory and swap needs a limit of memory")),
            (both, Some(memory)) if both < memory => {
                return Err(Error::other("the limit of memory and swap is below the limit of memory"));
            }
            (both, Some(memory)) => both - memory,
        };
        writes.push(Write::optional("memory.swap.max", limit(swap)));
    }
    Ok(writes)
}

fn cpu(cpu: &Cpu) -> (Vec<Write>, Vec<Write>) {
    let mut time = Vec::new();
    time.extend(
        cpu.shares.filter(|&shares| shares > 0).map(|shares| Write::new("cpu.weight", weight_of_shares(shares))),
    );
    if cpu.quota.is_some_and(|quota| quota != 0) || cpu.period.is_some_and(|period| period > 0) {
        let quota = cpu.quota.filter(|&quota| quota > 0).map_or("max".to_owned(), |quota| quota.to_string());
        let period = cpu.period.filter(|&period| period > 0).unwrap_or(100_000);
        time.push(Write::new("cpu.max", format!("{quota} {period}")));
    }
    time.extend(cpu.burst.map(|burst| Write::new("cpu.max.burst", burst)));
    time.extend(cpu.idle.map(|idle| Write::new("cpu.idle", idle)));
    let mut set = Vec::new();
    set.extend(cpu.cpus.as_ref().filter(|list| !list.is_empty()).map(|list| Write::new("cpuset.cpus", list)));
    set.extend(cpu.mems.as_ref().filter(|list| !list.is_empty()).map(|list| Write::new("cpuset.mems", list)));
    (time, set)
}

/// 2…1024…262144 → 1…100…10000, the curve that crun and runc agreed on so that both defaults meet.
fn weight_of_shares(shares: u64) -> u64 {
    if shares <= 2 {
        return 1;
    }
    if shares >= 262_144 {
        return 10_000;
    }
    let log = (shares as f64).log2();
    let exponent = (log * log + 125.0 * log) / 612.0 - 7.0 / 34.0;
    10f64.powf(exponent).ceil() as u64
}

fn pids(resources: &Resources) -> Vec<Write> {
    let limit = resources.pids.as_ref().and_then(|pids| pids.limit).filter(|&limit| limit > 0);
    limit.map(|limit| Write::new("pids.max", limit)).into_iter().collect()
}

fn block_io(io: &BlockIo) -> Vec<Write> {
    let mut writes = Vec::new();
    // 10…1000 → 1…10000 for io.weight; bfq keeps the old scale.
    let scaled = |weight: u16| 1 + (u64::from(weight).saturating_sub(10)) * 9999 / 990;
    if let Some(weight) = io.weight.filter(|&weight| weight > 0) {
        writes.push(Write::optional("io.bfq.weight", weight));
        writes.push(Write::optional("io.weight", format!("default {}", scaled(weight))));
    }
    for device in &io.weight_device {
        let line = |weight: u64| format!("{}:{} {weight}", device.major, device.minor);
        writes.extend(device.weight.map(|weight| Write::optional("io.bfq.weight", line(weight.into()))));
    }
    let mut throttle = |word: &str, list: &[ThrottleDevice]| {
        writes.extend(
            list.iter().map(|one| Write::new("io.max", format!("{}:{} {word}={}", one.major, one.minor, one.rate))),
        );
    };
    throttle("rbps", &io.throttle_read_bps_device);
    throttle("wbps", &io.throttle_write_bps_device);
    throttle("riops", &io.throttle_read_iops_device);
    throttle("wiops", &io.throttle_write_iops_device);
    writes
}

fn hugetlb(resources: &Resources) -> Vec<Write> {
    let write =
        |limit: &oci::runtime::HugepageLimit| Write::new(format!("hugetlb.{}.max", limit.page_size), limit.limit);
    resources.hugepage_limits.iter().map(write).collect()
}

/// The same file in both versions.
pub(super) fn rdma(resources: &Resources) -> Vec<Write> {
    let number = |value: Option<u32>| value.map_or("max".to_owned(), |value| value.to_string());
    let line = |(device, limit): (&String, &oci::runtime::Rdma)| {
        format!("{device} hca_handle={} hca_object={}", number(limit.hca_handles), number(limit.hca_objects))
    };
    resources.rdma.iter().map(|entry| Write::new("rdma.max", line(entry))).collect()
}

/// systemd gives its users memory, pids and cpu, unless it is told to give more.
fn cure(parent: &Path) -> &'static str {
    match parent.components().any(|part| part.as_os_str().as_encoded_bytes().starts_with(b"user@")) {
        true => " (systemd decides what users get: `systemctl edit user@.service`, Delegate=cpu cpuset io memory pids)",
        false => "",
    }
}

/// Makes a parent hand controllers down to its children; what is handed down already costs one read.
pub(super) fn hand_down(parent: &Path, controllers: &[&str]) -> Result<(), Error> {
    if controllers.is_empty() {
        return Ok(());
    }
    let path = parent.join("cgroup.subtree_control");
    let have = std::fs::read_to_string(&path).unwrap_or_default();
    let have: Vec<_> = have.split_ascii_whitespace().collect();
    for controller in controllers.iter().filter(|controller| !have.contains(controller)) {
        let what = || format!("enable the `{controller}` controller in `{}`{}", path.display(), cure(parent));
        std::fs::write(&path, format!("+{controller}")).tried(what)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_meet_the_default_weight() {
        assert_eq!([2, 1024, 262_144].map(weight_of_shares), [1, 100, 10_000]);
    }

    #[test]
    fn swap_is_counted_alone() {
        let limits = |limit, swap| memory(&Memory { limit, swap, ..Memory::default() });
        let writes = limits(Some(100), Some(300)).unwrap();
        assert_eq!(writes[1], Write::optional("memory.swap.max", 200));
        assert!(limits(None, Some(300)).is_err());
        assert!(limits(Some(400), Some(300)).is_err());
    }
}
