//! Limits: control groups, rlimits, sysctls.

mod cpuset;
mod limits;

pub(crate) use limits::{oom_score, resolve, rlimits, sysctls};

use crate::{Invalid, is_default, null_default, size};
use oci::runtime as rt;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// See podman-run(1) `--memory`, `--cpus`, `--pids-limit`, `--ulimit`, `--sysctl`, ….
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Resources {
    /// Control groups.
    #[serde(rename = "resource_limits", skip_serializing_if = "Option::is_none")]
    pub limits: Option<oci::runtime::Resources>,
    /// `--ulimit`; a type of `host` asks for the engine's own limits.
    #[serde(rename = "r_limits", skip_serializing_if = "is_default", deserialize_with = "null_default")]
    pub rlimits: Vec<oci::runtime::Rlimit>,
    /// Namespaced kernel parameters.
    #[serde(skip_serializing_if = "is_default", deserialize_with = "null_default")]
    pub sysctl: BTreeMap<String, String>,
    /// -1000 … 1000. `None`: containers.conf, else inherited.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub oom_score_adj: Option<i32>,
}

/// Word of `--ulimit host`.
pub const HOST_LIMITS: &str = "host";

/// `--ulimit name=soft[:hard]`, -1 is no limit; `host`: the engine's own limits.
pub fn parse_ulimit(text: &str) -> Result<rt::Rlimit, Invalid> {
    if text == HOST_LIMITS {
        return Ok(rt::Rlimit { kind: HOST_LIMITS.into(), soft: 0, hard: 0 });
    }
    let failed = |why: String| {
        Invalid::new(format!("ulimit option {text:?} requires name=SOFT:HARD, failed to be parsed: {why}"))
    };
    let (name, values) = text.split_once('=').ok_or_else(|| failed(format!("invalid ulimit argument: {text}")))?;
    let kind = rlimit_kind(name).ok_or_else(|| failed(format!("invalid ulimit type: {name}")))?;
    let limit = |value: &str| limit(value).ok_or_else(|| failed(format!("invalid number {value:?}")));
    let (soft, hard) = match values.split(':').collect::<Vec<_>>()[..] {
        [both] => (limit(both)?, limit(both)?),
        [soft, hard] => (limit(soft)?, limit(hard)?),
        _ => {
            return Err(failed(format!(
                "too many limit value arguments - {values}, can only have up to two, `soft[:hard]`"
            )));
        }
    };
    if soft > hard {
        return Err(failed(format!("ulimit soft limit must be less than or equal to hard limit: {values}")));
    }
    Ok(rt::Rlimit { kind, soft, hard })
}

fn limit(text: &str) -> Option<u64> {
    match text.parse::<i64>().ok()? {
        -1 => Some(u64::MAX),
        number => u64::try_from(number).ok(),
    }
}

/// `nofile`, `RLIMIT_NOFILE` → `RLIMIT_NOFILE`.
pub(crate) fn rlimit_kind(name: &str) -> Option<String> {
    const NAMES: [&str; 16] = [
        "AS",
        "CORE",
        "CPU",
        "DATA",
        "FSIZE",
        "LOCKS",
        "MEMLOCK",
        "MSGQUEUE",
        "NICE",
        "NOFILE",
        "NPROC",
        "RSS",
        "RTPRIO",
        "RTTIME",
        "SIGPENDING",
        "STACK",
    ];
    let upper = name.to_ascii_uppercase();
    let short = upper.strip_prefix("RLIMIT_").unwrap_or(&upper);
    NAMES.contains(&short).then(|| format!("RLIMIT_{short}"))
}

/// `--sysctl key=value`; only kernel parameters that belong to a namespace.
pub fn parse_sysctl(text: &str) -> Result<(String, String), Invalid> {
    let (key, value) = text
        .split_once('=')
        .ok_or_else(|| Invalid::new(format!("{text} is invalid, sysctl values must be in the form of KEY=VALUE")))?;
    let key = key.trim();
    if sysctl_namespace(key).is_none() {
        return Err(Invalid::new(format!("sysctl '{key}' is not allowed")));
    }
    Ok((key.to_owned(), value.trim().to_owned()))
}

/// The namespace a kernel parameter belongs to.
pub(crate) fn sysctl_namespace(key: &str) -> Option<&'static str> {
    const IPC: [&str; 8] = [
        "kernel.msgmax",
        "kernel.msgmnb",
        "kernel.msgmni",
        "kernel.sem",
        "kernel.shmall",
        "kernel.shmmax",
        "kernel.shmmni",
        "kernel.shm_rmid_forced",
    ];
    // A slash or `..` would name a file elsewhere under /proc/sys.
    if key.contains('/') && !key.starts_with("net.") || key.split(['.', '/']).any(|part| part.is_empty()) {
        return None;
    }
    if key.starts_with("net.") {
        return Some("Network");
    }
    (IPC.contains(&key) || key.starts_with("fs.mqueue.")).then_some("IPC")
}

