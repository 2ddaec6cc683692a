//! `artifact add`: files become an artifact, or part of one.

use crate::commands::manifest::annotations;
use crate::context::Context;
use crate::error::Failure;
use crate::output::stream;
use crate::syntax::command::{Arguments, Command, Needs};
use crate::syntax::flag::Flag;
use crate::syntax::matches::Matches;
use engine::artifact::Adding;
use std::path::PathBuf;

/// `artifact add`
pub static COMMAND: Command = Command {
    usage: "[options] ARTIFACT PATH [PATH...]",
    summary: "Make an artifact of files",
    details: "Copies the files into the store, as an artifact of that name, and prints the digest of its manifest.",
    examples: &[
        "artifact add quay.io/myartifact/myml:latest foobar.ml",
        "artifact add --type application/com.example.ai --file-type application/vnd.gguf quay.io/a/model:1 model.gguf",
        "artifact add --append quay.io/myartifact/myml:latest config.yaml",
    ],
    flags: &[FLAGS],
    stops: false,
    arguments: Arguments::AtLeast(2),
    needs: Needs::Store,
    run,
};

static FLAGS: &[Flag] = &[
    Flag::array("annotation", "annotation", "Set an annotation of each file and of a new artifact (key=value)"),
    Flag::bool("append", "Add the files to an artifact that is there").short('a'),
    Flag::text("file-type", "string", "The media type of the files, instead of what they look like"),
    Flag::bool("replace", "Replace an artifact of that name"),
    Flag::text("type", "string", "The type of the artifact"),
];

fn run(context: &Context, matches: &Matches) -> Result<i32, Failure> {
    let text = |name: &str| matches.text(name).map(str::to_owned);
    let adding = Adding {
        append: matches.bool("append"),
        replace: matches.bool("replace"),
        artifact_type: text("type"),
        file_type: text("file-type"),
        annotations: annotations(matches)?,
    };
    let (name, files) = (&matches.arguments[0], &matches.arguments[1..]);
    if adding.append && adding.replace {
        return Err(Failure::new("--append and --replace options cannot be used together"));
    }
    if adding.append && adding.artifact_type.is_some() {
        return Err(Failure::new("append option is not compatible with type option"));
    }
    if name.is_empty() {
        return Err(Failure::new("artifact name cannot be empty"));
    }
    let files: Vec<PathBuf> = files.iter().map(PathBuf::from).collect();
    stream::line(engine::artifact::add(context.engine()?, name, &files, &adding)?.hex())?;
    Ok(0)
}
