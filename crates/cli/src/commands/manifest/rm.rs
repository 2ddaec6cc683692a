//! `manifest rm`: lists go, their images stay.

use crate::commands::image::rm::{failure, print};
use crate::context::Context;
use crate::error::Failure;
use crate::syntax::command::{Arguments, Command, Needs};
use crate::syntax::flag::Flag;
use crate::syntax::matches::Matches;

/// `manifest rm`
pub static COMMAND: Command = Command {
    usage: "[options] LIST [LIST...]",
    summary: "Remove manifest lists",
    details: "Removes lists; the images that they consist of stay.",
    examples: &["manifest rm mylist:v1.11"],
    flags: &[FLAGS],
    stops: false,
    arguments: Arguments::AtLeast(1),
    needs: Needs::Store,
    run,
};

static FLAGS: &[Flag] = &[Flag::bool("ignore", "A missing list is no error").short('i')];

fn run(context: &Context, matches: &Matches) -> Result<i32, Failure> {
    let (removed, errors) = engine::manifest::remove(context.engine()?, &matches.arguments, matches.bool("ignore"));
    print(&removed)?;
    failure(&errors, false).map_or(Ok(0), Err)
}
