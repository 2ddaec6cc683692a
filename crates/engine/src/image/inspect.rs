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
    let container = config.config.clone().unwrap_or_default();
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
        "GraphDriver": {"Name": "overlay", "Data": {}},
        "RootFS": {"Type": "layers", "Layers": image.layers},
        "Labels": (!container.labels.is_empty()).then_some(&container.labels),
        "Annotations": manifest.as_ref().map(|manifest| manifest.annotations.clone()).unwrap_or_default(),
        "ManifestType": manifest
            .and_then(|manifest| manifest.media_type)
            .unwrap_or_else(|| "application/vnd.oci.image.manifest.v1+json".to_owned()),
        "User": container.user,
        "History": history,
        "NamesHistory": image.names.iter().rev().collect::<Vec<_>>(),
    });
    if let Some(healthcheck) = &container.healthcheck {
        object["Healthcheck"] = json!(healthcheck);
    }
    Ok(ImageInspect(object))
}
