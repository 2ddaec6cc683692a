//! `oci update`

use super::global;
use crate::context::Context;
use crate::error::Failure;
use crate::syntax::command::{Arguments, Command, Needs};
use crate::syntax::flag::Flag;
use crate::syntax::matches::Matches;
use oci::runtime::Resources;
use std::path::Path;

static FLAGS: &[Flag] = &[
    Flag::uint("blkio-weight", "Weight of its transfers (10-1000)"),
    Flag::int("cpu-burst", "Most CPU time that it may save up, in microseconds"),
    Flag::int("cpu-idle", "1: it runs when nothing else wants to"),
    Flag::uint("cpu-period", "Length of a period of the CPU limit, in microseconds"),
    Flag::int("cpu-quota", "CPU time in a period, in microseconds; -1: no limit"),
    Flag::uint("cpu-rt-period", "The same for realtime processes"),
    Flag::int("cpu-rt-runtime", "The same for realtime processes"),
    Flag::uint("cpu-share", "Share of the CPU relative to others"),
    Flag::text("cpuset-cpus", "LIST", "CPUs it may run on"),
    Flag::text("cpuset-mems", "LIST", "Memory nodes it may use"),
    Flag::text("memory", "BYTES", "Most memory (units b, k, m, g); -1: no limit"),
    Flag::text("memory-reservation", "BYTES", "Memory that is left to it when there is little"),
    Flag::text("memory-swap", "BYTES", "Most memory and swap together; -1: no limit"),
    Flag::int("pids-limit", "Most processes; -1: no limit"),
    Flag::text("resources", "FILE", "Read them from a file (`linux.resources`), - for standard input").short('r'),
];

/// `oci update`
pub static COMMAND: Command = Command {
    usage: "[options] CONTAINER",
    summary: "Change a container's limits",
    details: "With --resources the other options don't count.",
    examples: &["oci update --memory 1g web", "oci update --resources - web"],
    flags: &[FLAGS],
    stops: false,
    arguments: Arguments::Exactly(1),
    needs: Needs::Nothing,
    run,
};

fn run(context: &Context, matches: &Matches) -> Result<i32, Failure> {
    let root = global::root(context)?;
    let resources = match matches.text("resources") {
        Some(file) => bundle::load(Path::new(file))?,
        None => resources(matches)?,
    };
    bundle::update(&root, &matches.arguments[0], &resources)?;
    Ok(0)
}

fn resources(matches: &Matches) -> Result<Resources, Failure> {
    let mut resources = Resources::default();
    if let Some(weight) = matches.number("blkio-weight") {
        resources.block_io.get_or_insert_default().weight = Some(weight);
    }
    if let Some(limit) = matches.number("pids-limit") {
        resources.pids.get_or_insert_default().limit = Some(limit);
    }
    let (mut cpu, mut memory) = (oci::runtime::Cpu::default(), oci::runtime::Memory::default());
    cpu.shares = matches.number("cpu-share");
    cpu.quota = matches.number("cpu-quota");
    cpu.period = matches.number("cpu-period");
    cpu.burst = matches.number("cpu-burst");
    cpu.idle = matches.number("cpu-idle");
    cpu.realtime_period = matches.number("cpu-rt-period");
    cpu.realtime_runtime = matches.number("cpu-rt-runtime");
    cpu.cpus = matches.text("cpuset-cpus").map(str::to_owned);
    cpu.mems = matches.text("cpuset-mems").map(str::to_owned);
    memory.limit = bytes(matches, "memory")?;
    memory.reservation = bytes(matches, "memory-reservation")?;
    memory.swap = bytes(matches, "memory-swap")?;
    resources.cpu = (cpu != oci::runtime::Cpu::default()).then_some(cpu);
    resources.memory = (memory != oci::runtime::Memory::default()).then_some(memory);
    Ok(resources)
}

/// A number with a unit, or -1.
fn bytes(matches: &Matches, name: &str) -> Result<Option<i64>, Failure> {
    match matches.text(name) {
        None => Ok(None),
        Some("-1") => Ok(Some(-1)),
        Some(text) => {
            let wrong = |error| Failure::new(format!("--{name} {text}: {error}"));
            ::spec::size::parse(text).map(Some).map_err(wrong)
        }
    }
}
