//! `tag`: one more name.

use crate::context::Context;
use crate::error::Failure;
use crate::syntax::command::{Arguments, Command, Needs};
use crate::syntax::matches::Matches;

/// `tag`
pub static COMMAND: Command = Command {
    usage: "IMAGE TARGET_NAME [TARGET_NAME...]",
    summary: "Give an image more names",
    details: "Gives names to an image that is here, taking them from whichever image had them.",
    examples: &["tag alpine localhost/base:1"],
    flags: &[],
    stops: false,
    arguments: Arguments::AtLeast(2),
    needs: Needs::Store,
    run,
};

fn run(context: &Context, matches: &Matches) -> Result<i32, Failure> {
    engine::image::tag(context.engine()?, &matches.arguments[0], &matches.arguments[1..])?;
    Ok(0)
}
