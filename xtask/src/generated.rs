//! Man pages and shell completions, which the program writes from the flag definitions behind `--help`.

use std::process::Command;

use anyhow::{Context, Result};

use crate::artifacts::build;
use crate::command::run;

/// Runs `minke generate-docs KIND DIR`.
pub fn write(kind: &str, args: &[String]) -> Result<()> {
    let dir = args.first().with_context(|| format!("usage: cargo xtask {kind} DIR"))?;
    let program = build("build --package minke --bin minke", "minke")?;
    run(Command::new(program).args(["__generate", kind, dir]))
}
