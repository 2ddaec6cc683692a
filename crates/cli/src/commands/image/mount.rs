//! `image mount`.

use crate::context::Context;
use crate::error::Failure;
use crate::output::{json, quote, stream, table};
use crate::syntax::command::{Arguments, Command, Needs};
use crate::syntax::flag::Flag;
use crate::syntax::matches::Matches;
use engine::image::{Mounted, mount, mounted_images};
use serde_json::{Value, json};

/// `image mount`
pub static COMMAND: Command = Command {
    usage: "[options] [IMAGE...]",
    summary: "Mount images, so that their files can be looked at",
    details: "Mounts images read-only and prints where. Each call counts: as many calls of image unmount end it.\n\
              Without images it lists what is mounted. For root only.",
    examples: &["image mount alpine", "image mount --format json", "image mount --all"],
    flags: &[FLAGS],
    stops: false,
    arguments: Arguments::Any,
    needs: Needs::Store,
    run,
};

static FLAGS: &[Flag] =
    &[Flag::bool("all", "All images that are here").short('a'), Flag::text("format", "string", "List as json")];

fn run(context: &Context, matches: &Matches) -> Result<i32, Failure> {
    let (names, all) = (&matches.arguments, matches.bool("all"));
    if all && !names.is_empty() {
        return Err(Failure::new("when using the --all switch, you may not pass any image names or IDs"));
    }
    let format = matches.text("format").filter(|format| !format.is_empty());
    if let Some(format) = format.filter(|format| *format != "json") {
        return Err(Failure::new(format!("unknown --format argument: {}", quote(format))));
    }
    let engine = context.engine()?;
    let mounted = if all || !names.is_empty() { mount(engine, names, all)? } else { mounted_images(engine)? };
    match (format, mounted.as_slice()) {
        (Some(_), mounted) => {
            let objects: Vec<Value> = mounted.iter().map(object).collect();
            stream::line(&json::pretty(&objects, " ")?)?;
        }
        (None, [one]) if !all && !names.is_empty() => stream::line(&one.place.display().to_string())?,
        (None, mounted) => stream::print(&table::align(&mounted.iter().map(line).collect::<String>()))?,
    }
    Ok(0)
}

fn line(mounted: &Mounted) -> String {
    format!("{}\t{}\n", mounted.names.first().unwrap_or(&mounted.id), mounted.place.display())
}

/// Podman's object, whose names are digests.
fn object(mounted: &Mounted) -> Value {
    json!({
        "id": mounted.id, "Names": mounted.digests, "Repositories": mounted.names, "mountpoint": mounted.place,
    })
}
