//! `oci delete`

use super::{global, kill};
use crate::context::Context;
use crate::error::Failure;
use crate::syntax::command::{Arguments, Command, Needs};
use crate::syntax::flag::Flag;
use crate::syntax::matches::Matches;

static FLAGS: &[Flag] = &[
    Flag::bool("force", "Also one that runs (it is killed), or that isn't there").short('f'),
    Flag::bool("regex", "CONTAINER is a regular expression: all whose ids it matches").short('r'),
];

/// `oci delete`
pub static COMMAND: Command = Command {
    usage: "[options] CONTAINER",
    summary: "Delete a container that has stopped, or was never started",
    details: "",
    examples: &["oci delete web"],
    flags: &[FLAGS],
    stops: false,
    arguments: Arguments::Exactly(1),
    needs: Needs::Nothing,
    run,
};

fn run(context: &Context, matches: &Matches) -> Result<i32, Failure> {
    let (root, force) = (global::root(context)?, matches.bool("force"));
    if !matches.bool("regex") {
        bundle::delete(&root, &matches.arguments[0], force)?;
        return Ok(0);
    }
    for id in kill::matching(&root, &matches.arguments[0])? {
        bundle::delete(&root, &id, force)?;
    }
    Ok(0)
}
