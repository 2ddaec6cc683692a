//! Man pages and shell completions, which the program writes from the flag definitions behind `--help`.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

use crate::artifacts::build;
use crate::command::run;

/// Shells, and what the files for them are called.
const SHELLS: [(&str, &str); 3] = [("bash", "minke.bash"), ("zsh", "_minke"), ("fish", "minke.fish")];

/// Writes `man` pages or `completions` into a folder.
pub fn write(kind: &str, args: &[String]) -> Result<()> {
    let dir = args.first().with_context(|| format!("usage: cargo xtask {kind} DIR"))?;
    fs::create_dir_all(dir).with_context(|| format!("can't make {dir}"))?;
    let program = build("build --package minke --bin minke", "minke")?;
    if kind == "man" {
        return run(Command::new(program).args(["man", dir]));
    }
    for (shell, file) in SHELLS {
        run(Command::new(&program).args(["completion", "-f"]).arg(Path::new(dir).join(file)).arg(shell))?;
    }
    Ok(())
}
