//! The unprivileged user of the end-to-end tests, with its ranges of subordinate ids.

use std::fs;
use std::process::Command;

use anyhow::{Context, Result};

use crate::command::run;

const NAME: &str = "minke-test";

/// First id of a range that Debian's `useradd` doesn't give to others soon, and its length.
const RANGE: (u32, u32) = (1_000_000_000, 65536);

/// Makes the user unless it exists, and its ranges unless they do.
pub fn ensure() -> Result<()> {
    if !has_line("/etc/passwd", NAME) {
        run(Command::new("useradd").args(["--no-create-home", "--user-group", "--shell", "/bin/sh", NAME]))?;
    }
    for file in ["/etc/subuid", "/etc/subgid"] {
        if !has_line(file, NAME) {
            let mut text = fs::read_to_string(file).unwrap_or_default();
            text += &format!("{NAME}:{}:{}\n", RANGE.0, RANGE.1);
            fs::write(file, text).with_context(|| format!("can't write {file}"))?;
        }
    }
    Ok(())
}

fn has_line(file: &str, name: &str) -> bool {
    let text = fs::read_to_string(file).unwrap_or_default();
    text.lines().any(|line| line.split(':').next() == Some(name))
}
