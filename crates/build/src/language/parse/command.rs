//! Instructions that have one argument, a list, or a command.

use super::Written;
use super::flags::Flags;
use crate::language::fault::Fault;
use crate::language::instruction::{Command, Instruction};
use crate::language::lines;

pub(super) fn cmd(written: &Written<'_>, _: Flags) -> Result<Instruction, Fault> {
    command(written, &written.line.rest).map(Instruction::Cmd)
}

pub(super) fn entrypoint(written: &Written<'_>, _: Flags) -> Result<Instruction, Fault> {
    command(written, written.rest()?).map(Instruction::Entrypoint)
}

/// A JSON list, or words for the shell.
pub(super) fn command(written: &Written<'_>, text: &str) -> Result<Command, Fault> {
    Ok(written.json_list(text)?.map_or_else(|| Command::Shell(text.to_owned()), Command::Exec))
}

pub(super) fn expose(written: &Written<'_>, _: Flags) -> Result<Instruction, Fault> {
    written.words().map(Instruction::Expose)
}

pub(super) fn volume(written: &Written<'_>, _: Flags) -> Result<Instruction, Fault> {
    let rest = written.rest()?;
    let paths = written.json_list(rest)?.map_or_else(|| written.words(), Ok)?;
    match paths.iter().find(|path| path.trim().is_empty()) {
        Some(path) => Err(written.fault("VOLUME specified can not be an empty string").word(path)),
        None if paths.is_empty() => Err(written.fault("VOLUME requires at least one argument")),
        None => Ok(Instruction::Volume(paths)),
    }
}

pub(super) fn user(written: &Written<'_>, _: Flags) -> Result<Instruction, Fault> {
    written.only().map(Instruction::User)
}

pub(super) fn workdir(written: &Written<'_>, _: Flags) -> Result<Instruction, Fault> {
    // All of the line: paths may have blanks.
    written.rest().map(|path| Instruction::Workdir(path.to_owned()))
}

pub(super) fn stop_signal(written: &Written<'_>, _: Flags) -> Result<Instruction, Fault> {
    written.only().map(Instruction::StopSignal)
}

pub(super) fn shell(written: &Written<'_>, _: Flags) -> Result<Instruction, Fault> {
    let rest = written.rest()?;
    match written.json_list(rest)? {
        Some(words) if words.is_empty() => Err(written.fault("SHELL requires at least one argument")),
        Some(words) => Ok(Instruction::Shell(words)),
        None => Err(written.fault("SHELL requires the arguments to be in JSON form").word(rest)),
    }
}

pub(super) fn maintainer(written: &Written<'_>, _: Flags) -> Result<Instruction, Fault> {
    written.rest().map(|name| Instruction::Maintainer(name.to_owned()))
}

/// Kept as text, but only what can be understood. Heredocs go along.
pub(super) fn on_build(written: &Written<'_>, _: Flags) -> Result<Instruction, Fault> {
    let rest = written.rest()?;
    let keyword = rest.split_whitespace().next().unwrap_or_default();
    match keyword.to_ascii_uppercase().as_str() {
        "ONBUILD" => {
            return Err(written.fault("chaining ONBUILD via `ONBUILD ONBUILD` isn't allowed").word(keyword));
        }
        "FROM" | "MAINTAINER" => {
            let keyword = keyword.to_ascii_uppercase();
            return Err(written.fault(format!("{keyword} isn't allowed as an ONBUILD trigger")).word(&keyword));
        }
        _ => {}
    }
    let text = with_heredocs(written, rest);
    let line = lines::single(&text, written.line.place, written.escape)?;
    super::located(line, written.escape)?;
    Ok(Instruction::OnBuild(text))
}

fn with_heredocs(written: &Written<'_>, rest: &str) -> String {
    let mut text = rest.to_owned();
    for heredoc in &written.line.heredocs {
        text += &format!("\n{}{}", heredoc.content, heredoc.name);
    }
    text
}
