//! `oci features`

use crate::context::Context;
use crate::error::Failure;
use crate::output::stream;
use crate::syntax::command::{Arguments, Command, Needs};
use crate::syntax::matches::Matches;

/// `oci features`
pub static COMMAND: Command = Command {
    usage: "",
    summary: "Show what the runtime knows as JSON",
    details: "",
    examples: &["oci features"],
    flags: &[],
    stops: false,
    arguments: Arguments::None,
    needs: Needs::Nothing,
    run,
};

fn run(_: &Context, _: &Matches) -> Result<i32, Failure> {
    stream::line(&serde_json::to_string_pretty(&bundle::features())?)?;
    Ok(0)
}
