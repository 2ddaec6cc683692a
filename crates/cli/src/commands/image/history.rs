//! `history`: how an image was made.

use crate::context::Context;
use crate::error::Failure;
use crate::output::report::{Report, is_json};
use crate::output::template::{JSON_FORM, Types};
use crate::output::{duration, go_time, size, stream};
use crate::syntax::command::{Arguments, Command, Needs};
use crate::syntax::flag::Flag;
use crate::syntax::matches::Matches;
use engine::image::{HistoryEntry, history};
use serde_json::{Value, json};

/// `history`
pub static COMMAND: Command = Command {
    usage: "[options] IMAGE",
    summary: "Show how an image was made",
    details: "Lists the steps that made an image, newest first, with the size each added.",
    examples: &["history alpine", "history --no-trunc --format '{{.CreatedBy}}' alpine"],
    flags: &[FLAGS],
    stops: false,
    arguments: Arguments::Exactly(1),
    needs: Needs::Store,
    run,
};

static FLAGS: &[Flag] = &[
    Flag::text("format", "string", "Show by a Go template, or json"),
    Flag::bool("human", "Dates for people").short('H').default("true"),
    Flag::bool("no-trunc", "Don't shorten").alias(&["notruncate"]),
    Flag::bool("quiet", "Only ids").short('q'),
];

const TABLE: &str = "table {{.ID}}\t{{.Created}}\t{{.CreatedBy}}\t{{.Size}}\t{{.Comment}}";

const HEADERS: &[(&str, &str)] = &[
    ("ID", "ID"),
    ("Created", "CREATED"),
    ("CreatedAt", "CREATED AT"),
    ("CreatedBy", "CREATED BY"),
    ("CreatedSince", "CREATED SINCE"),
    ("Size", "SIZE"),
    ("Comment", "COMMENT"),
    ("Tags", "TAGS"),
];

fn run(context: &Context, matches: &Matches) -> Result<i32, Failure> {
    let entries = history(context.engine()?, &matches.arguments[0])?;
    let format = matches.text("format").unwrap_or(TABLE);
    let (full, human) = (matches.bool("no-trunc"), matches.maybe_bool("human").unwrap_or(true));
    if is_json(format) {
        let objects: Vec<Value> = entries.iter().map(object).collect();
        stream::line(&oci::json::escape(&serde_json::to_string(&objects)?))?;
    } else if matches.bool("quiet") {
        for entry in &entries {
            stream::line(&id(&entry.id, full))?;
        }
    } else {
        let rows = entries.iter().map(|entry| row(entry, full, human)).collect();
        let types = Types { root: "images.historyReporter", embedded: "ImageHistoryLayer", ..Types::NONE };
        Report { name: "history", format, headers: HEADERS, noheading: false, types }.print(rows)?;
    }
    Ok(0)
}

fn object(entry: &HistoryEntry) -> Value {
    let seconds = duration::timestamp(&entry.created)
        .and_then(|t| jiff::Timestamp::from_second(t.as_second()).ok())
        .map(|t| t.to_string());
    let mut object = serde_json::to_value(entry).unwrap_or(Value::Null);
    object["Created"] = json!(seconds.unwrap_or_default());
    object
}

fn row(entry: &HistoryEntry, full: bool, human: bool) -> Value {
    let created = duration::timestamp(&entry.created);
    let since = created.map(|t| duration::since(t) + " ago").unwrap_or_default();
    let at = created
        .and_then(|t| jiff::Timestamp::from_second(t.as_second()).ok())
        .map(|t| t.to_string())
        .unwrap_or_default();
    json!({
        "ID": id(&entry.id, full),
        "Created": if human { since.clone() } else { at.clone() },
        "CreatedAt": at,
        "CreatedSince": since,
        "CreatedBy": step(&entry.created_by, full),
        "Size": size::human(entry.size),
        "Comment": entry.comment,
        "Tags": entry.tags,
        "ImageHistoryLayer": {
            "ID": entry.id, "Created": go_time(&entry.created), "CreatedBy": entry.created_by, "Tags": entry.tags,
            "Size": entry.size, "Comment": entry.comment, JSON_FORM: entry,
        },
        JSON_FORM: entry,
    })
}

fn id(id: &str, full: bool) -> String {
    let digits = id.starts_with(|c: char| c.is_ascii_hexdigit());
    if full || !digits { id.to_owned() } else { id.chars().take(12).collect() }
}

/// Tabs would shift columns.
fn step(text: &str, full: bool) -> String {
    let text = text.replace('\t', " ");
    if full || text.chars().count() <= 45 { text } else { text.chars().take(42).collect::<String>() + "..." }
}
