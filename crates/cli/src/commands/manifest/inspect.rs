//! `manifest inspect`.

use super::{INSECURE, registry_options};
use crate::context::Context;
use crate::error::Failure;
use crate::flags::registry;
use crate::output::stream::error_line;
use crate::output::{json, stream};
use crate::syntax::command::{Arguments, Command, Needs};
use crate::syntax::matches::Matches;

/// `manifest inspect`
pub static COMMAND: Command = Command {
    usage: "[options] IMAGE",
    summary: "Show a manifest list",
    details: "Shows a list that is here, else the manifest of that name in its registry, as JSON.",
    examples: &["manifest inspect mylist:v1.11", "manifest inspect quay.io/libpod/alpine"],
    flags: &[registry::FLAGS, &[INSECURE]],
    stops: false,
    arguments: Arguments::Exactly(1),
    needs: Needs::Store,
    run,
};

fn run(context: &Context, matches: &Matches) -> Result<i32, Failure> {
    let name = &matches.arguments[0];
    let (object, single) = engine::manifest::inspect(context.engine()?, name, &registry_options(matches)?)?;
    if single {
        error_line(&format!("Warning: {name} is no manifest list but a single image."));
    }
    stream::line(&json::pretty(&object, "    ")?)?;
    Ok(0)
}
