//! The limits as they will be: defaults filled in, contradictions refused, what the host can't do left out with a warning.

use super::{HOST_LIMITS, Resources, cpuset, parse_sysctl, rlimit_kind, sysctl_namespace};
use crate::{Defaults, HostFacts, Invalid, namespaces::Namespace};
use oci::runtime as rt;
use std::collections::BTreeMap;

/// Control groups, without device rules.
pub(crate) fn resolve(
    resources: &Resources,
    defaults: &Defaults,
    host: &HostFacts,
    warnings: &mut Vec<String>,
) -> Result<rt::Resources, Invalid> {
    let mut limits = resources.limits.clone().unwrap_or_default();
    if !host.cgroup_limits {
        if limits != rt::Resources::default() {
            warnings.push(ignored(host).into());
        }
        return Ok(rt::Resources::default());
    }
    if let Some(memory) = &mut limits.memory {
        resolve_memory(memory, host, warnings)?;
    }
    limits.memory = limits.memory.filter(|memory| *memory != rt::Memory::default());
    limits.cpu = limits.cpu.filter(|cpu| *cpu != rt::Cpu::default());
    if let Some(cpu) = &limits.cpu {
        check_cpu(cpu)?;
        cpuset::check(cpu, host)?;
    }
    if limits.pids.is_none() && defaults.pids_limit > 0 {
        limits.pids = Some(rt::Pids { limit: Some(defaults.pids_limit) });
    }
    // 0 and -1 both mean no limit: then no control group is needed for it.
    limits.pids = limits.pids.filter(|pids| pids.limit.is_some_and(|limit| limit > 0));
    Ok(limits)
}

fn ignored(host: &HostFacts) -> &'static str {
    if host.cgroup_v2 {
        "Resource limits are ignored: no cgroup controllers are delegated to this user"
    } else {
        "Resource limits are not supported and ignored on cgroups V1 rootless systems"
    }
}

fn resolve_memory(memory: &mut rt::Memory, host: &HostFacts, warnings: &mut Vec<String>) -> Result<(), Invalid> {
    match (memory.limit, memory.swap) {
        (None, Some(swap)) if swap != -1 => {
            return Err(Invalid::new("you should always set a memory limit when using a memoryswap limit, see usage"));
        }
        (Some(limit), Some(swap)) if swap != -1 && swap < limit => {
            return Err(Invalid::new("minimum memoryswap limit should be larger than memory limit, see usage"));
        }
        (Some(limit), None) if limit > 0 => memory.swap = Some(limit.saturating_mul(2)),
        _ => {}
    }
    if let (Some(limit), Some(reservation)) = (memory.limit, memory.reservation)
        && limit < reservation
    {
        return Err(Invalid::new("minimum memory limit cannot be less than memory reservation limit, see usage"));
    }
    if !host.swap_accounting && memory.swap.take().is_some_and(|swap| memory.limit.is_none_or(|l| swap != l * 2)) {
        warnings.push("The kernel doesn't limit swap here: memory is limited without swap".into());
    }
    Ok(())
}

fn check_cpu(cpu: &rt::Cpu) -> Result<(), Invalid> {
    if cpu.period.is_some_and(|period| period != 0 && !(1000..=1_000_000).contains(&period)) {
        return Err(Invalid::new(
            "CPU cfs period cannot be less than 1ms (i.e. 1000) or larger than 1s (i.e. 1000000)",
        ));
    }
    if cpu.quota.is_some_and(|quota| (1..1000).contains(&quota)) {
        return Err(Invalid::new("CPU cfs quota cannot be less than 1ms (i.e. 1000)"));
    }
    Ok(())
}

/// The user's rlimits over the configured ones; open files and processes have a default of their own.
pub(crate) fn rlimits(
    resources: &Resources,
    defaults: &Defaults,
    host: &HostFacts,
) -> Result<Vec<rt::Rlimit>, Invalid> {
    let mut limits: Vec<rt::Rlimit> = match &defaults.ulimits {
        Some(configured) => configured.iter().map(|limit| capped(limit.clone(), host)).collect(),
        None => standard(host),
    };
    if resources.rlimits.iter().any(|limit| limit.kind == HOST_LIMITS) {
        limits.clear();
    }
    for asked in resources.rlimits.iter().filter(|limit| limit.kind != HOST_LIMITS) {
        let kind =
            rlimit_kind(&asked.kind).ok_or_else(|| Invalid::new(format!("invalid ulimit type: {}", asked.kind)))?;
        let asked = rt::Rlimit { kind, ..asked.clone() };
        check(&asked, host)?;
        limits.retain(|limit| limit.kind != asked.kind);
        limits.push(asked);
    }
    limits.retain(|limit| limit.kind != HOST_LIMITS);
    Ok(limits)
}

