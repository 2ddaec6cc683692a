//! `rmi`, `image rm`: names and images go.

use crate::context::Context;
use crate::error::{ENGINE_ERROR, Failure, chain};
use crate::output::stream;
use crate::syntax::command::{Arguments, Command, Needs};
use crate::syntax::flag::Flag;
use crate::syntax::matches::Matches;
use engine::image::{RemoveOptions, Removed, remove};

/// `rmi`
pub static COMMAND: Command = Command {
    usage: "[options] IMAGE [IMAGE...]",
    summary: "Remove images",
    details: "Takes names away and deletes images that have none left. Images that containers use stay, unless forced.",
    examples: &["rmi alpine", "rmi --force alpine", "rmi --all"],
    flags: &[FLAGS],
    stops: false,
    arguments: Arguments::Any,
    needs: Needs::Store,
    run,
};

static FLAGS: &[Flag] = &[
    Flag::bool("all", "All images").short('a'),
    Flag::bool("force", "Also the containers that use them").short('f'),
    Flag::bool("ignore", "A missing image is no error").short('i'),
    Flag::bool("no-prune", "Keep nameless images that it was built on (minke keeps them always)"),
];

fn run(context: &Context, matches: &Matches) -> Result<i32, Failure> {
    let options =
        RemoveOptions { all: matches.bool("all"), force: matches.bool("force"), ignore: matches.bool("ignore") };
    match (matches.arguments.is_empty(), options.all) {
        (true, false) => return Err(Failure::new("image name or ID must be specified")),
        (false, true) => {
            return Err(Failure::new("when using the --all switch, you may not pass any images names or IDs"));
        }
        _ => {}
    }
    let (removed, errors) = remove(context.engine()?, &matches.arguments, &options);
    print(&removed)?;
    failure(&errors, options.force).map_or(Ok(0), Err)
}

/// Names first, then ids.
pub fn print(removed: &[Removed]) -> Result<(), Failure> {
    for name in removed.iter().flat_map(|r| &r.untagged) {
        stream::line(&format!("Untagged: {name}"))?;
    }
    removed.iter().flat_map(|r| &r.deleted).try_for_each(|id| stream::line(&format!("Deleted: {id}")))
}

/// Podman's exit codes: 1 when images were missing, 2 when some are in use.
pub fn failure(errors: &[engine::Error], force: bool) -> Option<Failure> {
    let missing = |e: &engine::Error| matches!(e, engine::Error::Image(image::Error::NotKnown { .. }));
    let in_use = |e: &engine::Error| matches!(e, engine::Error::ImageInUse(_));
    // What is to be gone and isn't there is as it should be.
    let errors: Vec<_> = errors.iter().filter(|e| !(force && missing(e))).collect();
    let code = match &errors {
        errors if errors.iter().any(|e| in_use(e)) => 2,
        errors if errors.iter().all(|e| missing(e)) => 1,
        _ => ENGINE_ERROR,
    };
    match errors.as_slice() {
        [] => None,
        [one] => Some(Failure::new(chain(*one)).code(code)),
        several => {
            let lines: Vec<String> = several.iter().map(|e| format!("\n\t* {}", chain(*e))).collect();
            Some(Failure::new(format!("{} errors occurred:{}", several.len(), lines.concat())).code(code))
        }
    }
}
