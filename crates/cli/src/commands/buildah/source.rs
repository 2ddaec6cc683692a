//! `buildah source`: source images, which hold what an image was made from.

use crate::context::Context;
use crate::error::{Failure, chain};
use crate::flags::registry::credentials;
use crate::output::progress::Reporter;
use crate::syntax::command::{Arguments, Command, Needs};
use crate::syntax::flag::Flag;
use crate::syntax::matches::Matches;
use engine::image::RegistryOptions;
use image::{Location, Options, source_image};
use std::path::Path;

/// `buildah source create`
pub static CREATE: Command = Command {
    usage: "[options] PATH",
    summary: "Make a source image in a new folder",
    details: "The folder is an OCI layout, without any sources yet.",
    examples: &["buildah source create app-source"],
    flags: &[CREATE_FLAGS],
    stops: false,
    arguments: Arguments::Exactly(1),
    needs: Needs::Nothing,
    run: create,
};

/// `buildah source add`
pub static ADD: Command = Command {
    usage: "[options] PATH ARTIFACT",
    summary: "Add a file or a folder to a source image",
    details: "It is added as an archive; one that is compressed by gzip already stays as it is.",
    examples: &["buildah source add app-source app.tar.gz"],
    flags: &[ADD_FLAGS],
    stops: false,
    arguments: Arguments::Exactly(2),
    needs: Needs::Nothing,
    run: add,
};

/// `buildah source push`
pub static PUSH: Command = Command {
    usage: "[options] PATH IMAGE",
    summary: "Copy a source image to a registry",
    details: "",
    examples: &["buildah source push app-source registry.example.com/app:source"],
    flags: &[COPY_FLAGS, PUSH_FLAGS],
    stops: false,
    arguments: Arguments::Exactly(2),
    needs: Needs::Store,
    run: |context, matches| {
        let [path, name] = [&matches.arguments[0], &matches.arguments[1]];
        copy(context, matches, (layout(path)?, remote(name)?))
    },
};

/// `buildah source pull`
pub static PULL: Command = Command {
    usage: "[options] IMAGE PATH",
    summary: "Copy a source image from a registry to a new folder",
    details: "",
    examples: &["buildah source pull registry.example.com/app:source app-source"],
    flags: &[COPY_FLAGS],
    stops: false,
    arguments: Arguments::Exactly(2),
    needs: Needs::Store,
    run: |context, matches| {
        let [name, path] = [&matches.arguments[0], &matches.arguments[1]];
        if Path::new(path).exists() {
            return Err(Failure::new(format!("{} already exists", crate::output::quote(path))));
        }
        copy(context, matches, (remote(name)?, layout(path)?))
    },
};

static CREATE_FLAGS: &[Flag] =
    &[Flag::text("author", "string", "Who made it"), Flag::bool("time-stamp", "Note the time").default("true")];

static ADD_FLAGS: &[Flag] = &[Flag::array("annotation", "stringArray", "Add an annotation (key=value)")];

static COPY_FLAGS: &[Flag] = &[
    Flag::text("creds", "credentials", "Credentials for the registry (name:password)"),
    Flag::bool("quiet", "Don't show what is copied").short('q'),
    Flag::bool("tls-verify", "Demand https and valid certificates").default("true"),
];

static PUSH_FLAGS: &[Flag] = &[Flag::text("digestfile", "string", "Write the manifest's digest into this file")];

fn create(_context: &Context, matches: &Matches) -> Result<i32, Failure> {
    let now = jiff::Timestamp::now().to_string();
    let created = matches.maybe_bool("time-stamp").unwrap_or(true).then_some(now.as_str());
    let made = source_image::create(Path::new(&matches.arguments[0]), matches.text("author"), created);
    made.map(|()| 0).map_err(|error| Failure::new(chain(&error)))
}

fn add(_context: &Context, matches: &Matches) -> Result<i32, Failure> {
    let pair = |text: &String| match text.split_once('=') {
        Some((key, value)) => Ok((key.to_owned(), value.to_owned())),
        None => Err(Failure::new(format!("invalid annotation {text}: expected key=value"))),
    };
    let annotations = matches.list("annotation").iter().map(pair).collect::<Result<_, _>>()?;
    let [path, artifact] = [&matches.arguments[0], &matches.arguments[1]].map(Path::new);
    let added = source_image::add(path, artifact, annotations);
    added.map(|()| 0).map_err(|error| Failure::new(chain(&error)))
}

fn layout(path: &str) -> Result<Location, Failure> {
    format!("oci:{path}").parse().map_err(|error| Failure::new(format!("{path}: {error}")))
}

fn remote(name: &str) -> Result<Location, Failure> {
    let text = if name.starts_with("docker://") { name.to_owned() } else { format!("docker://{name}") };
    text.parse().map_err(|error| Failure::new(format!("{name}: {error}")))
}

fn copy(context: &Context, matches: &Matches, (from, to): (Location, Location)) -> Result<i32, Failure> {
    let registry = RegistryOptions {
        credentials: matches.text("creds").map(credentials).transpose()?,
        tls_verify: matches.maybe_bool("tls-verify"),
        ..RegistryOptions::default()
    };
    let progress = Reporter::new(matches.bool("quiet"));
    let copied =
        engine::image::copy(context.engine()?, (&from, &registry), (&to, &registry), &Options::new(&progress))?;
    progress.finish();
    crate::commands::image::push::write_digest(matches, &copied)?;
    Ok(0)
}
