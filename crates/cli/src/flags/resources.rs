//! Limits: memory, CPU, processes, files, kernel parameters.

use crate::error::Failure;
use crate::syntax::flag::Flag;
use crate::syntax::matches::Matches;
use spec::ContainerSpec;

/// See podman-run(1).
pub static FLAGS: &[Flag] = &[
    Flag::uint("cpu-shares", "Share of the CPU relative to others").short('c'),
    Flag::text("cpus", "float", "How many CPUs it may use at once"),
    Flag::text("cpuset-cpus", "string", "CPUs it may run on (0-3, 0,1)"),
    Flag::text("cpuset-mems", "string", "Memory nodes it may use (0-3, 0,1)"),
    Flag::text("memory", "<number>[<unit>]", "Most memory (units b, k, m, g)").short('m'),
    Flag::text("memory-reservation", "<number>[<unit>]", "Memory it is left with when memory is short"),
    Flag::text("memory-swap", "string", "Most memory and swap together; -1: no limit of swap"),
    Flag::int("memory-swappiness", "How readily its memory is swapped out (0 to 100)").default("-1"),
    Flag::int("oom-score-adj", "How readily it is killed when memory is short (-1000 to 1000)"),
    Flag::int("pids-limit", "Most processes and threads; -1: no limit"),
    Flag::list("sysctl", "strings", "Set a namespaced kernel parameter (name=value)"),
    Flag::list("ulimit", "strings", "Set a limit of each process (name=soft[:hard]), or host"),
];

/// Puts the flags into the spec.
pub fn apply(matches: &Matches, spec: &mut ContainerSpec) -> Result<(), Failure> {
    let resources = &mut spec.resources;
    if let Some(text) = matches.text("memory") {
        resources.set_memory(text)?;
    }
    if let Some(text) = matches.text("memory-swap") {
        resources.set_memory_swap(text)?;
    }
    if let Some(text) = matches.text("memory-reservation") {
        resources.set_memory_reservation(text)?;
    }
    if let Some(value) = matches.number("memory-swappiness") {
        resources.set_memory_swappiness(value)?;
    }
    if let Some(text) = matches.text("cpus") {
        resources.set_cpus(text)?;
    }
    if let Some(shares) = matches.number("cpu-shares") {
        resources.set_cpu_shares(shares);
    }
    if let Some(text) = matches.text("cpuset-cpus") {
        resources.set_cpuset_cpus(text)?;
    }
    if let Some(text) = matches.text("cpuset-mems") {
        resources.set_cpuset_mems(text)?;
    }
    if let Some(limit) = matches.number("pids-limit") {
        resources.set_pids_limit(limit);
    }
    resources.oom_score_adj = matches.number("oom-score-adj");
    for text in matches.list("sysctl") {
        resources.add_sysctl(text)?;
    }
    for text in matches.list("ulimit") {
        resources.add_ulimit(text)?;
    }
    Ok(())
}
