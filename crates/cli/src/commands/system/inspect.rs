//! `inspect`: all about any object, and the work of `container inspect` and `image inspect`.

use crate::commands::artifact;
use crate::commands::container::select::{LATEST, latest};
use crate::context::Context;
use crate::error::Failure;
use crate::output::template::JSON_FORM;
use crate::output::{json, quote, report, stream};
use crate::syntax::command::{Arguments, Command, Needs};
use crate::syntax::flag::Flag;
use crate::syntax::matches::Matches;
use serde_json::Value;

mod shape;

/// `inspect`
pub static COMMAND: Command = Command {
    usage: "[options] {ARTIFACT|CONTAINER|IMAGE} [...]",
    summary: "Show all about an object",
    details: "Prints all that is known about containers, images and artifacts, as JSON or by a Go template.\n\
              A name that several have means the container, else the image, unless --type says otherwise.",
    examples: &["inspect web", "inspect --type image alpine", "inspect --format '{{.State.Status}}' web"],
    flags: &[SHOW_FLAGS, &[LATEST, SIZE, TYPE]],
    stops: false,
    arguments: Arguments::Any,
    needs: Needs::Store,
    run,
};

/// Flags of all three commands.
pub static SHOW_FLAGS: &[Flag] = &[Flag::text("format", "string", "Show by a Go template, or json").short('f')];

/// `--size`.
pub const SIZE: Flag = Flag::bool("size", "Also count the bytes on disk").short('s');

const TYPE: Flag =
    Flag::text("type", "string", "What kind of object: container, image, artifact, all").short('t').default("all");

/// What kind of object is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Whichever has the name.
    All,
    /// A container.
    Container,
    /// An image.
    Image,
    /// An artifact.
    Artifact,
}

fn run(context: &Context, matches: &Matches) -> Result<i32, Failure> {
    let kind = match matches.text("type").unwrap_or("all") {
        "all" => Kind::All,
        "container" => Kind::Container,
        "image" => Kind::Image,
        "artifact" => Kind::Artifact,
        later @ ("pod" | "network" | "volume") => {
            return Err(Failure::new(format!(
                "inspect --type {later} is not supported yet: minke has no such objects"
            )));
        }
        other => {
            let words = r#""image", "container", "pod", "network", "volume", "artifact", or "all""#;
            return Err(Failure::new(format!("invalid type {}: must be {words}", quote(other))));
        }
    };
    inspect(context, matches, kind)
}

/// Shows what was found; then complains about what was not.
pub fn inspect(context: &Context, matches: &Matches, kind: Kind) -> Result<i32, Failure> {
    let names = match (matches.bool("latest"), matches.arguments.is_empty()) {
        (true, true) => vec![latest(context)?],
        (true, false) => return Err(Failure::new("--latest and arguments cannot be used together")),
        (false, true) => return Err(Failure::new("no names or ids specified")),
        (false, false) => matches.arguments.clone(),
    };
    let (mut objects, mut failures) = (Vec::new(), Vec::new());
    for name in &names {
        match one(context, name, kind, matches.bool("size")) {
            Ok(object) => objects.push(object),
            Err(failure) => failures.push(failure),
        }
    }
    show(matches.text("format").filter(|format| !format.is_empty()).unwrap_or("json"), objects)?;
    let last = failures.pop();
    failures.iter().for_each(Failure::print);
    last.map_or(Ok(0), Err)
}

fn one(context: &Context, name: &str, kind: Kind, size: bool) -> Result<Value, Failure> {
    let engine = context.engine()?;
    if kind == Kind::Artifact {
        return Ok(artifact::inspect::fields(&engine::artifact::inspect(engine, name)?));
    }
    if kind != Kind::Image {
        match engine::container::inspect(engine, name, size) {
            Ok(object) => return Ok(object.0),
            Err(engine::Error::NoSuchContainer(_)) if kind == Kind::All => {}
            Err(engine::Error::NoSuchContainer(_)) => {
                return Err(Failure::new(format!("no such container {}", quote(name))));
            }
            Err(error) => return Err(error.into()),
        }
    }
    match engine::image::inspect(engine, name) {
        Ok(object) => Ok(object.0),
        Err(engine::Error::Image(image::Error::NotKnown { .. })) if kind == Kind::All => {
            let found = engine::artifact::inspect(engine, name).map(|found| artifact::inspect::fields(&found));
            found.map_err(|_| Failure::new(format!("no such object: {}", quote(name))))
        }
        Err(error) => Err(error.into()),
    }
}

fn show(format: &str, objects: Vec<Value>) -> Result<(), Failure> {
    if format == "json" {
        let objects: Vec<Value> =
            objects.into_iter().map(|object| object.get(JSON_FORM).cloned().unwrap_or(object)).collect();
        return stream::line(&json::unescaped(&objects, "     ")?);
    }
    report::each("inspect", format, objects.into_iter().map(shape::fields).collect(), shape::TYPES)
}
