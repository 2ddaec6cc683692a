//! `image exists`: told by the exit code.

use crate::context::Context;
use crate::error::Failure;
use crate::syntax::command::{Arguments, Command, Needs};
use crate::syntax::matches::Matches;

/// `image exists`
pub static COMMAND: Command = Command {
    usage: "IMAGE",
    summary: "Tell by the exit code whether an image is here",
    details: "Exits with 0 if the image is here, with 1 if it is not.",
    examples: &["image exists alpine"],
    flags: &[],
    stops: false,
    arguments: Arguments::Exactly(1),
    needs: Needs::Store,
    run,
};

fn run(context: &Context, matches: &Matches) -> Result<i32, Failure> {
    Ok(i32::from(!engine::image::exists(context.engine()?, &matches.arguments[0])?))
}
