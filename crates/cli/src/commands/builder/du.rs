//! `builder du`: what the build cache takes.

use super::{table, total};
use crate::context::Context;
use crate::error::Failure;
use crate::output::{size, stream};
use crate::syntax::command::{Arguments, Command, Needs};
use crate::syntax::matches::Matches;
use engine::build::cache_items;

/// `builder du`
pub static COMMAND: Command = Command {
    usage: "",
    summary: "Show how much room the build cache takes",
    details: "Lists what build steps have made and the folders of cache mounts, the last used first. What an image has, too, \
              counts as nothing here.",
    examples: &["builder du"],
    flags: &[],
    stops: false,
    arguments: Arguments::None,
    needs: Needs::Store,
    run,
};

fn run(context: &Context, _matches: &Matches) -> Result<i32, Failure> {
    let items = cache_items(context.engine()?)?;
    if !items.is_empty() {
        stream::print(&table(&items))?;
    }
    stream::line(&format!("Total: {}", size::precise(total(&items))))?;
    Ok(0)
}
