//! `manifest inspect`.

use crate::image::{RegistryOptions, context};
use crate::{Engine, Error};
use ::image::{Context, Location};
use serde_json::{Value, json};
use store::Member;

/// A stored list, or a manifest in a registry (by the names that a pull would try) or another place. The second is whether that is of a single image.
pub fn inspect(engine: &Engine, name: &str, registry: &RegistryOptions) -> Result<(Value, bool), Error> {
    let context = context(engine, registry)?;
    if let Some(location) = Location::unless_name(name) {
        return elsewhere(engine, &context, &location.map_err(::image::Error::from)?);
    }
    match super::find(engine, name) {
        Ok((image, _)) => {
            let members = image.list.as_ref().map(|list| list.members.as_slice()).unwrap_or_default();
            let index = engine.store().index(&image)?;
            return Ok((object(&index, members), false));
        }
        Err(Error::Image(::image::Error::NotKnown { .. } | ::image::Error::NoList { .. })) => {}
        Err(error) => return Err(error),
    }
    let mut failures = Vec::new();
    for reference in ::image::candidates(&context, name)? {
        match elsewhere(engine, &context, &Location::Docker(reference)) {
            Err(error) => failures.push(error),
            found => return found,
        }
    }
    match failures.pop() {
        Some(only) if failures.is_empty() => Err(only),
        last => {
            let failures = failures.iter().chain(&last).map(Error::chain).collect();
            Err(::image::Error::AllFailed { name: name.to_owned(), failures }.into())
        }
    }
}

fn elsewhere(engine: &Engine, context: &Context, location: &Location) -> Result<(Value, bool), Error> {
    let source = ::image::open_source(engine.store(), context, location)?;
    let top = source.top()?;
    let document = oci::image::Document::parse(&top.bytes, top.media_type.as_deref());
    match document.map_err(|source| ::image::Error::Manifest { what: location.to_string(), source })? {
        oci::image::Document::Index(index) => Ok((object(&index, &[]), false)),
        oci::image::Document::Manifest(manifest) => Ok((json!(manifest), true)),
    }
}

/// In Podman's order, with a platform for each entry and the files of artifacts.
fn object(index: &oci::image::Index, members: &[Member]) -> Value {
    let entries = index.manifests.iter().map(|entry| {
        let platform = entry.platform.clone().unwrap_or_default();
        let mut object = json!({
            "mediaType": entry.media_type, "size": entry.size, "digest": entry.digest, "platform": platform,
        });
        if !entry.annotations.is_empty() {
            object["annotations"] = json!(entry.annotations);
        }
        if let Some(artifact_type) = &entry.artifact_type {
            object["artifactType"] = json!(artifact_type);
        }
        let files = members.iter().filter(|member| member.manifest == entry.digest).flat_map(|m| m.files.values());
        let files: Vec<_> = files.map(|path| path.display().to_string()).collect();
        if !files.is_empty() {
            object["files"] = json!(files);
        }
        object
    });
    let mut object = json!({
        "schemaVersion": index.schema_version, "mediaType": index.media_type, "manifests": entries.collect::<Vec<_>>(),
    });
    if let Some(subject) = &index.subject {
        object["subject"] = json!(subject);
    }
    if !index.annotations.is_empty() {
        object["annotations"] = json!(index.annotations);
    }
    object
}
