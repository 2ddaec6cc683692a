//! The command line of the OCI runtime: the program called `crun` or `runc`, or the word `oci` before it.

use super::command::Command;
use super::flag::Flag;
use super::matches::Matches;
use super::parse::{Action, HELP, Parsed, read};
use super::tree;
use crate::commands::oci;
use crate::error::Failure;

/// The runtime's command line: options that all commands take stand before the command. `path`: what it is called as.
pub(super) fn parse(path: &str, words: &[String]) -> Result<Parsed, Failure> {
    let flags: Vec<&'static Flag> = oci::global::FLAGS.iter().chain([&oci::global::VERSION, &HELP]).collect();
    let failed = |failure: Failure| failure.code(1);
    let mut globals = read(&flags, words, true).map_err(|e| failed(e.into_failure(path, oci::NAME)))?;
    let words = std::mem::take(&mut globals.arguments);
    if globals.bool("version") {
        return Ok(Parsed { path: path.to_owned(), action: Action::Version, globals });
    }
    let Some((verb, words)) = words.split_first() else {
        let asked = globals.bool("help");
        return Ok(Parsed { path: path.to_owned(), action: Action::Group { noun: Some(&tree::OCI), asked }, globals });
    };
    let found = tree::ENTRIES.iter().find(|entry| entry.noun == oci::NAME && entry.verb == verb);
    let unknown = || Failure::new(format!("unrecognized command `{path} {verb}`")).hint(format!("See '{path} --help'"));
    let entry = found.ok_or_else(|| failed(unknown()))?;
    runtime_leaf(format!("{path} {verb}"), entry.command, words, globals).map_err(failed)
}

/// A command of the runtime: it has no other options than its own.
fn runtime_leaf(
    path: String,
    command: &'static Command,
    words: &[String],
    globals: Matches,
) -> Result<Parsed, Failure> {
    let flags: Vec<&'static Flag> = command.all_flags().chain([&HELP]).collect();
    let matches = read(&flags, words, command.stops).map_err(|e| e.into_failure(&path, oci::NAME))?;
    if matches.bool("help") {
        return Ok(Parsed { path, action: Action::Help(command), globals });
    }
    command.arguments.check(&path, matches.arguments.len())?;
    Ok(Parsed { path, action: Action::Run(command, matches), globals })
}
