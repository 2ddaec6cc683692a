//! `oci start`

use super::global;
use crate::context::Context;
use crate::error::Failure;
use crate::syntax::command::{Arguments, Command, Needs};
use crate::syntax::matches::Matches;

/// `oci start`
pub static COMMAND: Command = Command {
    usage: "CONTAINER",
    summary: "Let a made container do what it was made for",
    details: "",
    examples: &["oci start web"],
    flags: &[],
    stops: false,
    arguments: Arguments::Exactly(1),
    needs: Needs::Nothing,
    run,
};

fn run(context: &Context, matches: &Matches) -> Result<i32, Failure> {
    bundle::start(&global::root(context)?, &matches.arguments[0])?;
    Ok(0)
}
