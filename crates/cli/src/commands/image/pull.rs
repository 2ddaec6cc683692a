//! `pull`: images from registries.

use crate::context::Context;
use crate::error::Failure;
use crate::flags::{image::policy, platform, registry};
use crate::output::progress::Reporter;
use crate::output::stream;
use crate::syntax::command::{Arguments, Command, Needs};
use crate::syntax::flag::Flag;
use crate::syntax::matches::Matches;

/// `pull`
pub static COMMAND: Command = Command {
    usage: "[options] IMAGE [IMAGE...]",
    summary: "Fetch images from a registry",
    details: "Fetches images and prints their ids. A name without a registry is searched for as registries.conf says.",
    examples: &["pull alpine", "pull quay.io/libpod/banner:latest", "pull --platform linux/arm64 alpine"],
    flags: &[
        FLAGS,
        platform::FLAGS,
        registry::FLAGS,
        registry::RETRY,
        registry::POLICY,
        registry::CONTENT_TRUST,
        registry::DECRYPTION,
    ],
    stops: false,
    arguments: Arguments::AtLeast(1),
    needs: Needs::Store,
    run,
};

/// Its own flags.
pub static FLAGS: &[Flag] = &[
    Flag::bool("all-tags", "Fetch all tags of the repository").short('a'),
    Flag::text("policy", "string", "Ask the registry: always, missing, never, newer").default("always"),
    Flag::bool("quiet", "Don't show what is copied").short('q'),
];

fn run(context: &Context, matches: &Matches) -> Result<i32, Failure> {
    let policy = policy(Some(matches.text("policy").unwrap_or("always")))?;
    let platform = platform::wanted(matches)?;
    let registry = registry::options(matches)?;
    let progress = Reporter::new(matches.bool("quiet"));
    let engine = context.engine()?;
    let mut last: Option<Failure> = None;
    for name in &matches.arguments {
        let pulled = match matches.bool("all-tags") {
            true => engine::image::pull_all_tags(engine, name, platform.as_ref(), &registry, &progress),
            false => {
                engine::image::pull(engine, name, policy, platform.as_ref(), &registry, &progress).map(|one| vec![one])
            }
        };
        match pulled {
            Ok(pulled) => {
                progress.finish();
                pulled.iter().try_for_each(|image| stream::line(image.image.id.hex()))?;
            }
            Err(error) => {
                if let Some(earlier) = last.replace(error.into()) {
                    earlier.print();
                }
            }
        }
    }
    last.map_or(Ok(0), Err)
}
