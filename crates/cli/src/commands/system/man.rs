//! `man DIR`: writes the man pages. Hidden: packagers need it, users don't.

use crate::context::Context;
use crate::error::Failure;
use crate::syntax::command::{Arguments, Command, Needs};
use crate::syntax::complete;
use crate::syntax::matches::Matches;

/// `man`
pub static COMMAND: Command = Command {
    usage: "DIR",
    summary: "Write the man pages into a folder",
    details: "",
    examples: &["man /usr/share/man/man1"],
    flags: &[],
    stops: false,
    arguments: Arguments::Exactly(1),
    needs: Needs::Nothing,
    run,
};

fn run(context: &Context, matches: &Matches) -> Result<i32, Failure> {
    let program = context.path.split(' ').next().unwrap_or("minke");
    let folder = std::path::Path::new(&matches.arguments[0]);
    std::fs::create_dir_all(folder).map_err(|error| Failure::new(format!("make `{}`: {error}", folder.display())))?;
    for (name, page) in complete::man_pages(program)? {
        let path = folder.join(name);
        std::fs::write(&path, page).map_err(|error| Failure::new(format!("write `{}`: {error}", path.display())))?;
    }
    Ok(0)
}
