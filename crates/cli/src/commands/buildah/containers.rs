//! `buildah containers`: working containers and what they stand on.

use crate::context::Context;
use crate::error::Failure;
use crate::output::report::Report;
use crate::output::template::Types;
use crate::output::{json, quote, stream};
use crate::syntax::command::{Arguments, Command, Needs};
use crate::syntax::flag::Flag;
use crate::syntax::matches::Matches;
use engine::Engine;
use engine::working::{self, Working};
use serde_json::{Value, json};

/// `buildah containers`
pub static COMMAND: Command = Command {
    usage: "[options]",
    summary: "List working containers",
    details: "Lists working containers with the images that they stand on; with --all the other containers of the store, too.",
    examples: &["buildah containers", "buildah containers --json", "buildah containers --filter ancestor=alpine"],
    flags: &[FLAGS],
    stops: false,
    arguments: Arguments::None,
    needs: Needs::Store,
    run,
};

static FLAGS: &[Flag] = &[
    Flag::bool("all", "Also containers that are no working containers").short('a'),
    Flag::array("filter", "stringArray", "Only containers that match (id=, name=, ancestor=)").short('f'),
    Flag::text("format", "string", "Show by a Go template"),
    Flag::bool("json", "Show as JSON"),
    Flag::bool("noheading", "No header line").short('n'),
    Flag::bool("notruncate", "Don't shorten ids"),
    Flag::bool("quiet", "Only ids").short('q'),
];

/// One line of the list.
struct Row {
    id: String,
    is_working: bool,
    image_id: String,
    image_name: String,
    name: String,
}

fn run(context: &Context, matches: &Matches) -> Result<i32, Failure> {
    let quiet = matches.bool("quiet");
    if quiet && matches.given("format") {
        return Err(Failure::new("quiet and format are mutually exclusive"));
    }
    let filters = matches.list("filter").iter().map(|text| filter(text)).collect::<Result<Vec<_>, _>>()?;
    let mut rows = rows(context.engine()?, matches.bool("all"))?;
    rows.retain(|row| filters.iter().all(|(key, value)| holds(row, key, value)));
    if matches.bool("json") {
        let objects: Vec<Value> = rows.iter().map(object).collect();
        stream::line(&json::pretty(&objects, "    ")?)?;
    } else if quiet {
        rows.iter().try_for_each(|row| stream::line(&row.id))?;
    } else if let Some(format) = matches.text("format") {
        let types = Types { root: "main.containerOutputParams", ..Types::NONE };
        let rows = rows.iter().map(fields).collect();
        Report { name: "containers", format, headers: &[], noheading: true, types }.print(rows)?;
    } else {
        table(&rows, matches)?;
    }
    Ok(0)
}

fn rows(engine: &Engine, all: bool) -> Result<Vec<Row>, Failure> {
    let mut rows: Vec<Row> = working::all(engine)?.into_iter().map(of_working).collect();
    if all {
        let options = engine::container::ListOptions { all: true, ..Default::default() };
        rows.extend(engine::container::list(engine, &options)?.into_iter().map(|found| Row {
            id: found.id,
            is_working: false,
            image_id: found.image_id,
            image_name: found.image,
            name: found.names.into_iter().next().unwrap_or_default(),
        }));
    }
    Ok(rows)
}

fn of_working(working: Working) -> Row {
    let (image_id, image_name) =
        working.base.map_or((String::new(), "scratch".to_owned()), |base| (base.id, base.name));
    Row { id: working.id, is_working: true, image_id, image_name, name: working.name }
}

fn filter(text: &str) -> Result<(&str, &str), Failure> {
    match text.split_once('=') {
        None => Err(Failure::new(format!(
            "parsing filter: incorrect filter value {}, should be of form filter=value",
            quote(text)
        ))),
        Some(("id" | "name" | "ancestor", "")) => Err(Failure::new(format!("parsing filter: {text} has no value"))),
        Some((key @ ("id" | "name" | "ancestor"), value)) => Ok((key, value)),
        Some((key, _)) => Err(Failure::new(format!("parsing filter: invalid filter {}", quote(key)))),
    }
}

fn holds(row: &Row, key: &str, value: &str) -> bool {
    match key {
        "id" => row.id.contains(value),
        "name" => row.name.contains(value),
        _ => row.image_name.contains(value) || row.image_id.contains(value),
    }
}

fn short(id: &str) -> &str {
    id.get(..12).unwrap_or(id)
}

fn object(row: &Row) -> Value {
    json!({
        "id": row.id, "builder": row.is_working, "imageid": row.image_id, "imagename": row.image_name,
        "containername": row.name,
    })
}

fn mark(row: &Row) -> &'static str {
    if row.is_working { "   *" } else { "" }
}

fn fields(row: &Row) -> Value {
    json!({
        "ContainerID": row.id, "Builder": mark(row), "ImageID": row.image_id, "ImageName": row.image_name,
        "ContainerName": row.name,
    })
}

/// In columns of fixed width, as scripts cut them.
fn table(rows: &[Row], matches: &Matches) -> Result<(), Failure> {
    let full = matches.bool("notruncate");
    let (width, gap) = if full { (64, " ") } else { (12, "  ") };
    let line = |id: &str, mark: &str, image: &str, image_name: &str, name: &str| {
        stream::line(&format!("{id:width$}{gap}{mark:8} {image:width$} {image_name:32} {name}"))
    };
    if !matches.bool("noheading") {
        line("CONTAINER ID", "BUILDER", "IMAGE ID", "IMAGE NAME", "CONTAINER NAME")?;
    }
    let cut = |id: &'_ str| if full { id.to_owned() } else { short(id).to_owned() };
    rows.iter().try_for_each(|row| line(&cut(&row.id), mark(row), &cut(&row.image_id), &row.image_name, &row.name))
}
