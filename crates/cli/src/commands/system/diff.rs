//! `diff`, and the work of `container diff` and `image diff`.

use crate::commands::container::select::{LATEST, latest};
use crate::context::Context;
use crate::error::Failure;
use crate::output::{json, quote, stream};
use crate::syntax::command::{Arguments, Command, Needs};
use crate::syntax::flag::Flag;
use crate::syntax::matches::Matches;
use engine::system::{Change, ChangeKind, Thing, diff};
use serde_json::{Map, Value};

/// `diff`
pub static COMMAND: Command = Command {
    usage: "[options] {CONTAINER|IMAGE} [{CONTAINER|IMAGE}]",
    summary: "Show what changed in the files of a container or an image",
    details: "Lists what a container or an image changes in what it is built on: A added, C changed, D deleted.\n\
              With a second container or image: what makes that one the first.",
    examples: &["diff web", "diff --format json web", "diff web alpine"],
    flags: &[&[FORMAT, LATEST]],
    stops: false,
    arguments: Arguments::AtMost(2),
    needs: Needs::Store,
    run: any,
};

/// `--format`.
pub const FORMAT: Flag = Flag::text("format", "string", "Show as json");

fn any(context: &Context, matches: &Matches) -> Result<i32, Failure> {
    run(context, matches, Thing::Any)
}

/// Shows what changed in a `thing`.
pub fn run(context: &Context, matches: &Matches, thing: Thing) -> Result<i32, Failure> {
    let format = matches.text("format").filter(|format| !format.is_empty());
    if format.is_some_and(|format| format != "json") {
        return Err(Failure::new("only supported value for '--format' is 'json'"));
    }
    let (name, against) = match (matches.bool("latest"), matches.arguments.as_slice()) {
        (true, []) => (latest(context)?, None),
        (true, _) => return Err(Failure::new("--latest and containers cannot be used together")),
        (false, []) => {
            let path = quote(&context.path);
            return Err(Failure::new(format!("{path} requires a name, id, or the \"--latest\" flag")));
        }
        (false, [name, rest @ ..]) => (name.clone(), rest.first()),
    };
    let changes = diff(context.engine()?, thing, &name, against.map(String::as_str));
    let changes = changes.map_err(|error| unknown(error, thing))?;
    match format {
        Some(_) => stream::line(&json::pretty(&by_kind(&changes), "     ")?)?,
        None => stream::print(&changes.iter().map(line).collect::<String>())?,
    }
    Ok(0)
}

/// A name that may mean both is no image alone.
fn unknown(error: engine::Error, thing: Thing) -> Failure {
    match error {
        engine::Error::Image(image::Error::NotKnown { name }) if thing == Thing::Any => {
            Failure::new(format!("no such container or image: {}", quote(&name)))
        }
        other => other.into(),
    }
}

fn line(change: &Change) -> String {
    let letter = match change.kind {
        ChangeKind::Added => 'A',
        ChangeKind::Modified => 'C',
        ChangeKind::Deleted => 'D',
    };
    format!("{letter} {}\n", change.path.display())
}

/// Podman's object; what is empty is left out.
fn by_kind(changes: &[Change]) -> Value {
    let mut object = Map::new();
    for (key, kind) in
        [("changed", ChangeKind::Modified), ("added", ChangeKind::Added), ("deleted", ChangeKind::Deleted)]
    {
        let paths = changes.iter().filter(|change| change.kind == kind);
        let paths: Vec<Value> = paths.map(|change| change.path.to_string_lossy().into()).collect();
        if !paths.is_empty() {
            object.insert(key.to_owned(), paths.into());
        }
    }
    Value::Object(object)
}
