//! `manifest add`: images, or an artifact made of files, into a list.

use super::{CHANGES, INSECURE, changes, registry_options};
use crate::context::Context;
use crate::error::Failure;
use crate::flags::registry;
use crate::output::stream;
use crate::syntax::command::{Arguments, Command, Needs};
use crate::syntax::flag::Flag;
use crate::syntax::matches::Matches;
use engine::Engine;
use engine::manifest::{Adding, Artifact};
use std::path::PathBuf;

/// `manifest add`
pub static COMMAND: Command = Command {
    usage: "[options] LIST IMAGEORARTIFACT [IMAGEORARTIFACT...]",
    summary: "Add images to a manifest list",
    details: "Adds images that are here or in a registry, or by a location such as oci:PATH. With --artifact the arguments \
              are files, of which an artifact is made. Prints the list's id.",
    examples: &[
        "manifest add mylist:v1.11 image:v1.11-amd64",
        "manifest add --arch arm64 --variant v8 mylist:v1.11 docker://quay.io/a/b:1",
        "manifest add --artifact --artifact-type text/plain mylist:v1.11 notes.txt",
    ],
    flags: &[FLAGS, CHANGES, registry::FLAGS, &[INSECURE]],
    stops: false,
    arguments: Arguments::AtLeast(2),
    needs: Needs::Store,
    run,
};

static FLAGS: &[Flag] = &[
    Flag::bool("all", "All images of a list that is added"),
    Flag::bool("artifact", "The arguments are files of an artifact"),
    Flag::text("artifact-config", "string", "File with the artifact's configuration"),
    Flag::text("artifact-config-type", "string", "Type of the artifact's configuration"),
    Flag::bool("artifact-exclude-titles", "Leave the names of the files out"),
    Flag::text("artifact-layer-type", "string", "Type of the artifact's files, instead of what they look like"),
    Flag::text("artifact-subject", "string", "The image that the artifact is about"),
    Flag::text("artifact-type", "string", "The artifact's type"),
];

/// The longest configuration of an artifact, in bytes: it stands in the manifest, in base64.
const MAX_CONFIG: u64 = 2 << 20;

fn run(context: &Context, matches: &Matches) -> Result<i32, Failure> {
    let (list, names) = (&matches.arguments[0], &matches.arguments[1..]);
    let changes = changes(matches)?;
    let engine = context.engine()?;
    let id = match matches.bool("artifact") {
        true => {
            if matches.bool("all") {
                return Err(Failure::new("--all can't be used with --artifact"));
            }
            let files: Vec<PathBuf> = names.iter().map(PathBuf::from).collect();
            engine::manifest::add_artifact(engine, list, &files, &artifact(engine, matches)?, &changes)?
        }
        false => {
            let flags = FLAGS.iter().map(|flag| flag.name).filter(|name| name.starts_with("artifact-"));
            if let Some(flag) = flags.into_iter().find(|name| matches.given(name)) {
                return Err(Failure::new(format!("--{flag} requires --artifact")));
            }
            let adding = Adding { all: matches.bool("all"), changes };
            engine::manifest::add(engine, list, names, &adding, &registry_options(matches)?)?
        }
    };
    stream::line(&id)?;
    Ok(0)
}

fn artifact(engine: &Engine, matches: &Matches) -> Result<Artifact, Failure> {
    let text = |name: &str| matches.text(name).map(str::to_owned);
    let registry = registry_options(matches)?;
    let subject = matches.text("artifact-subject");
    let subject = subject.map(|name| engine::manifest::descriptor(engine, name, &registry)).transpose()?;
    Ok(Artifact {
        artifact_type: text("artifact-type"),
        config: matches.text("artifact-config").map(config).transpose()?,
        config_type: text("artifact-config-type"),
        layer_type: text("artifact-layer-type"),
        without_titles: matches.bool("artifact-exclude-titles"),
        subject,
    })
}

fn config(file: &str) -> Result<Vec<u8>, Failure> {
    let failed = |why: String| Failure::new(format!("read artifact configuration `{file}`: {why}"));
    let size = std::fs::metadata(file).map_err(|error| failed(error.to_string()))?.len();
    if size > MAX_CONFIG {
        return Err(failed(format!("it has {size} bytes, more than {MAX_CONFIG}")));
    }
    std::fs::read(file).map_err(|error| failed(error.to_string()))
}