impl Resources {
    fn memory(&mut self) -> &mut rt::Memory {
        self.limits.get_or_insert_default().memory.get_or_insert_default()
    }

    fn cpu(&mut self) -> &mut rt::Cpu {
        self.limits.get_or_insert_default().cpu.get_or_insert_default()
    }

    /// `--memory`; 0 is no limit.
    pub fn set_memory(&mut self, text: &str) -> Result<(), Invalid> {
        self.memory().limit = memory_size(text)?.filter(|bytes| *bytes != 0);
        Ok(())
    }

    /// `--memory-swap`; -1 is no limit.
    pub fn set_memory_swap(&mut self, text: &str) -> Result<(), Invalid> {
        self.memory().swap = if text == "-1" { Some(-1) } else { memory_size(text)?.filter(|bytes| *bytes != 0) };
        Ok(())
    }

    /// `--memory-reservation`.
    pub fn set_memory_reservation(&mut self, text: &str) -> Result<(), Invalid> {
        self.memory().reservation = memory_size(text)?.filter(|bytes| *bytes != 0);
        Ok(())
    }

    /// `--memory-swappiness`, 0–100; -1: the kernel's.
    pub fn set_memory_swappiness(&mut self, value: i64) -> Result<(), Invalid> {
        self.memory().swappiness = match value {
            -1 => None,
            0..=100 => Some(value as u64),
            _ => return Err(Invalid::new(format!("invalid value: {value}, valid memory swappiness range is 0-100"))),
        };
        Ok(())
    }

    /// `--cpus 1.5`; 0 is no limit.
    pub fn set_cpus(&mut self, text: &str) -> Result<(), Invalid> {
        let cpus: f64 = text.parse().ok().filter(|cpus| (0.0..=1e6).contains(cpus)).ok_or_else(|| {
            Invalid::new(format!("invalid argument {text:?} for \"--cpus\" flag: must be a number of CPUs, 0 or more"))
        })?;
        const PERIOD: u64 = 100_000;
        if cpus > 0.0 {
            let quota = (cpus * PERIOD as f64) as i64;
            if quota < 1000 {
                return Err(Invalid::new("CPU cfs quota cannot be less than 1ms (i.e. 1000)"));
            }
            let cpu = self.cpu();
            (cpu.period, cpu.quota) = (Some(PERIOD), Some(quota));
        }
        Ok(())
    }

    /// `--cpu-shares`; 0 is the kernel's.
    pub fn set_cpu_shares(&mut self, shares: u64) {
        self.cpu().shares = Some(shares).filter(|shares| *shares != 0);
    }

    /// `--cpu-period` and `--cpu-quota`, in microseconds; 0: the usual period, no limit.
    pub fn set_cpu_time(&mut self, period: Option<u64>, quota: Option<i64>) -> Result<(), Invalid> {
        if let Some(period) = period.filter(|period| *period != 0) {
            if !(1000..=1_000_000).contains(&period) {
                return Err(Invalid::new(format!("invalid CPU period {period}: it is 1000 to 1000000 microseconds")));
            }
            self.cpu().period = Some(period);
        }
        if let Some(quota) = quota.filter(|quota| *quota != 0) {
            if (0..1000).contains(&quota) {
                return Err(Invalid::new(format!("invalid CPU quota {quota}: it is 1000 microseconds or more")));
            }
            self.cpu().quota = Some(quota);
        }
        Ok(())
    }

    /// `--cpuset-cpus`; empty: all.
    pub fn set_cpuset_cpus(&mut self, text: &str) -> Result<(), Invalid> {
        if !text.is_empty() && !cpuset::is_list(text) {
            return Err(Invalid::new(format!("invalid value {text} for cpuset cpus")));
        }
        self.cpu().cpus = Some(text.to_owned()).filter(|text| !text.is_empty());
        Ok(())
    }

    /// `--cpuset-mems`; empty: all.
    pub fn set_cpuset_mems(&mut self, text: &str) -> Result<(), Invalid> {
        if !text.is_empty() && !cpuset::is_list(text) {
            return Err(Invalid::new(format!("invalid value {text} for cpuset mems")));
        }
        self.cpu().mems = Some(text.to_owned()).filter(|text| !text.is_empty());
        Ok(())
    }

