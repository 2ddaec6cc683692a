//! `manifest exists`: told by the exit code.

use crate::context::Context;
use crate::error::Failure;
use crate::syntax::command::{Arguments, Command, Needs};
use crate::syntax::matches::Matches;

/// `manifest exists`
pub static COMMAND: Command = Command {
    usage: "MANIFEST",
    summary: "Tell by the exit code whether a manifest list is here",
    details: "Exits with 0 if the list is here, with 1 if it is not.",
    examples: &["manifest exists mylist:v1.11"],
    flags: &[],
    stops: false,
    arguments: Arguments::Exactly(1),
    needs: Needs::Store,
    run,
};

fn run(context: &Context, matches: &Matches) -> Result<i32, Failure> {
    Ok(i32::from(!engine::manifest::exists(context.engine()?, &matches.arguments[0])?))
}
