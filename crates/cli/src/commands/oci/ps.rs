//! `oci ps`

use super::global;
use crate::context::Context;
use crate::error::Failure;
use crate::output::stream;
use crate::syntax::command::{Arguments, Command, Needs};
use crate::syntax::flag::Flag;
use crate::syntax::matches::Matches;

static FLAGS: &[Flag] = &[Flag::choice("format", &["table", "json"], "Form of the list").short('f').default("table")];

/// `oci ps`
pub static COMMAND: Command = Command {
    usage: "[options] CONTAINER",
    summary: "List the process numbers of a container",
    details: "",
    examples: &["oci ps --format json web"],
    flags: &[FLAGS],
    stops: false,
    arguments: Arguments::Exactly(1),
    needs: Needs::Nothing,
    run,
};

fn run(context: &Context, matches: &Matches) -> Result<i32, Failure> {
    let pids = global::root(context)?.find(&matches.arguments[0])?.pids()?;
    match matches.text("format") {
        Some("json") => stream::line(&serde_json::to_string(&pids)?)?,
        _ => {
            let lines: Vec<String> = pids.iter().map(i32::to_string).collect();
            stream::line(&["PID".to_owned()].into_iter().chain(lines).collect::<Vec<_>>().join("\n"))?;
        }
    }
    Ok(0)
}
