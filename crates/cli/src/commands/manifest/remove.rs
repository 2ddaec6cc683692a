//! `manifest remove`: an entry goes out of a list.

use crate::context::Context;
use crate::error::Failure;
use crate::output::stream;
use crate::syntax::command::{Arguments, Command, Needs};
use crate::syntax::matches::Matches;

/// `manifest remove`
pub static COMMAND: Command = Command {
    usage: "LIST DIGEST",
    summary: "Take an image out of a manifest list",
    details: "Takes the image with this manifest's digest out of the list, and prints the list's id.",
    examples: &["manifest remove mylist:v1.11 sha256:15352d97781ffdf357bf3459c037be3efac4133dc9070c2dce7eca7c05c3e736"],
    flags: &[],
    stops: false,
    arguments: Arguments::Exactly(2),
    needs: Needs::Store,
    run,
};

fn run(context: &Context, matches: &Matches) -> Result<i32, Failure> {
    let (list, digest) = (&matches.arguments[0], &matches.arguments[1]);
    stream::line(&engine::manifest::remove_entry(context.engine()?, list, digest)?)?;
    Ok(0)
}
