//! `FROM`

use super::Written;
use super::flags::{Flag, Flags, Takes};
use crate::language::fault::Fault;
use crate::language::instruction::{From, Instruction};

pub(super) static FLAGS: &[Flag] = &[Flag::new("platform", Takes::Text)];

pub(super) fn from(written: &Written<'_>, flags: Flags) -> Result<Instruction, Fault> {
    let words = written.words()?;
    let (base, name) = match words.as_slice() {
        [base] => (base, None),
        [base, word, name] if word.eq_ignore_ascii_case("AS") => (base, Some(stage_name(written, name)?)),
        [_, word, ..] => {
            return Err(written.fault("FROM requires either one or three arguments: FROM base AS name").word(word));
        }
        [] => return Err(written.fault("FROM requires either one or three arguments")),
    };
    Ok(Instruction::From(From { base: base.clone(), name, platform: flags.text("platform") }))
}

/// Letters, digits, `-`, `_` and `.`; a letter comes first. Case doesn't matter.
fn stage_name(written: &Written<'_>, name: &str) -> Result<String, Fault> {
    let lower = name.to_lowercase();
    let is_valid = lower.starts_with(|c: char| c.is_ascii_lowercase())
        && lower.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '_' | '.'));
    if is_valid {
        return Ok(lower);
    }
    let message =
        format!("invalid name for build stage: \"{name}\", name can't start with a number or contain symbols");
    Err(written.fault(message).word(name))
}