    /// `--pids-limit`; 0 or -1 is no limit.
    pub fn set_pids_limit(&mut self, limit: i64) {
        self.limits.get_or_insert_default().pids = Some(rt::Pids { limit: Some(limit) });
    }

    /// `--sysctl`.
    pub fn add_sysctl(&mut self, text: &str) -> Result<(), Invalid> {
        let (key, value) = parse_sysctl(text)?;
        self.sysctl.insert(key, value);
        Ok(())
    }

    /// `--ulimit`; a later one of the same name wins.
    pub fn add_ulimit(&mut self, text: &str) -> Result<(), Invalid> {
        let limit = parse_ulimit(text)?;
        self.rlimits.retain(|other| other.kind != limit.kind);
        self.rlimits.push(limit);
        Ok(())
    }
}

fn memory_size(text: &str) -> Result<Option<i64>, Invalid> {
    if text.is_empty() {
        return Ok(None);
    }
    size::parse(text).map(Some).map_err(|e| Invalid::new(format!("invalid value for memory: {e}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message<T: std::fmt::Debug>(result: Result<T, Invalid>) -> String {
        result.unwrap_err().message
    }

    #[test]
    fn ulimits() {
        let of = |kind: &str, soft, hard| Ok(rt::Rlimit { kind: kind.into(), soft, hard });
        assert_eq!(parse_ulimit("nofile=1:2"), of("RLIMIT_NOFILE", 1, 2));
        assert_eq!(parse_ulimit("NOFILE=5"), of("RLIMIT_NOFILE", 5, 5));
        assert_eq!(parse_ulimit("nproc=-1"), of("RLIMIT_NPROC", u64::MAX, u64::MAX));
        let prefix = |text| format!("ulimit option {text:?} requires name=SOFT:HARD, failed to be parsed: ");
        assert_eq!(message(parse_ulimit("foo=1")), prefix("foo=1") + "invalid ulimit type: foo");
        assert_eq!(message(parse_ulimit("nofile")), prefix("nofile") + "invalid ulimit argument: nofile");
        for text in ["nofile=5:2", "nofile=a", "nofile=1:2:3", "nofile=-1:5", "nofile=-2"] {
            assert!(parse_ulimit(text).is_err(), "{text}");
        }
    }

    #[test]
    fn only_namespaced_sysctls() {
        assert!(parse_sysctl("net.ipv4.ip_forward=1").is_ok());
        assert!(parse_sysctl("kernel.shmmax=1").is_ok());
        assert!(parse_sysctl("fs.mqueue.msg_max=5").is_ok());
        assert_eq!(message(parse_sysctl("foo=bar")), "sysctl 'foo' is not allowed");
        assert_eq!(message(parse_sysctl("=1")), "sysctl '' is not allowed");
        assert_eq!(
            message(parse_sysctl("kernel.msgmax")),
            "kernel.msgmax is invalid, sysctl values must be in the form of KEY=VALUE"
        );
        for text in ["kernel.domainname=x", "fs.mqueue./../x=1", "net.../kernel=1", "kernel.core_pattern=x"] {
            assert!(parse_sysctl(text).is_err(), "{text}");
        }
    }

    #[test]
    fn memory_errors_are_podmans() {
        let mut resources = Resources::default();
        assert_eq!(message(resources.set_memory("1x")), "invalid value for memory: invalid suffix: 'x'");
        assert_eq!(message(resources.set_memory("-1")), "invalid value for memory: invalid size: '-1'");
        assert_eq!(resources.set_memory(""), Ok(()));
        assert_eq!(resources.set_memory_swap("-1"), Ok(()));
        assert_eq!(resources.memory().swap, Some(-1));
    }

    #[test]
    fn cpu_time() {
        let mut resources = Resources::default();
        resources.set_cpu_time(Some(50_000), Some(25_000)).unwrap();
        assert_eq!((resources.cpu().period, resources.cpu().quota), (Some(50_000), Some(25_000)));
        assert!(resources.set_cpu_time(Some(5), None).is_err());
        assert!(resources.set_cpu_time(None, Some(5)).is_err());
    }

    #[test]
    fn cpus() {
        let mut resources = Resources::default();
        resources.set_cpus("1.5").unwrap();
        assert_eq!((resources.cpu().period, resources.cpu().quota), (Some(100_000), Some(150_000)));
        for text in ["abc", "-1", "nan", "0.001"] {
            assert!(resources.set_cpus(text).is_err(), "{text}");
        }
        assert!(resources.set_cpuset_cpus("0-1,3").is_ok());
        assert_eq!(message(resources.set_cpuset_cpus("abc")), "invalid value abc for cpuset cpus");
    }
}
