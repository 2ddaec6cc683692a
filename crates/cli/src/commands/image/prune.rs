//! `image prune`.

use crate::commands::image::list::filter;
use crate::context::Context;
use crate::error::Failure;
use crate::output::stream;
use crate::prompt;
use crate::syntax::command::{Arguments, Command, Needs};
use crate::syntax::flag::Flag;
use crate::syntax::matches::Matches;
use engine::build::{CacheLimits, prune_cache};
use engine::image::{PruneOptions, prune};

/// `image prune`
pub static COMMAND: Command = Command {
    usage: "[options]",
    summary: "Remove images that nothing needs",
    details: "Removes images that have no name and that no container uses; with --all those with names, too. Without filters \
              the beginnings of pulls that broke off go as well: the next pull begins anew.",
    examples: &["image prune", "image prune --all --force --filter until=24h"],
    flags: &[FLAGS],
    stops: false,
    arguments: Arguments::None,
    needs: Needs::Store,
    run,
};

static FLAGS: &[Flag] = &[
    Flag::bool("all", "Also images that have names").short('a'),
    Flag::bool("build-cache", "Also the build cache"),
    Flag::bool("external", "Also images that only other tools' containers use (minke knows of none)"),
    Flag::array("filter", "stringArray", "Only images that match (key=value)"),
    Flag::bool("force", "Don't ask").short('f'),
];

fn run(context: &Context, matches: &Matches) -> Result<i32, Failure> {
    let all = matches.bool("all");
    let filters = matches.list("filter").iter().map(|text| match text.contains('=') {
        true => filter(text),
        false => Err(Failure::new(format!("filter input must be in the form of filter=value: {text} is invalid"))),
    });
    let options = PruneOptions { all, filters: filters.collect::<Result<_, _>>()? };
    let what = match all {
        true => "all images without at least one container associated with them",
        false => "all dangling images",
    };
    if !matches.bool("force") && !prompt::warned(&format!("WARNING! This command removes {what}."))? {
        return Ok(0);
    }
    let removed = prune(context.engine()?, &options)?;
    removed.iter().try_for_each(|id| stream::line(id))?;
    if matches.bool("build-cache") {
        let limits = CacheLimits { mounts: true, in_images: true, ..CacheLimits::default() };
        let removed = prune_cache(context.engine()?, &limits)?;
        removed.iter().try_for_each(|item| stream::line(&item.id))?;
    }
    Ok(0)
}
