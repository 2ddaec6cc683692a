//! `manifest create`: a new list.

use super::{INSECURE, annotations, registry_options};
use crate::context::Context;
use crate::error::Failure;
use crate::output::stream;
use crate::syntax::command::{Arguments, Command, Needs};
use crate::syntax::flag::Flag;
use crate::syntax::matches::Matches;
use engine::manifest::Creation;

/// `manifest create`
pub static COMMAND: Command = Command {
    usage: "[options] LIST [IMAGE...]",
    summary: "Make a manifest list",
    details: "Makes a list of images that are here or in a registry, and prints its id.",
    examples: &["manifest create mylist:v1.11", "manifest create --amend mylist:v1.11 docker://quay.io/a/b:1"],
    flags: &[FLAGS, &[INSECURE]],
    stops: false,
    arguments: Arguments::AtLeast(1),
    needs: Needs::Store,
    run,
};

static FLAGS: &[Flag] = &[
    Flag::bool("all", "All images of lists among the images"),
    Flag::bool("amend", "Add to the list if it is there already").short('a'),
    Flag::array("annotation", "stringArray", "Set an annotation of the list (key=value)"),
    Flag::bool("tls-verify", "Demand https and valid certificates").default("true"),
];

fn run(context: &Context, matches: &Matches) -> Result<i32, Failure> {
    let creation =
        Creation { all: matches.bool("all"), amend: matches.bool("amend"), annotations: annotations(matches)? };
    let registry = registry_options(matches)?;
    let (name, images) = (&matches.arguments[0], &matches.arguments[1..]);
    stream::line(&engine::manifest::create(context.engine()?, name, images, &creation, &registry)?)?;
    Ok(0)
}
