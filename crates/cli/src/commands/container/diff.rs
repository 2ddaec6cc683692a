//! `container diff`.

use super::select::LATEST;
use crate::commands::system::diff::{FORMAT, run};
use crate::context::Context;
use crate::error::Failure;
use crate::syntax::command::{Arguments, Command, Needs};
use crate::syntax::matches::Matches;
use engine::system::Thing;

/// `container diff`
pub static COMMAND: Command = Command {
    usage: "[options] CONTAINER [CONTAINER]",
    summary: "Show what changed in the files of a container",
    details: "Lists what a container changes in its image: A added, C changed, D deleted.\n\
              With a second container: what makes that one the first.",
    examples: &["container diff web", "container diff --format json web"],
    flags: &[&[FORMAT, LATEST]],
    stops: false,
    arguments: Arguments::AtMost(2),
    needs: Needs::Store,
    run: diff,
};

fn diff(context: &Context, matches: &Matches) -> Result<i32, Failure> {
    run(context, matches, Thing::Container)
}
