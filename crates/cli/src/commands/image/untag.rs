//! `untag`: names go.

use crate::context::Context;
use crate::error::Failure;
use crate::syntax::command::{Arguments, Command, Needs};
use crate::syntax::matches::Matches;

/// `untag`
pub static COMMAND: Command = Command {
    usage: "IMAGE [IMAGE...]",
    summary: "Take names away from an image",
    details: "Takes the names after the first argument away from the image that it means, or all of them if there are\n\
              none. The image stays.",
    examples: &["untag alpine localhost/base:1", "untag alpine"],
    flags: &[],
    stops: false,
    arguments: Arguments::AtLeast(1),
    needs: Needs::Store,
    run,
};

fn run(context: &Context, matches: &Matches) -> Result<i32, Failure> {
    engine::image::untag(context.engine()?, &matches.arguments[0], &matches.arguments[1..])?;
    Ok(0)
}
