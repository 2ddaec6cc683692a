//! `oci pause`, `oci resume`

use super::global;
use crate::context::Context;
use crate::error::Failure;
use crate::syntax::command::{Arguments, Command, Needs};
use crate::syntax::matches::Matches;

/// `oci pause`
pub static PAUSE: Command = Command {
    usage: "CONTAINER",
    summary: "Freeze all processes of a container",
    details: "",
    examples: &["oci pause web"],
    flags: &[],
    stops: false,
    arguments: Arguments::Exactly(1),
    needs: Needs::Nothing,
    run: pause,
};

/// `oci resume`
pub static RESUME: Command = Command {
    usage: "CONTAINER",
    summary: "Let the processes of a paused container go on",
    details: "",
    examples: &["oci resume web"],
    flags: &[],
    stops: false,
    arguments: Arguments::Exactly(1),
    needs: Needs::Nothing,
    run: resume,
};

fn pause(context: &Context, matches: &Matches) -> Result<i32, Failure> {
    bundle::pause(&global::root(context)?, &matches.arguments[0])?;
    Ok(0)
}

fn resume(context: &Context, matches: &Matches) -> Result<i32, Failure> {
    bundle::resume(&global::root(context)?, &matches.arguments[0])?;
    Ok(0)
}
