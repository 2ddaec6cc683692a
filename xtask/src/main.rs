//! `cargo xtask …`: the longer recipes of the workspace. `cargo xtask` alone lists them.

// The tasks talk to the person who started them.
#![allow(clippy::print_stdout, clippy::print_stderr)]

mod artifacts;
mod check;
mod command;
mod fuzz;
mod generated;
mod packages;
mod rules;
mod suite;
mod test_user;

use std::process::ExitCode;

use anyhow::{Result, bail};

const HELP: &str = "\
cargo xtask TASK

  check             formatting, lints (warnings are errors), the rules of the workspace
  test              everything: installs what tests need (apt), unit tests, end-to-end tests as root and as a user
  unit              the unit tests of all crates
  e2e [FILTER]...   end-to-end tests whose name contains a FILTER; --bin FILE tests that program instead of building;
                    --beside tests ours in the tree of MINKE_PEER, with its programs as counterparts
  stress [--short]  a thousand containers and two hundred kills, with a look for leaks
  fuzz [--short] [TARGET]...
                    libFuzzer on what reads strangers' bytes: five minutes a target, or five seconds
  bench [NAME]...   measurements beside the reference engine
  man DIR           writes the man pages
  completions DIR   writes the shell completions

MINKE_PEER='PREFIX... ENGINE' lets e2e and bench use another engine: `ENGINE` is its program, `PREFIX` a command that
enters the tree where it lives. e2e then proves the cases on it; bench measures it beside minke.";

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match dispatch(&args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(err) => {
            eprintln!("xtask: {err:#}");
            ExitCode::FAILURE
        }
    }
}

fn dispatch(args: &[String]) -> Result<()> {
    let Some((task, rest)) = args.split_first() else {
        println!("{HELP}");
        return Ok(());
    };
    match task.as_str() {
        "check" => check::all(),
        "test" => suite::everything(),
        "unit" => suite::unit(),
        "e2e" => suite::end_to_end(rest),
        "stress" => suite::stress(rest),
        "fuzz" => fuzz::run_targets(rest),
        "bench" => suite::bench(rest),
        "man" | "completions" => generated::write(task, rest),
        "help" | "--help" | "-h" => {
            println!("{HELP}");
            Ok(())
        }
        other => bail!("no task `{other}`\n\n{HELP}"),
    }
}
