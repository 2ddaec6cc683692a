//! `image unmount`.

use crate::context::Context;
use crate::error::Failure;
use crate::output::stream;
use crate::syntax::command::{Arguments, Command, Needs};
use crate::syntax::flag::Flag;
use crate::syntax::matches::Matches;
use engine::image::unmount;

/// `image unmount`
pub static COMMAND: Command = Command {
    usage: "[options] IMAGE [IMAGE...]",
    summary: "Take mounts of images back",
    details: "Takes one mount of each image back; with the last one its files are gone from where they were.",
    examples: &["image unmount alpine", "image unmount --all"],
    flags: &[FLAGS],
    stops: false,
    arguments: Arguments::Any,
    needs: Needs::Store,
    run,
};

static FLAGS: &[Flag] = &[
    Flag::bool("all", "All images that are mounted").short('a'),
    Flag::bool("force", "However often they were mounted").short('f'),
];

fn run(context: &Context, matches: &Matches) -> Result<i32, Failure> {
    let (names, all) = (&matches.arguments, matches.bool("all"));
    match (all, names.is_empty()) {
        (true, false) => {
            return Err(Failure::new("when using the --all switch, you may not pass any image names or IDs"));
        }
        (false, true) => return Err(Failure::new("image name or ID must be specified")),
        _ => {}
    }
    let ids = unmount(context.engine()?, names, all, matches.bool("force"))?;
    stream::print(&ids.iter().map(|id| format!("{id}\n")).collect::<String>())?;
    Ok(0)
}
