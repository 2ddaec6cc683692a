//! `buildah inspect`: all about a working container, or about an image.

use super::describe;
use crate::context::Context;
use crate::error::{Failure, chain};
use crate::output::report::each;
use crate::output::template::{JSON_FORM, Types};
use crate::output::{json, stream};
use crate::syntax::command::{Arguments, Command, Needs};
use crate::syntax::flag::Flag;
use crate::syntax::matches::Matches;
use engine::{Engine, Error, working};
use serde_json::Value;

/// `buildah inspect`
pub static COMMAND: Command = Command {
    usage: "[options] CONTAINER|IMAGE",
    summary: "Show all about a working container or an image",
    details: "",
    examples: &[
        "buildah inspect alpine-working-container",
        "buildah inspect --type image --format '{{.OCIv1.Config.Env}}' alpine",
    ],
    flags: &[FLAGS],
    stops: true,
    arguments: Arguments::Any,
    needs: Needs::Store,
    run,
};

static FLAGS: &[Flag] = &[
    Flag::text("format", "string", "Show by a Go template").short('f'),
    Flag::text("type", "string", "What it is: container, image").short('t').default("container"),
];

const TYPES: Types = Types {
    root: "*buildah.BuilderInfo",
    maps: &["Labels", "ImageAnnotations", "ExposedPorts", "Volumes"],
    times: &["Created"],
    ..Types::NONE
};

fn run(context: &Context, matches: &Matches) -> Result<i32, Failure> {
    let name = match matches.arguments.as_slice() {
        [] => return Err(Failure::new("container or image name must be specified")),
        [name] => name,
        [_, rest @ ..] => match rest.iter().find(|word| word.starts_with('-')) {
            Some(flag) => {
                return Err(Failure::new(format!(
                    "no options ({flag}) can be specified after the image or container name"
                )));
            }
            None => return Err(Failure::new("too many arguments specified")),
        },
    };
    let engine = context.engine()?;
    let object = match matches.text("type") {
        Some("image") => image(engine, name)?,
        None | Some("container") => match working::find(engine, name) {
            Ok(found) => describe::working(engine, &found),
            // Without the flag it may be either.
            Err(Error::NotWorking(_)) if !matches.given("type") => image(engine, name)?,
            Err(error) => return Err(super::not_read(name, &error)),
        },
        Some(_) => return Err(Failure::new("the only recognized types are \"container\" and \"image\"")),
    };
    match matches.text("format") {
        Some(format) => each("inspect", format, vec![object], TYPES)?,
        None => stream::line(&json::unescaped(&shown(object), "    ")?)?,
    }
    Ok(0)
}

/// As JSON has it.
fn shown(mut object: Value) -> Value {
    for part in ["OCIv1", "Docker"] {
        let form = object[part].as_object_mut().and_then(|part| part.remove(JSON_FORM));
        object[part] = form.unwrap_or_default();
    }
    object
}

fn image(engine: &Engine, name: &str) -> Result<Value, Failure> {
    match working::image(engine, name) {
        Ok(found) => Ok(describe::image(&found)),
        Err(Error::Image(error)) if error.is_missing() => {
            Err(Failure::new(format!("importing settings: {name}: image not known")))
        }
        Err(error) => Err(Failure::new(format!("importing settings: {}", chain(&error)))),
    }
}
