//! Builds programs and finds where cargo put them.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::command::{cargo, read};

/// World-readable, since the test user reads neither root's home nor, often, the checkout.
const PUBLIC: &str = "/var/tmp/minke-e2e-bin";

/// Builds with `words` (a `cargo build` or `cargo test --no-run`) and returns the executable called `target`.
pub fn build(words: &str, target: &str) -> Result<PathBuf> {
    build_with(&mut cargo(words), target)
}

/// The same with a prepared command.
pub fn build_with(command: &mut Command, target: &str) -> Result<PathBuf> {
    let messages = read(command.arg("--message-format=json-render-diagnostics"))?;
    let executable = messages.lines().filter_map(|line| executable_of(line, target)).next_back();
    executable.with_context(|| format!("cargo built no program `{target}`"))
}

fn executable_of(line: &str, target: &str) -> Option<PathBuf> {
    let message: Value = serde_json::from_str(line).ok()?;
    (message["target"]["name"] == target).then_some(())?;
    message["executable"].as_str().map(PathBuf::from)
}

/// Copies a program to where everybody may run it.
pub fn publish(program: &Path, name: &str) -> Result<PathBuf> {
    let dir = Path::new(PUBLIC).join(std::process::id().to_string());
    fs::create_dir_all(&dir).with_context(|| format!("can't make {}", dir.display()))?;
    let target = dir.join(name);
    fs::copy(program, &target).with_context(|| format!("can't copy {} to {}", program.display(), target.display()))?;
    fs::set_permissions(&target, fs::Permissions::from_mode(0o755))?;
    Ok(target)
}

/// Removes what [`publish`] copied.
pub fn unpublish() {
    let _ = fs::remove_dir_all(Path::new(PUBLIC).join(std::process::id().to_string()));
}
