//! `oci events`

use super::global;
use crate::context::Context;
use crate::error::Failure;
use crate::output::stream;
use crate::syntax::command::{Arguments, Command, Needs};
use crate::syntax::flag::Flag;
use crate::syntax::matches::Matches;
use std::time::Duration;

static FLAGS: &[Flag] = &[
    Flag::text("interval", "DURATION", "Time between two (5s, 100ms)").default("5s"),
    Flag::bool("stats", "Show them once"),
];

/// `oci events`
pub static COMMAND: Command = Command {
    usage: "[options] CONTAINER",
    summary: "Show what a container uses as JSON, until it ends",
    details: "",
    examples: &["oci events --stats web"],
    flags: &[FLAGS],
    stops: false,
    arguments: Arguments::Exactly(1),
    needs: Needs::Nothing,
    run,
};

fn run(context: &Context, matches: &Matches) -> Result<i32, Failure> {
    let (root, id) = (global::root(context)?, &matches.arguments[0]);
    let interval = interval(matches.text("interval").unwrap_or("5s"))?;
    stream::line(&serde_json::to_string(&bundle::stats(&root, id)?)?)?;
    while !matches.bool("stats") {
        std::thread::sleep(interval);
        match bundle::stats(&root, id) {
            Err(bundle::Error::NotFound(_) | bundle::Error::State { .. }) => break,
            stats => stream::line(&serde_json::to_string(&stats?)?)?,
        }
    }
    Ok(0)
}

fn interval(text: &str) -> Result<Duration, Failure> {
    let parsed = ::spec::duration::parse(text).map_err(|error| Failure::new(format!("--interval {text}: {error}")))?;
    match parsed.is_zero() {
        true => Err(Failure::new("--interval must be more than nothing")),
        false => Ok(parsed),
    }
}
