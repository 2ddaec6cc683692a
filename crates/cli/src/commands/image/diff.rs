//! `image diff`.

use crate::commands::system::diff::{FORMAT, run};
use crate::context::Context;
use crate::error::Failure;
use crate::syntax::command::{Arguments, Command, Needs};
use crate::syntax::matches::Matches;
use engine::system::Thing;

/// `image diff`
pub static COMMAND: Command = Command {
    usage: "[options] IMAGE [IMAGE]",
    summary: "Show what changed in the files of an image",
    details: "Lists what the last layer of an image changes in those below it: A added, C changed, D deleted.\n\
              With a second image: what makes that one the first.",
    examples: &["image diff alpine", "image diff --format json web:2 web:1"],
    flags: &[&[FORMAT]],
    stops: false,
    arguments: Arguments::Between(1, 2),
    needs: Needs::Store,
    run: diff,
};

fn diff(context: &Context, matches: &Matches) -> Result<i32, Failure> {
    run(context, matches, Thing::Image)
}
