//! `manifest annotate`: what a list says of an image, or of itself.

use super::{CHANGES, annotations, changes};
use crate::context::Context;
use crate::error::Failure;
use crate::output::{quote, stream};
use crate::syntax::command::{Arguments, Command, Needs};
use crate::syntax::flag::Flag;
use crate::syntax::matches::Matches;

/// `manifest annotate`
pub static COMMAND: Command = Command {
    usage: "[options] LIST IMAGEORARTIFACT",
    summary: "Change what a manifest list says of an image",
    details: "The image is given by the digest of its manifest or by its name. With --index the list itself is meant. \
              Prints the list's id.",
    examples: &[
        "manifest annotate --annotation left=right mylist:v1.11 sha256:15352d97781ffdf357bf3459c037be3efac4133dc9070c2dce7eca7c05c3e736",
        "manifest annotate --index --annotation left=right mylist:v1.11",
    ],
    flags: &[FLAGS, CHANGES],
    stops: false,
    arguments: Arguments::Between(1, 2),
    needs: Needs::Store,
    run,
};

static FLAGS: &[Flag] = &[
    Flag::bool("index", "The list itself is meant"),
    Flag::text("subject", "subject", "The image that the list is about"),
];

fn run(context: &Context, matches: &Matches) -> Result<i32, Failure> {
    let (list, entry) = (&matches.arguments[0], matches.arguments.get(1));
    let subject = matches.text("subject");
    let id = match (matches.bool("index"), entry) {
        (true, Some(entry)) => {
            let what = "when modifying the entire index";
            return Err(Failure::new(format!("did not expect image or artifact name {} {what}", quote(entry))));
        }
        (true, None) => {
            if let Some(flag) = CHANGES.iter().find(|flag| flag.name != "annotation" && matches.given(flag.name)) {
                return Err(Failure::new(format!("--{} can't be used with --index", flag.name)));
            }
            engine::manifest::annotate_index(context.engine()?, list, &annotations(matches)?, subject)?
        }
        (false, None) => return Err(Failure::new("expected an instance digest, image name, or artifact name")),
        (false, Some(_)) if subject.is_some() => {
            return Err(Failure::new("setting subject for a manifest list requires no instance digest")
                .hint("give --index instead of an image"));
        }
        (false, Some(entry)) => engine::manifest::annotate(context.engine()?, list, entry, &changes(matches)?)?,
    };
    stream::line(&id)?;
    Ok(0)
}