fn standard(host: &HostFacts) -> Vec<rt::Rlimit> {
    const WISH: u64 = 1_048_576;
    let limit = |kind: &str| capped(rt::Rlimit { kind: kind.into(), soft: WISH, hard: WISH }, host);
    vec![limit("RLIMIT_NOFILE"), limit("RLIMIT_NPROC")]
}

/// The engine's own hard limit, where it can't be passed.
fn ceiling(kind: &str, host: &HostFacts) -> u64 {
    host.hard_limits.get(kind).copied().unwrap_or(u64::MAX)
}

fn capped(limit: rt::Rlimit, host: &HostFacts) -> rt::Rlimit {
    let ceiling = ceiling(&limit.kind, host);
    rt::Rlimit { soft: limit.soft.min(ceiling), hard: limit.hard.min(ceiling), kind: limit.kind }
}

fn check(limit: &rt::Rlimit, host: &HostFacts) -> Result<(), Invalid> {
    let ceiling = ceiling(&limit.kind, host);
    if limit.hard <= ceiling {
        return Ok(());
    }
    let name = limit.kind.trim_start_matches("RLIMIT_").to_lowercase();
    let asked = if limit.hard == u64::MAX { "unlimited".to_owned() } else { limit.hard.to_string() };
    Err(Invalid::new(format!("ulimit {name}: {asked} is more than the {ceiling} this user may set"))
        .hint("raise the engine's own hard limit (ulimit -H, limits.conf), or run with CAP_SYS_RESOURCE"))
}

/// The user's score or the configured one. Lowering takes CAP_SYS_RESOURCE: an ordinary user gets what is possible, and is told.
pub(crate) fn oom_score(
    resources: &Resources,
    defaults: &Defaults,
    host: &HostFacts,
    warnings: &mut Vec<String>,
) -> Result<Option<i32>, Invalid> {
    let wanted = resources.oom_score_adj.or(defaults.oom_score_adj);
    let (Some(wanted), Some(lowest)) = (wanted, host.lowest_oom_score) else { return Ok(wanted) };
    if wanted >= lowest {
        return Ok(Some(wanted));
    }
    if !host.rootless {
        return Err(Invalid::new(format!(
            "--oom-score-adj {wanted} is lower than the engine's own, which is {lowest}"
        ))
        .hint("lowering it takes CAP_SYS_RESOURCE"));
    }
    warnings.push(format!("oom_score_adj {wanted} is lower than this user's {lowest}, which is used instead"));
    Ok(Some(lowest))
}

