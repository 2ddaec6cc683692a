//! `oci list`

use super::global;
use crate::context::Context;
use crate::error::Failure;
use crate::output::stream;
use crate::output::table::align;
use crate::syntax::command::{Arguments, Command, Needs};
use crate::syntax::flag::Flag;
use crate::syntax::matches::Matches;
use bundle::{Container, State};

static FLAGS: &[Flag] = &[
    Flag::choice("format", &["table", "json"], "Form of the list").short('f').default("table"),
    Flag::bool("quiet", "Ids only").short('q'),
];

/// `oci list`
pub static COMMAND: Command = Command {
    usage: "[options]",
    summary: "List containers made from bundles",
    details: "",
    examples: &["oci list", "oci list --format json"],
    flags: &[FLAGS],
    stops: false,
    arguments: Arguments::None,
    needs: Needs::Nothing,
    run,
};

fn run(context: &Context, matches: &Matches) -> Result<i32, Failure> {
    let containers = bundle::list(&global::root(context)?)?;
    if matches.bool("quiet") {
        containers.iter().try_for_each(|container| stream::line(&container.record.id))?;
        return Ok(0);
    }
    let states: Vec<State> = containers.iter().map(State::of).collect();
    match matches.text("format") {
        Some("json") => stream::line(&serde_json::to_string_pretty(&states)?)?,
        _ => stream::print(&table(&containers, &states))?,
    }
    Ok(0)
}

fn table(containers: &[Container], states: &[State]) -> String {
    let mut text = "NAME\tPID\tSTATUS\tBUNDLE PATH\tCREATED\tOWNER\n".to_owned();
    for (container, state) in containers.iter().zip(states) {
        let record = &container.record;
        let bundle = record.bundle.display();
        text +=
            &format!("{}\t{}\t{}\t{bundle}\t{}\t{}\n", record.id, state.pid, state.status, record.created, state.owner);
    }
    align(&text)
}
