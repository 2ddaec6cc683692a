//! `container inspect`.

use super::select::LATEST;
use crate::commands::system::inspect::{Kind, SHOW_FLAGS, SIZE, inspect};
use crate::context::Context;
use crate::error::Failure;
use crate::syntax::command::{Arguments, Command, Needs};
use crate::syntax::matches::Matches;

/// `container inspect`
pub static COMMAND: Command = Command {
    usage: "[options] CONTAINER [CONTAINER...]",
    summary: "Show all about containers",
    details: "Prints all that is known about containers, as JSON or by a Go template.",
    examples: &["container inspect web", "container inspect --format '{{.State.Pid}}' web"],
    flags: &[SHOW_FLAGS, &[LATEST, SIZE]],
    stops: false,
    arguments: Arguments::Any,
    needs: Needs::Store,
    run,
};

fn run(context: &Context, matches: &Matches) -> Result<i32, Failure> {
    inspect(context, matches, Kind::Container)
}
