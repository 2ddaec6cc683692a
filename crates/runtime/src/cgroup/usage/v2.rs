//! All controllers in one folder (cgroup-v2.rst).

use super::{
    Amount, BlockIo, Cpu, CpuTime, Memory, Pids, Transfer, Usage, number, page_sizes, table, text, throttling,
};
use std::path::Path;

pub(super) fn of(folder: &Path) -> Usage {
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
        let io = devices("8:1 rbytes=4096 rios=2\n9:x rbytes=1\n");
        let read = Transfer { major: 8, minor: 1, op: "Read".into(), value: 4096 };
        assert_eq!(io.io_service_bytes_recursive, [read]);
        assert_eq!(io.io_serviced_recursive[0].value, 2);
    }
}
