//! `buildah images`, `rmi` and `prune`.

use crate::commands::image::list;
use crate::context::Context;
use crate::error::{Failure, chain};
use crate::output::{duration, json, size, stream};
use crate::syntax::command::{Arguments, Command, Needs};
use crate::syntax::flag::Flag;
use crate::syntax::matches::Matches;
use engine::image::{ImageSummary, ListOptions, PruneOptions, RemoveOptions, Removed, prune, remove};
use jiff::Timestamp;
use serde_json::{Value, json};

/// `buildah images`
pub static IMAGES: Command = Command {
    flags: &[list::FLAGS, JSON],
    examples: &["buildah images", "buildah images --json"],
    run: images,
    ..list::COMMAND
};

/// `buildah rmi`
pub static RMI: Command = Command {
    usage: "[options] IMAGE [IMAGE...]",
    summary: "Remove images",
    details: "Takes names away and deletes images that have none left. Images that containers use stay, unless forced.",
    examples: &["buildah rmi mine:1", "buildah rmi --prune"],
    flags: &[RMI_FLAGS],
    stops: false,
    arguments: Arguments::Any,
    needs: Needs::Store,
    run: rmi,
};

/// `buildah prune`
pub static PRUNE: Command = Command {
    usage: "[options]",
    summary: "Remove images that nothing needs",
    details: "Removes images that have no name and that no container uses; with --all those with names, too; with --force even \
              those that containers use, with these containers.",
    examples: &["buildah prune", "buildah prune --all"],
    flags: &[PRUNE_FLAGS],
    stops: false,
    arguments: Arguments::None,
    needs: Needs::Store,
    run: |context, matches| clean(context, matches.bool("all"), matches.bool("force")),
};

static JSON: &[Flag] = &[Flag::bool("json", "Show as JSON, in Buildah's form")];

static RMI_FLAGS: &[Flag] = &[
    Flag::bool("all", "All images").short('a'),
    Flag::bool("force", "Also the containers that use them").short('f'),
    Flag::bool("prune", "Those that have no name and that no container uses").short('p'),
];

static PRUNE_FLAGS: &[Flag] = &[
    Flag::bool("all", "Also images that have names").short('a'),
    Flag::bool("force", "Also images in use, with the containers that use them").short('f'),
];

fn images(context: &Context, matches: &Matches) -> Result<i32, Failure> {
    if !matches.bool("json") {
        return list::run(context, matches);
    }
    let filters = matches.list("filter").iter().map(|text| list::filter(text)).collect::<Result<_, _>>()?;
    let options = ListOptions { all: matches.bool("all"), filters, name: matches.arguments.first().cloned() };
    let found = engine::image::list(context.engine()?, &options)?;
    let full = matches.bool("no-trunc");
    let objects: Vec<Value> = found.iter().map(|image| object(image, full)).collect();
    stream::line(&json::pretty(&objects, "    ")?)?;
    Ok(0)
}

fn object(image: &ImageSummary, full: bool) -> Value {
    let id = if full { format!("sha256:{}", image.id) } else { image.id.chars().take(12).collect() };
    let created = Timestamp::from_second(image.created.as_second()).unwrap_or_default();
    json!({
        "id": id, "names": image.repo_tags, "digest": image.digest, "createdat": duration::since(created) + " ago",
        "size": size::spaced(image.size), "created": image.created.as_second(), "createdatraw": image.created_at,
        "readonly": image.read_only, "history": (!image.names.is_empty()).then_some(&image.names),
    })
}

fn rmi(context: &Context, matches: &Matches) -> Result<i32, Failure> {
    let (all, unneeded) = (matches.bool("all"), matches.bool("prune"));
    match (matches.arguments.is_empty(), all, unneeded) {
        (true, false, false) => return Err(Failure::new("image name or ID must be specified")),
        (false, true, _) => {
            return Err(Failure::new("when using the --all switch, you may not pass any images names or IDs"));
        }
        (false, _, true) => {
            return Err(Failure::new("when using the --prune switch, you may not pass any images names or IDs"));
        }
        (true, true, true) => return Err(Failure::new("when using the --all switch, you may not use --prune switch")),
        (true, false, true) => return clean(context, false, matches.bool("force")),
        _ => {}
    }
    let options = RemoveOptions { all, force: matches.bool("force"), ignore: false };
    let (removed, errors) = remove(context.engine()?, &matches.arguments, &options);
    report(&removed, &errors)
}

/// Names first, then ids; all errors in one.
fn report(removed: &[Removed], errors: &[engine::Error]) -> Result<i32, Failure> {
    for name in removed.iter().flat_map(|one| &one.untagged) {
        stream::line(&format!("untagged: {name}"))?;
    }
    removed.iter().flat_map(|one| &one.deleted).try_for_each(|id| stream::line(id))?;
    if errors.is_empty() {
        return Ok(0);
    }
    let lines: Vec<String> = errors.iter().map(|error| format!("\n\t* {}", chain(error))).collect();
    let count = if errors.len() == 1 { "1 error" } else { &format!("{} errors", errors.len()) };
    Err(Failure::new(format!("{count} occurred:{}", lines.concat())))
}

fn clean(context: &Context, all: bool, force: bool) -> Result<i32, Failure> {
    let engine = context.engine()?;
    if all && force {
        let options = RemoveOptions { all: true, force: true, ignore: false };
        let (removed, errors) = remove(engine, &[], &options);
        return report(&removed, &errors);
    }
    let removed = prune(engine, &PruneOptions { all, filters: Vec::new() })?;
    removed.iter().try_for_each(|id| stream::line(id))?;
    Ok(0)
}
