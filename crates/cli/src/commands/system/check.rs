//! `system check`: whether everything in the store is accounted for and sound.

use crate::context::Context;
use crate::error::Failure;
use crate::output::{duration, stream};
use crate::syntax::command::{Arguments, Command, Needs};
use crate::syntax::flag::Flag;
use crate::syntax::matches::Matches;
use engine::system::{CheckOptions, CheckReport, check};
use std::collections::BTreeMap;
use std::time::Duration;

/// `system check`
pub static COMMAND: Command = Command {
    usage: "[options]",
    summary: "Check the store",
    details: "Accounts for every file and folder of the store, reads all layers again and compares them with their digests. \
              With --repair, what is damaged is fetched again where it came from a registry, and removed where it can't be.",
    examples: &["system check", "system check --quick", "system check --repair"],
    flags: &[FLAGS],
    stops: false,
    arguments: Arguments::None,
    needs: Needs::Store,
    run,
};

static FLAGS: &[Flag] = &[
    Flag::bool("force", "Repair, and remove containers that can't be repaired").short('f'),
    Flag::text("max", "duration", "How old layers may be that nothing refers to").short('m').default("24h0m0s"),
    Flag::bool("quick", "Don't read layers and files of artifacts").short('q'),
    Flag::bool("repair", "Fetch again or remove what is damaged, unless containers need it").short('r'),
];

fn run(context: &Context, matches: &Matches) -> Result<i32, Failure> {
    let mut options = CheckOptions {
        quick: matches.bool("quick"),
        max_age: max_age(matches.text("max").unwrap_or("24h"))?,
        repair: matches.bool("repair"),
        force: matches.bool("force"),
    };
    let report = check(context.engine()?, &options)?;
    print(&report)?;
    if report.damage.is_none() {
        return Ok(0);
    }
    if !options.repair && !options.force {
        return Err(Failure::new("damage detected in local storage"));
    }
    if !report.failures.is_empty() {
        return Err(Failure::new(list(&report.failures).trim_end().to_owned()));
    }
    let forced = std::mem::take(&mut options.force);
    options.repair = false;
    let left = check(context.engine()?, &options)?.damage;
    if left.is_none() {
        return Ok(0);
    }
    let kept = !forced && left.strays.iter().any(|stray| stray.precious);
    let cure = if kept { ": what may be wanted back is removed with --force only" } else { "" };
    Err(Failure::new(format!("damage in local storage still present after repair attempt{cure}")))
}

fn max_age(text: &str) -> Result<Duration, Failure> {
    let nanoseconds = duration::parse(text).and_then(|n| u64::try_from(n).ok()).ok_or_else(|| {
        Failure::new(format!("invalid argument \"{text}\" for \"-m, --max\" flag: time: invalid duration \"{text}\""))
    })?;
    Ok(Duration::from_nanos(nanoseconds))
}

fn print(report: &CheckReport) -> Result<(), Failure> {
    let damage = &report.damage;
    block("layer", &damage.layers, |_| None)?;
    block("image", &damage.images, |id| {
        let words = |set: &std::collections::BTreeSet<String>, words| set.contains(id).then_some(words);
        words(&report.removed_images, "Deleted damaged image")
            .or(words(&report.fetched_images, "Fetched damaged image"))
    })?;
    block("artifact", &damage.artifacts, |name| {
        let words = |set: &std::collections::BTreeSet<String>, words| set.contains(name).then_some(words);
        words(&report.removed_artifacts, "Deleted damaged artifact")
            .or(words(&report.fetched_artifacts, "Fetched damaged artifact"))
    })?;
    block("container", &damage.containers, |id| {
        report.removed_containers.contains(id).then_some("Deleted damaged container")
    })?;
    for stray in &damage.strays {
        stream::line(&format!("Stray {}:\n{}", stray.path.display(), list(std::slice::from_ref(&stray.why))))?;
        if report.removed_strays.contains(stray) {
            stream::line(&format!("Deleted stray: {}", stray.path.display()))?;
        }
    }
    for layer in &report.removed_layers {
        stream::line(&format!("Deleted damaged layer: {layer}"))?;
    }
    Ok(())
}

/// Everything of one kind, each followed by what was done about it.
fn block(
    kind: &str,
    damaged: &BTreeMap<String, Vec<String>>,
    done: impl Fn(&str) -> Option<&'static str>,
) -> Result<(), Failure> {
    for (id, faults) in damaged {
        let own = |fault: &String| if kind == "layer" { format!("layer {id}: {fault}") } else { fault.clone() };
        stream::line(&format!("Damaged {kind} {id}:\n{}", list(&faults.iter().map(own).collect::<Vec<_>>())))?;
        if let Some(done) = done(id) {
            stream::line(&format!("{done}: {id}"))?;
        }
    }
    Ok(())
}

/// As Go's multierror prints them, with an empty line at the end.
fn list(faults: &[String]) -> String {
    let count = if faults.len() == 1 { "1 error".to_owned() } else { format!("{} errors", faults.len()) };
    let lines: String = faults.iter().map(|fault| format!("\t* {fault}\n")).collect();
    format!("{count} occurred:\n{lines}")
}
