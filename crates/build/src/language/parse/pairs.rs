//! `ENV`, `LABEL` and `ARG`: names and values.

use super::Written;
use super::flags::Flags;
use crate::language::fault::Fault;
use crate::language::instruction::{Argument, Instruction, Pair};

pub(super) fn env(written: &Written<'_>, _: Flags) -> Result<Instruction, Fault> {
    pairs(written).map(Instruction::Env)
}

pub(super) fn label(written: &Written<'_>, _: Flags) -> Result<Instruction, Fault> {
    pairs(written).map(Instruction::Label)
}

pub(super) fn arg(written: &Written<'_>, _: Flags) -> Result<Instruction, Fault> {
    let argument = |word: String| {
        let (name, default) = match word.split_once('=') {
            Some((name, default)) => (name, Some(default.to_owned())),
            None => (word.as_str(), None),
        };
        if name.is_empty() {
            return Err(written.fault("ARG names can not be blank").word(&word));
        }
        Ok(Argument { name: name.to_owned(), default })
    };
    written.words()?.into_iter().map(argument).collect::<Result<_, _>>().map(Instruction::Arg)
}

/// `name=value …`, or the old `name all the rest`.
fn pairs(written: &Written<'_>) -> Result<Vec<Pair>, Fault> {
    let keyword = &written.line.keyword;
    let words = written.words()?;
    if !words[0].contains('=') {
        let rest = written.rest()?;
        let Some((name, value)) = rest.split_once(char::is_whitespace) else {
            return Err(written.fault(format!("{keyword} must have two arguments")).word(&words[0]));
        };
        return Ok(vec![Pair { name: name.to_owned(), value: value.trim_start().to_owned() }]);
    }
    let pair = |word: String| match word.split_once('=') {
        Some(("", _)) => Err(written.fault(format!("{keyword} names can not be blank")).word(&word)),
        Some((name, value)) => Ok(Pair { name: name.to_owned(), value: value.to_owned() }),
        None => {
            let message = format!("can't find = in \"{word}\": {keyword} needs the form name=value");
            Err(written.fault(message).word(&word).hint("put quotes around values with white space"))
        }
    };
    words.into_iter().map(pair).collect()
}
