//! `COPY` and `ADD`

use super::Written;
use super::flags::{Flag, Flags, Takes};
use crate::language::fault::Fault;
use crate::language::heredoc;
use crate::language::instruction::{Copy, Instruction};

pub(super) static COPY: &[Flag] = &[
    Flag::new("from", Takes::Text),
    Flag::new("chown", Takes::Text),
    Flag::new("chmod", Takes::Text),
    Flag::new("link", Takes::Bool),
    Flag::new("parents", Takes::Bool),
    Flag::new("exclude", Takes::Texts),
];

pub(super) static ADD: &[Flag] = &[
    Flag::new("chown", Takes::Text),
    Flag::new("chmod", Takes::Text),
    Flag::new("link", Takes::Bool),
    Flag::new("exclude", Takes::Texts),
    Flag::new("checksum", Takes::Text),
    Flag::new("keep-git-dir", Takes::Bool),
    Flag::new("unpack", Takes::Bool),
];

pub(super) fn copy(written: &Written<'_>, flags: Flags) -> Result<Instruction, Fault> {
    instruction(written, &flags, false)
}

pub(super) fn add(written: &Written<'_>, flags: Flags) -> Result<Instruction, Fault> {
    instruction(written, &flags, true)
}

fn instruction(written: &Written<'_>, flags: &Flags, is_add: bool) -> Result<Instruction, Fault> {
    let (sources, destination) = paths(written)?;
    let mut heredocs = written.line.heredocs.clone();
    // What stands in the place of an announced heredoc is its content.
    let sources: Vec<String> = sources.into_iter().filter(|word| !heredocs.iter().any(|h| h.word == *word)).collect();
    heredocs.retain(|heredoc| heredoc.word != destination);
    let from = flags.text("from");
    if let (Some(from), false) = (&from, heredocs.is_empty()) {
        return Err(written.fault("a heredoc can't be copied --from elsewhere").word(from));
    }
    Ok(Instruction::Copy(Box::new(Copy {
        is_add,
        sources,
        heredocs,
        destination,
        from,
        owner: flags.text("chown"),
        mode: flags.text("chmod"),
        link: flags.bool("link"),
        parents: flags.bool("parents"),
        exclude: flags.texts("exclude"),
        checksum: flags.text("checksum"),
        keep_git: flags.maybe_bool("keep-git-dir"),
        unpack: flags.maybe_bool("unpack"),
    })))
}

/// The last is the destination.
fn paths(written: &Written<'_>) -> Result<(Vec<String>, String), Fault> {
    let keyword = &written.line.keyword;
    let rest = written.rest()?;
    let mut words = written.json_list(rest)?.map_or_else(|| written.words(), Ok)?;
    match words.pop() {
        Some(destination) if !words.is_empty() => {
            if heredoc::parse(&destination).is_some() {
                return Err(written
                    .fault(format!("{keyword} cannot accept a heredoc as destination"))
                    .word(&destination));
            }
            Ok((words, destination))
        }
        _ => Err(written.fault(format!("{keyword} requires at least two arguments: sources and a destination"))),
    }
}
