//! `skopeo inspect`.

use super::access::{self, AUTHFILE, ONE, PLACE, RETRY};
use super::{failed, global, location};
use crate::context::Context;
use crate::error::Failure;
use crate::output::report;
use crate::output::template::Types;
use crate::output::{json, stream};
use crate::syntax::command::{Arguments, Command, Needs};
use crate::syntax::flag::Flag;
use crate::syntax::matches::Matches;
use engine::image::RegistryOptions;
use image::Location;
use image::look::Look;
use oci::image::ImageConfig;
use oci::reference::Name;
use serde_json::{Value, json};

/// `skopeo inspect`
pub static COMMAND: Command = Command {
    usage: "[options] IMAGE-NAME",
    summary: "Show an image where it is",
    details: "Shows what manifest and configuration of an image say, without fetching its layers.",
    examples: &["skopeo inspect docker://quay.io/podman/hello", "skopeo inspect --raw oci:hello"],
    flags: &[FLAGS, AUTHFILE, ONE, PLACE, RETRY, global::FLAGS],
    stops: false,
    arguments: Arguments::Any,
    needs: Needs::Store,
    run,
};

static FLAGS: &[Flag] = &[
    Flag::bool("config", "Show the configuration"),
    Flag::text("format", "string", "Show by a Go template").short('f'),
    Flag::bool("no-tags", "Don't list the repository's tags").short('n'),
    Flag::bool("raw", "Show the manifest or configuration as it is"),
];

const TYPES: Types =
    Types { root: "inspect.Output", maps: &["Labels", "Annotations"], times: &["Created"], ..Types::NONE };

fn run(context: &Context, matches: &Matches) -> Result<i32, Failure> {
    let [name] = matches.arguments.as_slice() else {
        return Err(Failure::new("Exactly one argument expected"));
    };
    if matches.bool("raw") && matches.given("format") {
        return Err(Failure::new("raw output does not support format option"));
    }
    let location = location(name, "Error parsing image name")?;
    let options = access::options(matches, "")?;
    let look = engine::image::look(context.engine()?, &location, &options, global::platform(matches)?.as_ref())
        .map_err(|error| failed(error).context(format!("Error parsing image name {}", crate::output::quote(name))))?;
    match (matches.bool("config"), matches.bool("raw")) {
        (true, true) => stream::bytes(&look.config)?,
        (false, true) => stream::bytes(&look.top.bytes)?,
        (true, false) => show(matches, json!(config(&look)?))?,
        (false, false) => {
            let tags = tags(context, matches, &location, &options)?;
            show(matches, object(&look, &location, tags)?)?;
        }
    }
    Ok(0)
}

fn show(matches: &Matches, object: Value) -> Result<(), Failure> {
    match matches.text("format") {
        Some(format) if !report::is_json(format) => report::each("inspect", format, vec![object], TYPES),
        _ => stream::line(&json::pretty(&without_empty(object), "    ")?),
    }
}

/// JSON leaves out what templates know all the same.
fn without_empty(mut object: Value) -> Value {
    if let Some(members) = object.as_object_mut() {
        members.retain(|key, value| !["Name", "Variant"].contains(&key.as_str()) || *value != "");
    }
    object
}

/// Without a tag; empty where images have none.
fn name(location: &Location) -> String {
    match location {
        Location::Docker(reference) => reference.name(),
        Location::Storage(name) => {
            name.parse::<Name>().map(|name| name.in_registry("docker.io").name()).unwrap_or_default()
        }
        _ => String::new(),
    }
}

fn config(look: &Look) -> Result<ImageConfig, Failure> {
    ImageConfig::parse(&look.config, None).map_err(|error| Failure::new(crate::error::chain(&error)))
}

/// Only registries have tags.
fn tags(
    context: &Context,
    matches: &Matches,
    location: &Location,
    options: &RegistryOptions,
) -> Result<Vec<String>, Failure> {
    match location {
        Location::Docker(reference) if !matches.bool("no-tags") => {
            let (_, tags) = engine::image::tags(context.engine()?, &reference.name(), options).map_err(failed)?;
            Ok(tags)
        }
        _ => Ok(Vec::new()),
    }
}

fn object(look: &Look, location: &Location, tags: Vec<String>) -> Result<Value, Failure> {
    let config = config(look)?;
    let container = config.config.clone().unwrap_or_default();
    let mut object = json!({});
    object["Name"] = json!(name(location));
    let layers = &look.manifest.layers;
    let annotations = |map: &std::collections::BTreeMap<String, String>| (!map.is_empty()).then(|| map.clone());
    let data = layers.iter().map(|layer| {
        json!({ "MIMEType": layer.media_type, "Digest": layer.digest, "Size": layer.size,
            "Annotations": annotations(&layer.annotations) })
    });
    object["Digest"] = json!(look.top.digest);
    object["RepoTags"] = json!(tags);
    object["Created"] = json!(config.created);
    object["DockerVersion"] = json!(docker_version(&look.config));
    object["Labels"] = json!(annotations(&container.labels));
    object["Architecture"] = json!(config.architecture);
    object["Variant"] = json!(config.variant.unwrap_or_default());
    object["Os"] = json!(config.os);
    object["Layers"] = layers.iter().map(|layer| json!(layer.digest)).collect();
    object["LayersData"] = data.collect();
    object["Env"] = if container.env.is_empty() { Value::Null } else { json!(container.env) };
    Ok(object)
}

fn docker_version(config: &[u8]) -> String {
    #[derive(serde::Deserialize)]
    struct Docker {
        #[serde(default)]
        docker_version: String,
    }
    serde_json::from_slice::<Docker>(config).map(|docker| docker.docker_version).unwrap_or_default()
}
