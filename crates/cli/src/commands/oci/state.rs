//! `oci state`

use super::global;
use crate::context::Context;
use crate::error::Failure;
use crate::output::stream;
use crate::syntax::command::{Arguments, Command, Needs};
use crate::syntax::matches::Matches;
use bundle::State;

/// `oci state`
pub static COMMAND: Command = Command {
    usage: "CONTAINER",
    summary: "Show a container's state as JSON",
    details: "",
    examples: &["oci state web"],
    flags: &[],
    stops: false,
    arguments: Arguments::Exactly(1),
    needs: Needs::Nothing,
    run,
};

fn run(context: &Context, matches: &Matches) -> Result<i32, Failure> {
    let container = global::root(context)?.find(&matches.arguments[0])?;
    stream::line(&serde_json::to_string_pretty(&State::of(&container))?)?;
    Ok(0)
}
