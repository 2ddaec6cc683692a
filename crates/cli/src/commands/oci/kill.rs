//! `oci kill`

use super::global;
use crate::context::Context;
use crate::error::Failure;
use crate::syntax::command::{Arguments, Command, Needs};
use crate::syntax::flag::Flag;
use crate::syntax::matches::Matches;
use bundle::{Root, Status, Whom};
use regex_lite::Regex;

static FLAGS: &[Flag] = &[
    Flag::bool("all", "To all its processes").short('a'),
    Flag::bool("regex", "CONTAINER is a regular expression: all whose ids it matches").short('r'),
];

/// `oci kill`
pub static COMMAND: Command = Command {
    usage: "[options] CONTAINER [SIGNAL]",
    summary: "Send a signal (TERM if none is named) to a container's first process",
    details: "",
    examples: &["oci kill web KILL"],
    flags: &[FLAGS],
    stops: false,
    arguments: Arguments::Between(1, 2),
    needs: Needs::Nothing,
    run,
};

fn run(context: &Context, matches: &Matches) -> Result<i32, Failure> {
    let root = global::root(context)?;
    let signal = ::spec::signal::parse(matches.arguments.get(1).map_or("TERM", String::as_str))?;
    let whom = if matches.bool("all") { Whom::All } else { Whom::First };
    if !matches.bool("regex") {
        bundle::kill(&root, &matches.arguments[0], signal, whom)?;
        return Ok(0);
    }
    for id in matching(&root, &matches.arguments[0])? {
        match bundle::kill(&root, &id, signal, whom) {
            // Of many, some have ended.
            Err(bundle::Error::NotFound(_) | bundle::Error::State { status: Status::Stopped, .. }) => {}
            other => other?,
        }
    }
    Ok(0)
}

/// Ids in which the pattern is found.
pub fn matching(root: &Root, pattern: &str) -> Result<Vec<String>, Failure> {
    let regex = Regex::new(pattern).map_err(|error| Failure::new(format!("--regex {pattern}: {error}")))?;
    let ids = bundle::list(root)?.into_iter().map(|container| container.record.id);
    Ok(ids.filter(|id| regex.is_match(id)).collect())
}
