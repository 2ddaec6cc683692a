//! `container exists`: told by the exit code.

use crate::context::Context;
use crate::error::Failure;
use crate::syntax::command::{Arguments, Command, Needs};
use crate::syntax::flag::Flag;
use crate::syntax::matches::Matches;
use engine::container::resolve_name;
use engine::working;

/// `container exists`
pub static COMMAND: Command = Command {
    usage: "CONTAINER",
    summary: "Tell by the exit code whether a container is here",
    details: "Exits with 0 if there is such a container, running or not, with 1 if there is none.",
    examples: &["container exists web"],
    flags: &[FLAGS],
    stops: false,
    arguments: Arguments::Exactly(1),
    needs: Needs::Store,
    run,
};

static FLAGS: &[Flag] = &[Flag::bool("external", "Also a working container, which `buildah from` makes")];

fn run(context: &Context, matches: &Matches) -> Result<i32, Failure> {
    let (engine, name) = (context.engine()?, &matches.arguments[0]);
    match resolve_name(engine, name) {
        Ok(_) => Ok(0),
        Err(engine::Error::NoSuchContainer(_)) if matches.bool("external") => match working::find(engine, name) {
            Ok(_) => Ok(0),
            Err(engine::Error::NotWorking(_)) => Ok(1),
            Err(error) => Err(error.into()),
        },
        Err(engine::Error::NoSuchContainer(_)) => Ok(1),
        Err(error) => Err(error.into()),
    }
}
