//! Files of cgroup v1 (kernel: Documentation/admin-guide/cgroup-v1).

use super::devices::{self, Kind, Rule};
use super::plan::Write;
use crate::error::{Error, Tried};
use oci::runtime::{BlockIo, Cpu, Memory, Resources, ThrottleDevice};
use std::path::Path;

/// Hierarchies with what is written there; those without a wish are left out.
pub(super) fn plan(resources: &Resources, rules: &[Rule]) -> Result<Vec<(String, Vec<Write>)>, Error> {
    if !resources.unified.is_empty() {
        return Err(Error::other("cgroup v2 settings (`unified`) were asked for, but this host has cgroup v1"));
    }
    let (cpu, cpuset) = resources.cpu.as_ref().map_or_else(Default::default, cpu);
    let all = [
        ("memory", resources.memory.as_ref().map(memory).unwrap_or_default()),
        ("cpu", cpu),
        ("cpuset", cpuset),
        ("pids", pids(resources)),
        ("devices", device_writes(rules)),
        ("blkio", resources.block_io.as_ref().map(block_io).unwrap_or_default()),
        ("hugetlb", hugetlb(resources)),
        ("net_cls", net_class(resources)),
        ("net_prio", net_priority(resources)),
        ("rdma", super::v2::rdma(resources)),
    ];
    Ok(all
        .into_iter()
        .filter(|(_, writes)| !writes.is_empty())
        .map(|(name, writes)| (name.to_owned(), writes))
        .collect())
}

fn memory(memory: &Memory) -> Vec<Write> {
    let mut writes = Vec::new();
    let mut push = |file: &str, value: Option<i64>| writes.extend(value.map(|value| Write::new(file, value)));
    push("memory.limit_in_bytes", memory.limit);
    push("memory.soft_limit_in_bytes", memory.reservation);
    push("memory.swappiness", memory.swappiness.map(|value| value as i64));
    push("memory.oom_control", memory.disable_oom_killer.filter(|&disable| disable).map(|_| 1));
    // Absent without swapaccount=1.
    writes.extend(memory.swap.map(|swap| Write::optional("memory.memsw.limit_in_bytes", swap)));
    writes
}

/// The limit of memory may never be above that of memory and swap: when both grow, the latter comes first.
pub(super) fn ordered(folder: &Path, mut writes: Vec<Write>) -> Vec<Write> {
    const BOTH: &str = "memory.memsw.limit_in_bytes";
    let Some(at) = writes.iter().position(|write| write.file == BOTH) else { return writes };
    let now = std::fs::read_to_string(folder.join(BOTH)).ok().and_then(|text| text.trim().parse::<u64>().ok());
    let grows = match (writes[at].value.parse::<u64>(), now) {
        (Ok(wanted), Some(now)) => wanted > now,
        // -1: no limit any more.
        (Err(_), _) => true,
        (Ok(_), None) => false,
    };
    if grows {
        let both = writes.remove(at);
        writes.insert(0, both);
    }
    writes
}

fn cpu(cpu: &Cpu) -> (Vec<Write>, Vec<Write>) {
    let mut time = Vec::new();
    time.extend(cpu.shares.filter(|&shares| shares > 0).map(|shares| Write::new("cpu.shares", shares)));
    time.extend(cpu.period.filter(|&period| period > 0).map(|period| Write::new("cpu.cfs_period_us", period)));
    time.extend(cpu.quota.filter(|&quota| quota != 0).map(|quota| Write::new("cpu.cfs_quota_us", quota)));
    time.extend(cpu.burst.map(|burst| Write::optional("cpu.cfs_burst_us", burst)));
    time.extend(cpu.realtime_period.filter(|&p| p > 0).map(|period| Write::new("cpu.rt_period_us", period)));
    time.extend(cpu.realtime_runtime.filter(|&r| r != 0).map(|runtime| Write::new("cpu.rt_runtime_us", runtime)));
    time.extend(cpu.idle.map(|idle| Write::optional("cpu.idle", idle)));
    let mut set = Vec::new();
    set.extend(cpu.cpus.as_ref().filter(|list| !list.is_empty()).map(|list| Write::new("cpuset.cpus", list)));
    set.extend(cpu.mems.as_ref().filter(|list| !list.is_empty()).map(|list| Write::new("cpuset.mems", list)));
    (time, set)
}

fn pids(resources: &Resources) -> Vec<Write> {
    let limit = resources.pids.as_ref().and_then(|pids| pids.limit).filter(|&limit| limit > 0);
    limit.map(|limit| Write::new("pids.max", limit)).into_iter().collect()
}

