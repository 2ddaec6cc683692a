//! `ps`, `container list`.

use super::select::{LATEST, filters};
use crate::context::Context;
use crate::error::Failure;
use crate::output::report::{Report, is_json};
use crate::output::{json, stream};
use crate::syntax::command::{Arguments, Command, Needs};
use crate::syntax::flag::Flag;
use crate::syntax::matches::Matches;
use engine::container::{ContainerSummary, ListOptions, list};
use serde_json::Value;

mod namespaces;
mod ports;
mod row;

/// `ps`
pub static COMMAND: Command = Command {
    usage: "[options]",
    summary: "List containers",
    details: "Lists running containers; with --all also those that were created or have ended.",
    examples: &["ps --all", "ps --format '{{.ID}} {{.Names}} {{.Status}}'", "ps --filter status=exited"],
    flags: &[FLAGS],
    stops: false,
    arguments: Arguments::None,
    needs: Needs::Store,
    run,
};

static FLAGS: &[Flag] = &[
    Flag::bool("all", "All containers, not only running ones").short('a'),
    Flag::bool("external", "Also working containers, which `buildah from` makes").alias(&["storage"]),
    Flag::array("filter", "stringArray", "Only containers that match (key=value)").short('f'),
    Flag::text("format", "string", "Show by a Go template, or json"),
    Flag::int("last", "The N containers made last, whatever their state").short('n').default("-1"),
    LATEST,
    Flag::bool("no-trunc", "Don't shorten").alias(&["notruncate"]),
    Flag::bool("noheading", "No header line"),
    Flag::bool("ns", "Show namespaces").alias(&["namespace"]),
    Flag::bool("quiet", "Only ids").short('q'),
    Flag::bool("size", "Also show sizes").short('s'),
    Flag::choice("sort", &["command", "created", "id", "image", "names", "runningfor", "size", "status"], "Sort by"),
];

fn run(context: &Context, matches: &Matches) -> Result<i32, Failure> {
    check(matches)?;
    let last = matches.number::<i64>("last").and_then(|n| usize::try_from(n).ok());
    let options = ListOptions {
        all: matches.bool("all"),
        filters: filters(matches)?,
        last: if matches.bool("latest") { Some(1) } else { last.filter(|n| *n > 0) },
        size: matches.bool("size"),
    };
    let mut containers = list(context.engine()?, &options)?;
    if matches.bool("external") {
        containers.extend(engine::working::listed(context.engine()?, options.size)?);
    }
    sort(&mut containers, matches.text("sort").unwrap_or("created"));
    let full = matches.bool("no-trunc");
    match matches.text("format") {
        Some(format) if is_json(format) => {
            let objects: Vec<Value> = containers.iter().map(|c| row::object(c, matches.bool("ns"))).collect();
            stream::line(&json::pretty(&objects, "  ")?)?;
        }
        _ if matches.bool("quiet") => {
            let ids: String = containers.iter().map(|c| row::id(&c.id, full) + "\n").collect();
            stream::print(&ids)?;
        }
        given => table(&containers, given, full, matches)?,
    }
    Ok(0)
}

fn check(matches: &Matches) -> Result<(), Failure> {
    if matches.given("last") && matches.bool("latest") {
        return Err(Failure::new("last and latest are mutually exclusive"));
    }
    if matches.bool("quiet") && (matches.bool("size") || matches.bool("ns")) {
        return Err(Failure::new("quiet conflicts with size and namespace"));
    }
    if matches.bool("size") && matches.bool("ns") {
        return Err(Failure::new("size and namespace options conflict"));
    }
    Ok(())
}

fn sort(containers: &mut [ContainerSummary], by: &str) {
    match by {
        "command" => containers.sort_by_key(|c| c.command.join(" ")),
        "id" => containers.sort_by(|a, b| a.id.cmp(&b.id)),
        "image" => containers.sort_by(|a, b| a.image.cmp(&b.image)),
        "names" => containers.sort_by(|a, b| a.names.cmp(&b.names)),
        "runningfor" => containers.sort_by_key(|c| c.started_at),
        "size" => containers.sort_by_key(|c| c.size.map(|s| s.root_fs_size)),
        "status" => containers.sort_by(|a, b| a.state.cmp(&b.state)),
        _ => containers.sort_by(|a, b| a.created_at.cmp(&b.created_at)),
    }
}

fn table(containers: &[ContainerSummary], given: Option<&str>, full: bool, matches: &Matches) -> Result<(), Failure> {
    let own = match (matches.bool("ns"), matches.bool("size")) {
        (true, _) => row::NAMESPACES.to_owned(),
        (false, true) => format!("{}\t{{{{.Size}}}}", row::DEFAULT),
        (false, false) => row::DEFAULT.to_owned(),
    };
    let format = given.unwrap_or(&own);
    let wanted = row::Wanted::by(format, matches.bool("ns"));
    let row = |c| row::row(c, full, wanted);
    let rows = containers.iter().map(row).collect();
    Report { name: "ps", format, headers: row::HEADERS, noheading: matches.bool("noheading"), types: row::TYPES }
        .print(rows)
}
