//! `oci run`

use super::{create, global};
use crate::context::Context;
use crate::error::Failure;
use crate::syntax::command::{Arguments, Command, Needs};
use crate::syntax::flag::Flag;
use crate::syntax::matches::Matches;

static FLAGS: &[Flag] = &[
    Flag::bool("detach", "Don't wait for its end").short('d'),
    Flag::bool("keep", "Don't delete it when it has ended"),
];

/// `oci run`
pub static COMMAND: Command = Command {
    usage: "[options] CONTAINER",
    summary: "Make a container from a bundle and start it",
    details: "Waits for its end, passes signals on, deletes it, and ends with its exit code.",
    examples: &["oci run --bundle /bundles/web web"],
    flags: &[create::FLAGS, FLAGS],
    stops: false,
    arguments: Arguments::Exactly(1),
    needs: Needs::Nothing,
    run,
};

fn run(context: &Context, matches: &Matches) -> Result<i32, Failure> {
    let root = global::root(context)?;
    let ended = bundle::run(&root, &create::wish(context, matches), matches.bool("detach"), matches.bool("keep"))?;
    Ok(ended.map_or(0, |ended| ended.code))
}
