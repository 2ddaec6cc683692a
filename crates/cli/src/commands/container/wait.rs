//! `wait`: until containers have ended; prints their exit codes.

use super::select::{LATEST, each, latest};
use crate::context::Context;
use crate::error::Failure;
use crate::output::{duration, quote};
use crate::syntax::command::{Arguments, Command, Needs};
use crate::syntax::flag::Flag;
use crate::syntax::matches::Matches;
use engine::container::{Condition, WaitOptions, resolve_name, wait};
use std::time::Duration;

/// `wait`
pub static COMMAND: Command = Command {
    usage: "[options] CONTAINER [CONTAINER...]",
    summary: "Wait for containers to end",
    details: "Waits until each container has ended, or is in the state asked for, and prints its exit code.",
    examples: &["wait web", "wait --condition running web"],
    flags: &[FLAGS],
    stops: false,
    arguments: Arguments::Any,
    needs: Needs::Store,
    run,
};

static FLAGS: &[Flag] = &[
    Flag::list("condition", "strings", "States to wait for: created, running, stopped, exited, removing"),
    Flag::bool("ignore", "A missing container is no error and gives -1"),
    Flag::text("interval", "string", "How often to look where looking is needed").short('i').default("250ms"),
    LATEST,
];

fn run(context: &Context, matches: &Matches) -> Result<i32, Failure> {
    let missing = || Failure::new(format!("\"{}\" requires a name, id, or the \"--latest\" flag", context.path));
    let names = match (matches.bool("latest"), matches.arguments.is_empty()) {
        (true, true) => vec![latest(context)?],
        (true, false) => return Err(Failure::new("--latest and containers cannot be used together")),
        (false, true) => return Err(missing()),
        (false, false) => matches.arguments.clone(),
    };
    let conditions = matches.list("condition").iter().map(|text| text.parse::<Condition>());
    let options = WaitOptions {
        conditions: conditions.collect::<Result<_, _>>()?,
        interval: interval(matches.text("interval").unwrap_or("250ms"))?,
        ignore: matches.bool("ignore"),
    };
    let engine = context.engine()?;
    // Nobody waits for one beside another that isn't there.
    for name in names.iter().filter(|_| !options.ignore) {
        resolve_name(engine, name)?;
    }
    each(&names, |name| Ok(Some(wait(engine, name, &options)?.to_string())))
}

/// A duration of Go, or a number of milliseconds.
fn interval(text: &str) -> Result<Duration, Failure> {
    if let Ok(milliseconds) = text.parse() {
        return Ok(Duration::from_millis(milliseconds));
    }
    let nanoseconds = duration::parse(text).and_then(|ns| u64::try_from(ns).ok());
    nanoseconds.map(Duration::from_nanos).ok_or_else(|| Failure::new(format!("time: invalid duration {}", quote(text))))
}
