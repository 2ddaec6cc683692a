//! `images`, `image list`.

use crate::context::Context;
use crate::error::Failure;
use crate::output::report::{Report, is_json};
use crate::output::template::{self, JSON_FORM, Types};
use crate::output::{duration, go_time, json, size, stream};
use crate::syntax::command::{Arguments, Command, Needs};
use crate::syntax::flag::Flag;
use crate::syntax::matches::Matches;
use engine::image::{ImageSummary, ListOptions, list};
use jiff::Timestamp;
use serde_json::{Value, json};

/// `images`
pub static COMMAND: Command = Command {
    usage: "[options] [IMAGE]",
    summary: "List images",
    details: "Lists images that are here, newest first, one line for each name.",
    examples: &["images", "images --format json", "images --filter dangling=true"],
    flags: &[FLAGS],
    stops: false,
    arguments: Arguments::AtMost(1),
    needs: Needs::Store,
    run,
};

/// Its own flags.
pub static FLAGS: &[Flag] = &[
    Flag::bool("all", "Also images without a name that others are built on").short('a'),
    Flag::bool("digests", "Also show digests"),
    Flag::array("filter", "stringArray", "Only images that match (key=value)").short('f'),
    Flag::text("format", "string", "Show by a Go template, or json"),
    Flag::bool("history", "Also show the names in the order they were given"),
    Flag::bool("no-trunc", "Don't shorten ids").alias(&["notruncate"]),
    Flag::bool("noheading", "No header line").short('n'),
    Flag::bool("quiet", "Only ids").short('q'),
    Flag::choice("sort", &["created", "id", "repository", "size", "tag"], "Sort by"),
];

const HEADERS: &[(&str, &str)] = &[
    ("Repository", "REPOSITORY"),
    ("Tag", "TAG"),
    ("Digest", "DIGEST"),
    ("ID", "IMAGE ID"),
    ("Id", "IMAGE ID"),
    ("Created", "CREATED"),
    ("CreatedAt", "CREATED AT"),
    ("CreatedSince", "CREATED"),
    ("CreatedTime", "CREATED TIME"),
    ("Size", "SIZE"),
    ("VirtualSize", "VIRTUAL SIZE"),
    ("SharedSize", "SHARED SIZE"),
    ("Labels", "LABELS"),
    ("Containers", "CONTAINERS"),
    ("Names", "NAMES"),
    ("History", "HISTORY"),
    ("ParentId", "PARENT ID"),
    ("RepoTags", "REPO TAGS"),
    ("RepoDigests", "REPO DIGESTS"),
    ("Arch", "ARCH"),
    ("Os", "OS"),
    ("Dangling", "DANGLING"),
    ("ReadOnly", "R/O"),
    ("IsManifestList", "IS MANIFEST LIST"),
];

const TYPES: Types = Types {
    root: "images.imageReporter",
    maps: &["Labels"],
    pointers: &["IsManifestList"],
    embedded: "ImageSummary",
    own: &["Repository", "Tag"],
    ..Types::NONE
};

/// Does it.
pub fn run(context: &Context, matches: &Matches) -> Result<i32, Failure> {
    let options = ListOptions {
        all: matches.bool("all"),
        filters: matches.list("filter").iter().map(|text| filter(text)).collect::<Result<_, _>>()?,
        name: matches.arguments.first().cloned(),
    };
    let images = list(context.engine()?, &options)?;
    let full = matches.bool("no-trunc");
    match matches.text("format") {
        Some(format) if is_json(format) => {
            // One a name, as in the table.
            let objects: Vec<Value> = sorted(&images, full, matches).iter().map(|(image, _)| object(image)).collect();
            stream::line(&json::pretty(&objects, "    ")?)?;
        }
        _ if matches.bool("quiet") => ids(&images, full, matches)?,
        given => table(&images, full, given, matches)?,
    }
    Ok(0)
}

