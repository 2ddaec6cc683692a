//! `stop`: asks containers to end, then makes them.

use super::select::{LATEST, is_listed, known, several};
use crate::context::Context;
use crate::error::Failure;
use crate::output::stream;
use crate::syntax::command::{Arguments, Command, Needs};
use crate::syntax::flag::Flag;
use crate::syntax::matches::Matches;
use engine::container::{StopOptions, stop_all};

/// `stop`
pub static COMMAND: Command = Command {
    usage: "[options] CONTAINER [CONTAINER...]",
    summary: "Stop containers",
    details: "Sends the stop signal to each container, and SIGKILL to what still runs when its time is over.",
    examples: &["stop web", "stop --time 2 web db", "stop --all"],
    flags: &[FLAGS],
    stops: false,
    arguments: Arguments::Any,
    needs: Needs::Store,
    run,
};

static FLAGS: &[Flag] = &[
    Flag::bool("all", "All running containers").short('a'),
    Flag::array("cidfile", "stringArray", "Read a container's id from this file"),
    Flag::array("filter", "stringArray", "Only containers that match (key=value)").short('f'),
    Flag::bool("ignore", "A missing container is no error").short('i'),
    LATEST,
    Flag::int("time", "Seconds until SIGKILL; -1: wait for ever").short('t').alias(&["timeout"]).default("10"),
];

fn run(context: &Context, matches: &Matches) -> Result<i32, Failure> {
    let names = several(context, matches, "you must provide at least one name or id", |c| c.state == "running")?;
    let names = known(context, matches, names)?;
    let options = StopOptions { timeout: matches.number("time"), ignore: matches.bool("ignore") || is_listed(matches) };
    let results = stop_all(context.engine()?, &names, &options);
    let mut last: Option<Failure> = None;
    for (name, result) in names.iter().zip(results) {
        match result {
            Ok(_) => stream::line(name)?,
            Err(error) => {
                if let Some(earlier) = last.replace(error.into()) {
                    earlier.print();
                }
            }
        }
    }
    last.map_or(Ok(0), Err)
}
