//! `artifact extract`: files of an artifact out of the store.

use crate::context::Context;
use crate::error::Failure;
use crate::syntax::command::{Arguments, Command, Needs};
use crate::syntax::flag::Flag;
use crate::syntax::matches::Matches;
use engine::artifact::Selection;

/// `artifact extract`
pub static COMMAND: Command = Command {
    usage: "[options] ARTIFACT PATH",
    summary: "Copy files of an artifact out of the store",
    details: "Into a folder all files go, called by their titles, or by their digests where they have none. Into a file \
              goes the only one, or the one that is chosen. Files that are there are replaced, once the new ones are whole.",
    examples: &[
        "artifact extract quay.io/artifact/foobar1:test myfile",
        "artifact extract --title README.md quay.io/artifact/foobar2:test mydir",
    ],
    flags: &[FLAGS],
    stops: false,
    arguments: Arguments::Exactly(2),
    needs: Needs::Store,
    run,
};

static FLAGS: &[Flag] = &[
    Flag::text("digest", "string", "Only the file with this digest"),
    Flag::text("title", "string", "Only the file with this title"),
];

fn run(context: &Context, matches: &Matches) -> Result<i32, Failure> {
    let selection = match (matches.text("digest"), matches.text("title")) {
        (Some(_), Some(_)) => return Err(Failure::new("cannot specify both digest and title")),
        (Some(digest), None) => Selection::Digest(digest.to_owned()),
        (None, Some(title)) => Selection::Title(title.to_owned()),
        (None, None) => Selection::All,
    };
    let (name, target) = (&matches.arguments[0], &matches.arguments[1]);
    engine::artifact::extract(context.engine()?, name, target.as_ref(), &selection)?;
    Ok(0)
}
