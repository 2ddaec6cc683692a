//! `container exists`: told by the exit code.

use crate::context::Context;
use crate::error::Failure;
use crate::syntax::command::{Arguments, Command, Needs};
use crate::syntax::matches::Matches;
use engine::container::resolve_name;

/// `container exists`
pub static COMMAND: Command = Command {
    usage: "CONTAINER",
    summary: "Tell by the exit code whether a container is here",
    details: "Exits with 0 if there is such a container, running or not, with 1 if there is none.",
    examples: &["container exists web"],
    flags: &[],
    stops: false,
    arguments: Arguments::Exactly(1),
    needs: Needs::Store,
    run,
};

fn run(context: &Context, matches: &Matches) -> Result<i32, Failure> {
    match resolve_name(context.engine()?, &matches.arguments[0]) {
        Ok(_) => Ok(0),
        Err(engine::Error::NoSuchContainer(_)) => Ok(1),
        Err(error) => Err(error.into()),
    }
}
