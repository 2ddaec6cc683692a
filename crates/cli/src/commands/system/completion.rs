//! `completion`: a script that makes a shell complete our command lines.

use crate::context::Context;
use crate::error::Failure;
use crate::output::stream;
use crate::syntax::command::{Arguments, Command, Needs};
use crate::syntax::complete;
use crate::syntax::flag::Flag;
use crate::syntax::matches::Matches;

/// `completion`
pub static COMMAND: Command = Command {
    usage: "[options] {bash|zsh|fish|powershell}",
    summary: "Print a completion script for a shell",
    details: "Prints a script that makes the shell complete commands and flags.",
    examples: &["completion bash", "completion -f /etc/bash_completion.d/minke bash"],
    flags: &[FLAGS],
    stops: false,
    arguments: Arguments::Exactly(1),
    needs: Needs::Nothing,
    run,
};

static FLAGS: &[Flag] = &[Flag::text("file", "string", "Write it to this file").short('f')];

fn run(context: &Context, matches: &Matches) -> Result<i32, Failure> {
    let program = context.path.split(' ').next().unwrap_or("minke");
    let script = complete::script(program, &matches.arguments[0])?;
    match matches.text("file") {
        None => stream::print(&script)?,
        Some(file) => {
            std::fs::write(file, script).map_err(|error| Failure::new(format!("write `{file}`: {error}")))?;
        }
    }
    Ok(0)
}