/// The user's kernel parameters over the configured ones. One of a namespace that isn't the container's own can't be set.
pub(crate) fn sysctls(
    resources: &Resources,
    defaults: &Defaults,
    ipc: &Namespace,
    network: &Namespace,
) -> Result<BTreeMap<String, String>, Invalid> {
    let own = |key: &str| match sysctl_namespace(key) {
        Some("IPC") => ipc.is_new(),
        _ => network.is_new(),
    };
    let mut all: BTreeMap<String, String> =
        defaults.sysctls.iter().filter(|(key, _)| own(key)).map(|(key, value)| (key.clone(), value.clone())).collect();
    for (key, value) in &resources.sysctl {
        parse_sysctl(&format!("{key}={value}"))?;
        if !own(key) {
            let (kind, mode) = match sysctl_namespace(key) {
                Some("IPC") => ("IPC", ipc.mode.name()),
                _ => ("Network", network.mode.name()),
            };
            return Err(Invalid::new(format!(
                "sysctl {key}={value} can't be set since {kind} Namespace set to {mode}: invalid argument"
            )));
        }
        all.insert(key.clone(), value.clone());
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::namespaces::NsMode;

    fn root() -> HostFacts {
        HostFacts {
            cgroup_limits: true,
            swap_accounting: true,
            hard_limits: [("NOFILE", 4096), ("NPROC", 2), ("MEMLOCK", 8192)]
                .map(|(kind, hard)| (format!("RLIMIT_{kind}"), hard))
                .into(),
            ..HostFacts::default()
        }
    }

    fn memory(flags: &[(&str, &str)]) -> Result<Option<rt::Memory>, String> {
        let mut resources = Resources::default();
        for (flag, value) in flags {
            match *flag {
                "m" => resources.set_memory(value).unwrap(),
                "swap" => resources.set_memory_swap(value).unwrap(),
                _ => resources.set_memory_reservation(value).unwrap(),
            }
        }
        let limits = resolve(&resources, &Defaults::default(), &root(), &mut Vec::new());
        limits.map(|limits| limits.memory).map_err(|e| e.message)
    }

    #[test]
    fn swap_defaults_to_twice_the_limit() {
        let memory = memory(&[("m", "100m")]).unwrap().unwrap();
        assert_eq!((memory.limit, memory.swap), (Some(100 << 20), Some(200 << 20)));
    }

    #[test]
    fn memory_conflicts() {
        let message = |flags| memory(flags).unwrap_err();
        assert_eq!(
            message(&[("m", "512m"), ("swap", "100m")]),
            "minimum memoryswap limit should be larger than memory limit, see usage"
        );
        assert_eq!(
            message(&[("swap", "100m")]),
            "you should always set a memory limit when using a memoryswap limit, see usage"
        );
        assert_eq!(
            message(&[("m", "100m"), ("reservation", "1g")]),
            "minimum memory limit cannot be less than memory reservation limit, see usage"
        );
        assert_eq!(memory(&[("m", "100m"), ("swap", "-1")]).unwrap().unwrap().swap, Some(-1));
        assert_eq!(memory(&[("m", "0")]).unwrap(), None);
    }

    #[test]
    fn pids_limit_is_2048_unless_told_otherwise() {
        let pids = |limit: Option<i64>| {
            let mut resources = Resources::default();
            limit.into_iter().for_each(|limit| resources.set_pids_limit(limit));
            resolve(&resources, &Defaults::default(), &root(), &mut Vec::new()).unwrap().pids
        };
        assert_eq!(pids(None).unwrap().limit, Some(2048));
        assert_eq!(pids(Some(5)).unwrap().limit, Some(5));
        assert_eq!(pids(Some(0)), None);
        assert_eq!(pids(Some(-1)), None);
    }

    #[test]
    fn limits_that_cannot_be_set_are_warned_about() {
        let mut resources = Resources::default();
        resources.set_memory("100m").unwrap();
        let mut warnings = Vec::new();
        let host = HostFacts { rootless: true, ..HostFacts::default() };
        let limits = resolve(&resources, &Defaults::default(), &host, &mut warnings).unwrap();
        assert_eq!(limits, rt::Resources::default());
        assert_eq!(warnings, ["Resource limits are not supported and ignored on cgroups V1 rootless systems"]);
    }

    #[test]
    fn default_rlimits_stay_below_the_engines_own() {
        let limits = rlimits(&Resources::default(), &Defaults::default(), &root()).unwrap();
        assert_eq!(limits.iter().map(|limit| limit.hard).collect::<Vec<_>>(), [4096, 2]);
        let mut host = root();
        host.hard_limits.clear();
        let limits = rlimits(&Resources::default(), &Defaults::default(), &host).unwrap();
        assert_eq!(limits.iter().map(|limit| limit.soft).collect::<Vec<_>>(), [1_048_576, 1_048_576]);
    }

    #[test]
    fn asked_rlimits_must_be_possible() {
        let mut resources = Resources::default();
        resources.add_ulimit("nofile=100:4096").unwrap();
        resources.add_ulimit("core=-1").unwrap();
        assert_eq!(rlimits(&resources, &Defaults::default(), &root()).unwrap().len(), 3);
        resources.add_ulimit("nofile=5000").unwrap();
        assert!(rlimits(&resources, &Defaults::default(), &root()).unwrap_err().message.contains("5000"));
        resources.rlimits.clear();
        resources.add_ulimit("memlock=-1").unwrap();
        assert_eq!(
            rlimits(&resources, &Defaults::default(), &root()).unwrap_err().message,
            "ulimit memlock: unlimited is more than the 8192 this user may set"
        );
        resources.rlimits.clear();
        resources.add_ulimit("host").unwrap();
        assert!(rlimits(&resources, &Defaults::default(), &root()).unwrap().is_empty());
    }

    #[test]
    fn oom_scores_that_cannot_be() {
        let resources = Resources { oom_score_adj: Some(-10), ..Resources::default() };
        let score = |host: &HostFacts| {
            let mut warnings = Vec::new();
            oom_score(&resources, &Defaults::default(), host, &mut warnings).map(|score| (score, warnings.len()))
        };
        let mut host = root();
        assert_eq!(score(&host).unwrap(), (Some(-10), 0));
        host.lowest_oom_score = Some(-20);
        assert_eq!(score(&host).unwrap(), (Some(-10), 0));
        host.lowest_oom_score = Some(0);
        assert!(score(&host).unwrap_err().message.contains("-10"));
        host.rootless = true;
        assert_eq!(score(&host).unwrap(), (Some(0), 1));
    }

    #[test]
    fn sysctls_of_shared_namespaces() {
        let (host, own) = (Namespace::of(NsMode::Host), Namespace::of(NsMode::Private));
        let mut resources = Resources::default();
        let mut defaults = Defaults::default();
        defaults.sysctls.insert("net.ipv4.ping_group_range".into(), "0 0".into());
        assert_eq!(sysctls(&resources, &defaults, &own, &own).unwrap().len(), 1);
        assert!(sysctls(&resources, &defaults, &own, &host).unwrap().is_empty());
        resources.add_sysctl("net.ipv4.ip_forward=1").unwrap();
        assert_eq!(
            sysctls(&resources, &defaults, &own, &host).unwrap_err().message,
            "sysctl net.ipv4.ip_forward=1 can't be set since Network Namespace set to host: invalid argument"
        );
    }
}
