//! `artifact pull`.

use crate::context::Context;
use crate::error::Failure;
use crate::flags::registry;
use crate::output::progress::Reporter;
use crate::syntax::command::{Arguments, Command, Needs};
use crate::syntax::flag::Flag;
use crate::syntax::matches::Matches;

/// `artifact pull`
pub static COMMAND: Command = Command {
    usage: "[options] ARTIFACT",
    summary: "Fetch an artifact from a registry",
    details: "Fetches an artifact and stores it by the name as it was given. A name without a registry is Docker Hub's.",
    examples: &["artifact pull quay.io/foobar/artifact:special"],
    flags: &[FLAGS, registry::FLAGS, registry::RETRY, registry::DECRYPTION],
    stops: false,
    arguments: Arguments::Exactly(1),
    needs: Needs::Store,
    run,
};

static FLAGS: &[Flag] = &[Flag::bool("quiet", "Don't show what is copied").short('q')];

fn run(context: &Context, matches: &Matches) -> Result<i32, Failure> {
    let registry = registry::options(matches)?;
    let progress = Reporter::new(matches.bool("quiet"));
    engine::artifact::pull(context.engine()?, &matches.arguments[0], &registry, &progress)?;
    progress.finish();
    Ok(0)
}