fn device_writes(rules: &[Rule]) -> Vec<Write> {
    if devices::allows_all(rules) {
        return Vec::new();
    }
    rules
        .iter()
        .map(|rule| Write::new(if rule.allow { "devices.allow" } else { "devices.deny" }, device_line(rule)))
        .collect()
}

/// `c 1:3 rwm`; plain `a` is everything, whatever follows it.
fn device_line(rule: &Rule) -> String {
    let number = |number: Option<u32>| number.map_or("*".to_owned(), |number| number.to_string());
    let letter = match rule.kind {
        Kind::All => return "a".to_owned(),
        Kind::Char => 'c',
        Kind::Block => 'b',
    };
    format!("{letter} {}:{} {}", number(rule.major), number(rule.minor), rule.access.word())
}

fn block_io(io: &BlockIo) -> Vec<Write> {
    let mut writes = Vec::new();
    // The file's name depends on the I/O scheduler the kernel has.
    writes.extend(io.weight.filter(|&weight| weight > 0).map(|weight| Write::optional("blkio.bfq.weight", weight)));
    writes.extend(io.weight.filter(|&weight| weight > 0).map(|weight| Write::optional("blkio.weight", weight)));
    for device in &io.weight_device {
        let line = |weight| format!("{}:{} {weight}", device.major, device.minor);
        writes.extend(device.weight.map(|weight| Write::optional("blkio.bfq.weight_device", line(weight))));
        writes.extend(device.weight.map(|weight| Write::optional("blkio.weight_device", line(weight))));
    }
    let mut throttle = |file: &str, list: &[ThrottleDevice]| {
        writes.extend(list.iter().map(|one| Write::new(file, format!("{}:{} {}", one.major, one.minor, one.rate))));
    };
    throttle("blkio.throttle.read_bps_device", &io.throttle_read_bps_device);
    throttle("blkio.throttle.write_bps_device", &io.throttle_write_bps_device);
    throttle("blkio.throttle.read_iops_device", &io.throttle_read_iops_device);
    throttle("blkio.throttle.write_iops_device", &io.throttle_write_iops_device);
    writes
}

fn hugetlb(resources: &Resources) -> Vec<Write> {
    let write = |limit: &oci::runtime::HugepageLimit| {
        Write::new(format!("hugetlb.{}.limit_in_bytes", limit.page_size), limit.limit)
    };
    resources.hugepage_limits.iter().map(write).collect()
}

fn net_class(resources: &Resources) -> Vec<Write> {
    let class = resources.network.as_ref().and_then(|network| network.class_id);
    class.map(|class| Write::new("net_cls.classid", class)).into_iter().collect()
}

fn net_priority(resources: &Resources) -> Vec<Write> {
    let priorities = resources.network.iter().flat_map(|network| &network.priorities);
    priorities.map(|one| Write::new("net_prio.ifpriomap", format!("{} {}", one.name, one.priority))).collect()
}

/// A new cpuset has no CPUs and no memory nodes, and nothing can enter it: takes its parent's.
pub(super) fn copy_cpuset(folder: &Path) -> Result<(), Error> {
    let Some(parent) = folder.parent() else { return Ok(()) };
    for file in ["cpuset.cpus", "cpuset.mems"] {
        let what = || format!("copy `{file}` to cgroup `{}`", folder.display());
        if std::fs::read_to_string(folder.join(file)).tried(what)?.trim().is_empty() {
            let value = std::fs::read(parent.join(file)).tried(what)?;
            std::fs::write(folder.join(file), value).tried(what)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use oci::runtime::DeviceRule;

    #[test]
    fn device_rules_are_lines_in_order() {
        let deny = DeviceRule { allow: false, access: Some("rwm".into()), ..DeviceRule::default() };
        let fuse = DeviceRule {
            allow: true,
            kind: Some("c".into()),
            major: Some(10),
            minor: Some(229),
            access: Some("rw".into()),
        };
        let writes = device_writes(&devices::rules(&[deny, fuse]).unwrap());
        assert_eq!(writes[0], Write::new("devices.deny", "a"));
        assert_eq!(writes[1], Write::new("devices.allow", "c 10:229 rw"));
        assert_eq!(writes[2], Write::new("devices.allow", "c *:* m"));
        assert_eq!(writes.last().unwrap(), &Write::new("devices.allow", "c 136:* rwm"));
    }
}
