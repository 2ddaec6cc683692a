//! `__complete`: the names that could stand at the end of an unfinished command line. Completion scripts call it.

use crate::context::Context;
use crate::error::Failure;
use crate::output::stream;
use crate::syntax::command::{Arguments, Command, Needs};
use crate::syntax::matches::Matches;
use crate::syntax::names::{Wanted, wanted};
use std::collections::BTreeSet;

/// `__complete`
pub static COMMAND: Command = Command {
    usage: "LINE",
    summary: "List names that could end a command line",
    details: "LINE is what has been typed, with the program's name. One name a line.",
    examples: &["__complete 'minke rm '"],
    flags: &[],
    stops: true,
    arguments: Arguments::Exactly(1),
    needs: Needs::Store,
    run,
};

fn run(context: &Context, matches: &Matches) -> Result<i32, Failure> {
    let words: Vec<&str> = matches.arguments[0].split([' ', '\t']).collect();
    let last = words.last().copied().unwrap_or_default();
    let words: Vec<&str> = words
        .iter()
        .enumerate()
        .filter(|(at, word)| *at + 1 == words.len() || !word.is_empty())
        .map(|(_, word)| *word)
        .collect();
    let names = names(context, wanted(words.get(1..).unwrap_or_default()), last)?;
    stream::print(&names.iter().map(|name| format!("{name}\n")).collect::<String>())?;
    Ok(0)
}

/// Those that begin with `start`.
fn names(context: &Context, wanted: Wanted, start: &str) -> Result<BTreeSet<String>, Failure> {
    let mut names = BTreeSet::new();
    if wanted.containers || wanted.running {
        let options = engine::container::ListOptions { all: wanted.containers, ..Default::default() };
        for container in engine::container::list(context.engine()?, &options)? {
            names.extend(container.names);
            names.extend(id(&container.id, start));
        }
    }
    if wanted.images {
        for image in engine::image::list(context.engine()?, &engine::image::ListOptions::default())? {
            names.extend(image.names.iter().flat_map(|name| forms(name)));
            names.extend(id(&image.id, start));
        }
    }
    names.retain(|name| name.starts_with(start));
    Ok(names)
}

/// Ids are offered to those who have begun to type one.
fn id(id: &str, start: &str) -> Option<String> {
    (start.len() >= 2 && id.starts_with(start)).then(|| id.chars().take(12).collect())
}

/// `registry/path/name:tag`, `path/name:tag`, `name:tag`.
fn forms(name: &str) -> impl Iterator<Item = String> {
    let starts = std::iter::once(0).chain(name.match_indices('/').map(|(at, _)| at + 1));
    starts.map(|at| name[at..].to_owned())
}
