//! `artifact push`.

use crate::commands::image::push::write_digest;
use crate::context::Context;
use crate::error::Failure;
use crate::flags::signing::Signing;
use crate::flags::{registry, signing};
use crate::output::progress::Reporter;
use crate::syntax::command::{Arguments, Command, Needs};
use crate::syntax::flag::Flag;
use crate::syntax::matches::Matches;
use image::{Hooks, Options};

/// `artifact push`
pub static COMMAND: Command = Command {
    usage: "[options] ARTIFACT",
    summary: "Copy an artifact to a registry",
    details: "Copies an artifact to where its name says. A name without a registry is Docker Hub's.",
    examples: &["artifact push quay.io/artifact/foobar1:latest"],
    flags: &[FLAGS, signing::SIGNATURES, registry::FLAGS, registry::RETRY],
    stops: false,
    arguments: Arguments::Exactly(1),
    needs: Needs::Store,
    run,
};

static FLAGS: &[Flag] = &[
    Flag::text("digestfile", "string", "Write the pushed manifest's digest into this file"),
    Flag::bool("quiet", "Don't show what is copied").short('q'),
];

fn run(context: &Context, matches: &Matches) -> Result<i32, Failure> {
    let registry = registry::options(matches)?;
    let signing = Signing::of(matches)?;
    let signers = signing.signers();
    let progress = Reporter::new(matches.bool("quiet"));
    let usual = Options::new(&progress);
    let options = Options {
        // An artifact is what its digest says.
        preserve_digests: true,
        hooks: Hooks { signers: &signers, ..Hooks::default() },
        retry: registry.retry.unwrap_or(usual.retry),
        ..usual
    };
    let copied = engine::artifact::push(context.engine()?, &matches.arguments[0], &registry, &options)?;
    progress.finish();
    write_digest(matches, &copied)?;
    Ok(0)
}
