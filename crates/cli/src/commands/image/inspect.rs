//! `image inspect`.

use crate::commands::system::inspect::{Kind, SHOW_FLAGS, inspect};
use crate::context::Context;
use crate::error::Failure;
use crate::syntax::command::{Arguments, Command, Needs};
use crate::syntax::matches::Matches;

/// `image inspect`
pub static COMMAND: Command = Command {
    usage: "[options] IMAGE [IMAGE...]",
    summary: "Show all about images",
    details: "Prints all that is known about images, as JSON or by a Go template.",
    examples: &["image inspect alpine", "image inspect --format '{{.Config.Cmd}}' alpine"],
    flags: &[SHOW_FLAGS],
    stops: false,
    arguments: Arguments::Any,
    needs: Needs::Store,
    run,
};

fn run(context: &Context, matches: &Matches) -> Result<i32, Failure> {
    inspect(context, matches, Kind::Image)
}
