//! `image inspect`.

use super::{ImageInspect, find};
use crate::{Engine, Error};
use oci::image::Manifest;
use serde_json::{Value, json};

/// One image.
pub fn inspect(engine: &Engine, name: &str) -> Result<ImageInspect, Error> {
    let found = find(engine, name)?;
    let (image, config) = (&found.image, &found.config);
    let manifest = engine.store().blob(&image.manifest).ok();
    let manifest: Option<Manifest> = manifest.and_then(|bytes| serde_json::from_slice(&bytes).ok());
    // What only Docker knows isn't in Podman's `Config`.
    let healthcheck = config.config.as_ref().and_then(|config| config.healthcheck.clone());
    let container = oci::image::ContainerConfig {
        healthcheck: None,
        on_build: Vec::new(),
        shell: Vec::new(),
        ..config.config.clone().unwrap_or_default()
    };
    let history: Vec<Value> = config.history.iter().map(|step| json!(step)).collect();
    let comment = config.history.last().and_then(|step| step.comment.clone());
    let mut object = json!({
        "Id": image.id.hex(),
        "Digest": image.manifest,
        "RepoTags": image.names,
        "RepoDigests": ::image::repo_digests(image),
        "Parent": "",
        "Comment": comment.unwrap_or_default(),
        "Created": config.created,
        "Config": container,
        "Version": "",
        "Author": config.author.clone().unwrap_or_default(),
        "Architecture": config.architecture,
        "Os": config.os,
        "Size": image.size,
        "VirtualSize": image.size,
        "GraphDriver": {"Name": "overlay", "Data": layers(engine, &image.layers)},
        "RootFS": {"Type": "layers", "Layers": image.layers},
        "Labels": (!container.labels.is_empty()).then_some(&container.labels),
        "Annotations": manifest.as_ref().map(|manifest| manifest.annotations.clone()).unwrap_or_default(),
        "ManifestType": manifest
            .and_then(|manifest| manifest.media_type)
            .unwrap_or_else(|| "application/vnd.oci.image.manifest.v1+json".to_owned()),
        "User": container.user,
        "History": history,
        "NamesHistory": image.pinned.iter().chain(image.names.iter().rev()).collect::<Vec<_>>(),
    });
    if let Some(healthcheck) = healthcheck {
        object["Healthcheck"] = json!(healthcheck);
    }
    Ok(ImageInspect(object))
}

/// Where the layers' files are: the top one's in `UpperDir`, those below it from the top down in `LowerDir`. There is no
/// `WorkDir`: nothing is mounted for an image.
fn layers(engine: &Engine, layers: &[oci::Digest]) -> Value {
    let mut data = serde_json::Map::new();
    let mut folders = layers.iter().rev().map(|layer| engine.store().diff_path(layer).display().to_string());
    let upper = folders.next();
    let lower: Vec<String> = folders.collect();
    if !lower.is_empty() {
        data.insert("LowerDir".to_owned(), lower.join(":").into());
    }
    if let Some(upper) = upper {
        data.insert("UpperDir".to_owned(), upper.into());
    }
    Value::Object(data)
}
