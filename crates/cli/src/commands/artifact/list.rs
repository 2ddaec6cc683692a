//! `artifact ls`.

use crate::context::Context;
use crate::error::Failure;
use crate::output::report::Report;
use crate::output::template::Types;
use crate::output::{duration, go_time, size};
use crate::syntax::command::{Arguments, Command, Needs};
use crate::syntax::flag::Flag;
use crate::syntax::matches::Matches;
use engine::artifact::Artifact;
use serde_json::{Value, json};

/// `artifact ls`
pub static COMMAND: Command = Command {
    usage: "[options]",
    summary: "List artifacts",
    details: "Lists the artifacts that are here.",
    examples: &["artifact ls", "artifact ls --format '{{.Digest}} {{.Size}}'"],
    flags: &[FLAGS],
    stops: false,
    arguments: Arguments::None,
    needs: Needs::Store,
    run,
};

static FLAGS: &[Flag] = &[
    Flag::text("format", "string", "Show by a Go template"),
    Flag::bool("no-trunc", "Don't shorten digests"),
    Flag::bool("noheading", "No header line").short('n'),
];

const HEADERS: &[(&str, &str)] = &[
    ("Repository", "REPOSITORY"),
    ("Tag", "TAG"),
    ("Digest", "DIGEST"),
    ("Created", "CREATED"),
    ("CreatedAt", "CREATED AT"),
    ("Size", "SIZE"),
    ("VirtualSize", "VIRTUAL SIZE"),
];

const TYPES: Types = Types { root: "artifact.artifactListOutput", ..Types::NONE };

fn run(context: &Context, matches: &Matches) -> Result<i32, Failure> {
    let artifacts = engine::artifact::list(context.engine()?)?;
    let own = "table {{.Repository}}\t{{.Tag}}\t{{.Digest}}\t{{.Created}}\t{{.Size}}";
    let format = matches.text("format").unwrap_or(own);
    let rows = artifacts.iter().map(|artifact| row(artifact, matches.bool("no-trunc"))).collect();
    let noheading = matches.bool("noheading");
    Report { name: "list", format, headers: HEADERS, noheading, types: TYPES }.print(rows)?;
    Ok(0)
}

fn row(artifact: &Artifact, full: bool) -> Value {
    let (repository, tag) = split(&artifact.name);
    let created = artifact.manifest.annotations.get(image::artifact::CREATED);
    let created = created.and_then(|text| duration::timestamp(text));
    let size = image::artifact::size(&artifact.manifest);
    json!({
        "Repository": repository, "Tag": tag,
        "Digest": if full { artifact.digest.hex() } else { artifact.digest.short() },
        "Created": created.map(|then| duration::since(then) + " ago").unwrap_or_default(),
        "CreatedAt": created.map(|then| go_time(&then.to_string())).unwrap_or_default(),
        "Size": size::precise(size), "VirtualSize": size,
    })
}

/// Of a name as it was given: without a tag or digest there is none.
fn split(name: &str) -> (&str, &str) {
    let name = name.split_once('@').map_or(name, |(name, _)| name);
    let slash = name.rfind('/').unwrap_or(0);
    match name[slash..].find(':') {
        Some(colon) => (&name[..slash + colon], &name[slash + colon + 1..]),
        None => (name, ""),
    }
}

#[cfg(test)]
mod tests {
    use super::split;

    #[test]
    fn names_are_split_as_they_are() {
        assert_eq!(split("localhost:5000/a/b:1"), ("localhost:5000/a/b", "1"));
        assert_eq!(split("localhost:5000/a"), ("localhost:5000/a", ""));
        assert_eq!(split("short:2"), ("short", "2"));
        assert_eq!(split("q.io/a:1@sha256:00"), ("q.io/a", "1"));
    }
}
