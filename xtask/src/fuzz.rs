//! libFuzzer over the targets of `fuzz/`, with the coverage that stable Rust can measure: no nightly, no cargo-fuzz.
//!
//! What it finds new goes to `target/fuzz/TARGET`, from which the next run starts; an input that breaks something is a file
//! `crash-…` there, to be put into `fuzz/seeds/TARGET` with the repair.

use std::path::Path;
use std::process::Command;

use anyhow::{Result, bail, ensure};

use crate::artifacts::build_with;
use crate::command::{cargo, exists, root, run};

/// What tells libFuzzer which branches an input took and what it was compared with (LLVM's SanitizerCoverage). In place of
/// the flags of `.cargo/config.toml`: libFuzzer is a C++ library, which isn't linked in statically.
const COVERAGE: &str = "-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares -Cdebug-assertions=on -Coverflow-checks=on";

/// `[--short] [TARGET]...`
pub fn run_targets(args: &[String]) -> Result<()> {
    let short = args.iter().any(|arg| arg == "--short");
    let wanted: Vec<&String> = args.iter().filter(|arg| *arg != "--short").collect();
    let known = targets()?;
    if let Some(unknown) = wanted.iter().find(|name| !known.contains(name)) {
        bail!("no target `{unknown}`; there are {}", known.join(", "));
    }
    ensure!(exists("c++"), "libFuzzer is C++: install a compiler (on Debian `apt-get install g++`)");
    let words =
        "build --package fuzz --bin libfuzzer --features libfuzzer --profile e2e --target-dir target/fuzz-build";
    let fuzzer = build_with(cargo(words).env("RUSTFLAGS", COVERAGE), "libfuzzer")?;
    for target in known.iter().filter(|name| wanted.is_empty() || wanted.contains(name)) {
        run_target(&fuzzer, target, if short { 5 } else { 300 })?;
    }
    Ok(())
}

/// The folders of seeds are named for the targets.
fn targets() -> Result<Vec<String>> {
    let entries = std::fs::read_dir(root().join("fuzz/seeds"))?;
    let mut names: Vec<String> =
        entries.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned())).collect::<Result<_>>()?;
    names.sort();
    Ok(names)
}

fn run_target(fuzzer: &Path, target: &str, seconds: u32) -> Result<()> {
    let found = root().join("target/fuzz").join(target);
    std::fs::create_dir_all(&found)?;
    let mut command = Command::new(fuzzer);
    command.env("MINKE_FUZZ_TARGET", target);
    command.arg(&found).arg(root().join("fuzz/seeds").join(target));
    command.arg(format!("-artifact_prefix={}/", found.display()));
    command.arg(format!("-max_total_time={seconds}"));
    command.args(["-timeout=10", "-rss_limit_mb=1024", "-print_final_stats=1", "-verbosity=0"]);
    run(&mut command)
}
