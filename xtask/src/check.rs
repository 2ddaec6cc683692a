//! What a machine can judge about the source.

use anyhow::Result;

use crate::command::{cargo, run};
use crate::rules;

/// Formatting, lints, rules.
pub fn all() -> Result<()> {
    run(&mut cargo("fmt --all --check"))?;
    run(&mut cargo("clippy --workspace --all-targets -- -D warnings"))?;
    rules::check()
}