/// `KEY=VALUE`.
pub fn filter(text: &str) -> Result<(String, String), Failure> {
    let form = "must be in the format \"filter=value or filter!=value\"";
    match text.split_once('=') {
        Some((key, value)) => Ok((key.to_owned(), value.to_owned())),
        None => Err(Failure::new(format!("invalid image filter {}: {form}", crate::output::quote(text)))),
    }
}

/// Each image once, in the order of the table.
fn ids(images: &[ImageSummary], full: bool, matches: &Matches) -> Result<(), Failure> {
    let mut shown = Vec::new();
    for (_, row) in sorted(images, full, matches) {
        let id = row["ID"].as_str().unwrap_or_default().to_owned();
        if !shown.contains(&id) {
            stream::line(&id)?;
            shown.push(id);
        }
    }
    Ok(())
}

fn table(images: &[ImageSummary], full: bool, given: Option<&str>, matches: &Matches) -> Result<(), Failure> {
    let digest = if matches.bool("digests") { "{{.Digest}}\t" } else { "" };
    let history = if matches.bool("history") { "\t{{if .History}}{{.History}}{{else}}<none>{{end}}" } else { "" };
    let read_only = if images.iter().any(|image| image.read_only) { "\t{{.ReadOnly}}" } else { "" };
    let own = format!(
        "table {{{{.Repository}}}}\t{{{{.Tag}}}}\t{digest}{{{{.ID}}}}\t{{{{.CreatedSince}}}}\t{{{{.Size}}}}{history}{read_only}"
    );
    let format = given.unwrap_or(&own);
    let wants_whole = template::wants_whole(format, TYPES);
    let row = |(image, mut row): (&ImageSummary, Value)| {
        if wants_whole {
            let whole = whole(image);
            row[JSON_FORM] = template_object(&row, &whole);
            row[TYPES.embedded] = whole;
        }
        row
    };
    let rows = sorted(images, full, matches).into_iter().map(row).collect();
    Report { name: "images", format, headers: HEADERS, noheading: matches.bool("noheading"), types: TYPES }.print(rows)
}

/// One row a name.
fn sorted<'a>(images: &'a [ImageSummary], full: bool, matches: &Matches) -> Vec<(&'a ImageSummary, Value)> {
    let mut rows: Vec<(&ImageSummary, Value)> = images
        .iter()
        .flat_map(|image| {
            names(image).into_iter().map(move |(repository, tag)| (image, row(image, repository, tag, full)))
        })
        .collect();
    let text = |row: &Value, field: &str| row[field].as_str().unwrap_or_default().to_owned();
    match matches.text("sort") {
        Some("repository") => rows.sort_by_key(|(_, row)| text(row, "Repository")),
        Some("tag") => rows.sort_by_key(|(_, row)| text(row, "Tag")),
        Some("id") => rows.sort_by_key(|(image, _)| image.id.clone()),
        Some("size") => rows.sort_by_key(|(image, _)| image.size),
        _ => rows.sort_by_key(|(image, _)| std::cmp::Reverse(image.created)),
    }
    rows
}

/// Repository and tag of each name; `<none>` where there is none.
fn names(image: &ImageSummary) -> Vec<(String, String)> {
    let none = || "<none>".to_owned();
    let tagged: Vec<_> = image.repo_tags.iter().flatten().map(|name| split(name)).collect();
    if !tagged.is_empty() {
        return tagged;
    }
    match image.repo_digests.first().and_then(|name| name.split_once('@')) {
        Some((repository, _)) => vec![(repository.to_owned(), none())],
        None => vec![(none(), none())],
    }
}

/// A colon before the last slash belongs to a port.
fn split(name: &str) -> (String, String) {
    let slash = name.rfind('/').map_or(0, |at| at + 1);
    match name[slash..].rfind(':') {
        Some(colon) => (name[..slash + colon].to_owned(), name[slash + colon + 1..].to_owned()),
        None => (name.to_owned(), "<none>".to_owned()),
    }
}

