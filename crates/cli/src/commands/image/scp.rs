//! `image scp`: an image to or from another machine's or user's store.

use crate::context::Context;
use crate::error::Failure;
use crate::syntax::command::{Arguments, Command, Needs};
use crate::syntax::flag::Flag;
use crate::syntax::matches::Matches;
use engine::Privilege;
use engine::image::scp::{End, Program, Side, scp};

/// `image scp`
pub static COMMAND: Command = Command {
    usage: "[options] IMAGE [HOST::]",
    summary: "Copy an image to or from another machine or user",
    details: "One of the ends is [USER@]HOST[:PORT]::, which ssh connects to, or USER@localhost:: for another user here. \
              The image's name stays as it is.",
    examples: &["image scp alpine otherhost::", "image scp me@otherhost::alpine", "image scp alpine user@localhost::"],
    flags: &[FLAGS],
    stops: false,
    arguments: Arguments::Between(1, 2),
    needs: Needs::Nothing,
    run,
};

static FLAGS: &[Flag] = &[Flag::bool("quiet", "Don't show what is copied").short('q')];

fn run(context: &Context, matches: &Matches) -> Result<i32, Failure> {
    let from: End = matches.arguments[0].parse()?;
    let to = match matches.arguments.get(1) {
        Some(text) if text.contains("::") => text.parse()?,
        Some(_) => return Err(Failure::new("the destination is [USER@]HOST[:PORT]::")),
        None if from.side == Side::Here => return Err(Failure::new("must specify a destination: invalid argument")),
        None => End { side: Side::Here, image: String::new() },
    };
    let path = std::env::current_exe().map_err(|error| Failure::new(format!("find this program: {error}")))?;
    let program = Program {
        path,
        globals: context.globals(),
        is_root: context.privilege() == Privilege::Root,
        quiet: matches.bool("quiet"),
    };
    scp(&program, &from, &to)?;
    Ok(0)
}
