//! Test suites and measurements: what they need, how they are built, how they are run.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::artifacts::{build, publish, unpublish};
use crate::command::{cargo, exists, is_root, run};
use crate::{packages, test_user};

/// The quick profile: optimised enough to be used, built in a fraction of the time of a release.
const BUILD_ENGINE: &str = "build --package minke --bin minke --profile e2e";
const BUILD_CASES: &str = "test --package e2e --test e2e --no-run";

/// Tests wait more than they compute.
const THREADS_PER_CORE: usize = 2;

/// What the README's second command does.
pub fn everything() -> Result<()> {
    packages::install()?;
    unit()?;
    end_to_end(&[])?;
    stress(&["--short".to_owned()])
}

/// Unit tests of all crates; those named `privileged_` are left out unless this is root.
pub fn unit() -> Result<()> {
    let skipped: &[&str] = if is_root() { &[] } else { &["--skip", "privileged_"] };
    if exists("cargo-nextest") {
        let mut nextest = cargo("nextest run --workspace --exclude e2e --no-fail-fast");
        return run(nextest.arg("--").args(skipped));
    }
    run(cargo("test --workspace --exclude e2e --no-fail-fast -- --quiet").args(skipped))
}

/// End-to-end cases: `[--beside | --bin FILE] [FILTER]... [-- ARGUMENTS of the test binary]`.
pub fn end_to_end(args: &[String]) -> Result<()> {
    if let Some(("--beside", filters)) = args.split_first().map(|(first, rest)| (first.as_str(), rest)) {
        return beside(filters);
    }
    let (program, filters) = split_program(args)?;
    let cases = build(BUILD_CASES, "e2e")?;
    run_cases(&cases, program, filters)
}

/// `[--short]`: the long cases of the same binary, which a plain run leaves out.
pub fn stress(args: &[String]) -> Result<()> {
    let (program, rest) = split_program(args)?;
    let scale = if rest.iter().any(|arg| arg == "--short") { "short" } else { "full" };
    let cases = build(BUILD_CASES, "e2e")?;
    let arguments = ["stress::", "--ignored", "--nocapture", "--test-threads=1"].map(str::to_owned);
    // Read by the cases; inherited through whatever prefix starts them.
    let scale = [("MINKE_STRESS", scale)];
    run_engine_tests(&cases, program, &arguments, &scale)
}

/// Measurements, see `bench/`.
pub fn bench(args: &[String]) -> Result<()> {
    packages::install()?;
    test_user::ensure()?;
    let engine = build("build --package minke --bin minke --release", "minke")?;
    let bench = build("build --package bench --release", "bench")?;
    let (engine, bench) = (publish(&engine, "minke")?, publish(&bench, "bench")?);
    let result = run(Command::new(bench).args(args).env("MINKE_ENGINE", engine));
    unpublish();
    result
}

fn run_cases(cases: &Path, program: Option<PathBuf>, filters: &[String]) -> Result<()> {
    let threads = std::thread::available_parallelism().map_or(2, std::num::NonZero::get) * THREADS_PER_CORE;
    let mut arguments = filters.to_vec();
    if !arguments.iter().any(|arg| arg.starts_with("--test-threads")) {
        arguments.push(format!("--test-threads={threads}"));
    }
    run_engine_tests(cases, program, &arguments, &[])
}

/// Starts the test binary with the engine to be tested: ours, or the one that `MINKE_PEER` names, in its tree.
fn run_engine_tests(
    cases: &Path,
    program: Option<PathBuf>,
    arguments: &[String],
    variables: &[(&str, &str)],
) -> Result<()> {
    ensure!(is_root(), "end-to-end tests make namespaces and switch users: run them as root");
    if let Ok(peer) = std::env::var("MINKE_PEER") {
        return run(peer_command(&peer, cases)?.args(arguments).envs(variables.iter().copied()));
    }
    packages::install()?;
    test_user::ensure()?;
    let engine = match program {
        Some(program) => program,
        None => build(BUILD_ENGINE, "minke")?,
    };
    let (engine, cases) = (publish(&engine, "minke")?, publish(cases, "e2e")?);
    let mut command = Command::new(cases);
    let result = run(command.args(arguments).env("MINKE_ENGINE", engine).envs(variables.iter().copied()));
    unpublish();
    result
}

/// Our engine, in the tree that `MINKE_PEER` names: its programs are the counterparts that some cases look for.
fn beside(filters: &[String]) -> Result<()> {
    let peer =
        std::env::var("MINKE_PEER").context("--beside wants MINKE_PEER, which says where the counterparts are")?;
    let prefix = peer.rsplit_once(char::is_whitespace).map_or("", |(prefix, _)| prefix);
    let cases = build(BUILD_CASES, "e2e")?;
    let engine = build(BUILD_ENGINE, "minke")?;
    // A prefix may show only the current folder.
    let (engine, cases) = (publish(&engine, "minke")?, publish(&cases, "e2e")?);
    let result = run(peer_command(&format!("{prefix} {}", engine.display()), &cases)?.args(filters));
    unpublish();
    result
}

/// `PREFIX... env MINKE_ENGINE=ENGINE CASES`, run where the cases lie: a prefix may show only the current folder.
fn peer_command(peer: &str, cases: &Path) -> Result<Command> {
    let mut words: Vec<&str> = peer.split_whitespace().collect();
    let engine = words.pop().context("MINKE_PEER is empty")?;
    let variable = format!("MINKE_ENGINE={engine}");
    let name = cases.file_name().context("the cases have a name")?;
    let local = PathBuf::from(".").join(name);
    words.extend(["env", &variable]);
    let (program, rest) = words.split_first().context("MINKE_PEER is empty")?;
    let mut command = Command::new(program);
    command.args(rest).arg(local).current_dir(cases.parent().context("the cases lie in a folder")?);
    Ok(command)
}

fn split_program(args: &[String]) -> Result<(Option<PathBuf>, &[String])> {
    match args {
        [flag, file, rest @ ..] if flag == "--bin" => {
            let program = Path::new(file).canonicalize().with_context(|| format!("no program {file}"))?;
            Ok((Some(program), rest))
        }
        rest => Ok((None, rest)),
    }
}