fn row(image: &ImageSummary, repository: String, tag: String, full: bool) -> Value {
    let created = Timestamp::from_second(image.created.as_second()).unwrap_or_default();
    let since = duration::since(created) + " ago";
    let id = if full { format!("sha256:{}", image.id) } else { image.id.chars().take(12).collect() };
    json!({
        "Repository": repository, "Tag": tag, "ID": id, "Id": image.id, "Digest": image.digest,
        "Created": since, "CreatedSince": since, "CreatedAt": go_time(&created.to_string()),
        "CreatedTime": go_time(&created.to_string()),
        "Size": size::spaced(image.size), "VirtualSize": image.virtual_size, "SharedSize": image.shared_size,
        "Labels": image.labels, "Containers": image.containers, "Names": image.names,
        "History": oldest_first(image).join(", "), "ParentId": image.parent_id,
        "RepoTags": image.repo_tags, "RepoDigests": image.repo_digests,
        "Arch": image.arch, "Os": image.os, "Dangling": image.dangling, "ReadOnly": image.read_only,
        "IsDangling": image.dangling, "IsReadOnly": image.read_only,
        "IsManifestList": if image.is_manifest_list { json!(true) } else { Value::Null },
    })
}

/// All about it, in the order and with the types of Podman's struct.
fn whole(image: &ImageSummary) -> Value {
    json!({
        "ID": image.id, "ParentId": image.parent_id, "RepoTags": image.repo_tags, "RepoDigests": image.repo_digests,
        "Created": image.created.as_second(), "Size": image.size, "SharedSize": image.shared_size, "VirtualSize": image.virtual_size,
        "Labels": (!image.labels.is_empty()).then_some(&image.labels), "Containers": image.containers,
        "ReadOnly": image.read_only, "Dangling": image.dangling, "Arch": image.arch, "Digest": image.digest,
        "History": oldest_first(image), "IsManifestList": image.is_manifest_list.then_some(true),
        "Names": image.names, "Os": image.os,
    })
}

/// What `json` makes of a row.
fn template_object(row: &Value, whole: &Value) -> Value {
    let mut object = json!({ "repository": row["Repository"], "tag": row["Tag"], "Id": whole["ID"] });
    for field in [
        "ParentId",
        "RepoTags",
        "RepoDigests",
        "Created",
        "Size",
        "SharedSize",
        "VirtualSize",
        "Labels",
        "Containers",
        "Digest",
        "History",
        "Names",
    ] {
        object[field] = whole[field].clone();
    }
    object
}

fn oldest_first(image: &ImageSummary) -> Vec<&str> {
    image.names.iter().rev().map(String::as_str).collect()
}

/// As Podman's JSON: nothing where there is nothing.
fn object(image: &ImageSummary) -> Value {
    let mut object = json!({
        "Id": image.id, "ParentId": image.parent_id, "RepoTags": null, "RepoDigests": image.repo_digests,
        "Size": image.size, "SharedSize": image.shared_size, "VirtualSize": image.virtual_size,
        "Labels": (!image.labels.is_empty()).then_some(&image.labels), "Containers": image.containers,
    });
    if image.dangling {
        object["Dangling"] = json!(true);
    }
    if image.read_only {
        object["ReadOnly"] = json!(true);
    }
    object["Digest"] = json!(image.digest);
    if !image.names.is_empty() {
        object["History"] = json!(oldest_first(image));
        object["Names"] = json!(image.names);
    }
    object["Created"] = json!(image.created.as_second());
    object["CreatedAt"] = json!(image.created_at);
    object
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repository_and_tag() {
        assert_eq!(split("localhost:5000/a/b:1"), ("localhost:5000/a/b".into(), "1".into()));
        assert_eq!(split("localhost:5000/a"), ("localhost:5000/a".into(), "<none>".into()));
    }
}
