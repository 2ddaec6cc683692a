//! `system prune`: what nothing needs goes.

use crate::commands::image::list::filter;
use crate::context::Context;
use crate::error::Failure;
use crate::output::{size, stream};
use crate::prompt;
use crate::syntax::command::{Arguments, Command, Needs};
use crate::syntax::flag::Flag;
use crate::syntax::matches::Matches;
use engine::system::{PruneOptions, prune};

/// `system prune`
pub static COMMAND: Command = Command {
    usage: "[options]",
    summary: "Remove what nothing needs",
    details: "Removes stopped containers, images that have no name and that no container uses, and what the build cache has \
              beside images; with --all images with names, too, and all of the build cache but the folders of cache mounts, \
              which go with --build.",
    examples: &["system prune", "system prune --all --volumes --force", "system prune --build --filter until=24h"],
    flags: &[FLAGS],
    stops: false,
    arguments: Arguments::None,
    needs: Needs::Store,
    run,
};

static FLAGS: &[Flag] = &[
    Flag::bool("all", "Also images that have names").short('a'),
    Flag::bool("build", "Also folders of cache mounts"),
    Flag::bool("external", "Also what only other tools use (minke knows of none)"),
    Flag::array("filter", "stringArray", "Only what matches (until=24h, label=key=value)"),
    Flag::bool("force", "Don't ask").short('f'),
    Flag::bool("volumes", "Also volumes that no container uses"),
];

fn run(context: &Context, matches: &Matches) -> Result<i32, Failure> {
    let filters = matches.list("filter").iter().map(|text| match text.contains('=') {
        true => filter(text),
        false => Err(Failure::new(format!("filter input must be in the form of filter=value: {text} is invalid"))),
    });
    let options = PruneOptions {
        all: matches.bool("all"),
        build: matches.bool("build"),
        volumes: matches.bool("volumes"),
        filters: filters.collect::<Result<_, _>>()?,
    };
    if let Some((key, _)) =
        options.filters.iter().find(|(key, _)| !matches!(key.as_str(), "until" | "label" | "label!"))
    {
        return Err(Failure::new(format!("{key} is an invalid filter")));
    }
    if !matches.bool("force") && !prompt::warned(&warning(&options))? {
        return Ok(0);
    }
    let pruned = prune(context.engine()?, &options)?;
    let cache: Vec<String> = pruned.cache.iter().map(|item| item.id.clone()).collect();
    for (title, ids) in [
        ("Deleted Containers", &pruned.containers),
        ("Deleted Volumes", &pruned.volumes),
        ("Deleted Images", &pruned.images),
        ("Deleted Build Cache", &cache),
    ] {
        if !ids.is_empty() {
            stream::line(&format!("{title}\n{}", ids.join("\n")))?;
        }
    }
    stream::line(&format!("Total reclaimed space: {}", size::human(pruned.reclaimed)))?;
    Ok(0)
}

fn warning(options: &PruneOptions) -> String {
    let [images, cache] = match options.all {
        true => ["all images without at least one container associated with them", "all build cache"],
        false => ["all dangling images", "all dangling build cache"],
    };
    let volumes = options.volumes.then_some("all volumes not used by at least one container");
    let mounts = options.build.then_some("all folders of cache mounts");
    let all = [Some("all stopped containers"), volumes, Some(images), Some(cache), mounts];
    let lines: Vec<String> = all.into_iter().flatten().map(|line| format!("\t- {line}\n")).collect();
    format!("WARNING! This command removes:\n{}", lines.concat())
}
