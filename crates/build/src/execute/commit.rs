//! The image that a stage becomes.

use super::inputs::Inputs;
use super::{Made, Request, StoredImage};
use crate::error::Error;
use crate::steps::Interpreted;
use engine::Engine;
use engine::build::Cached;
use image::assemble::Parts;
use oci::Platform;
use oci::image::config::RootFs;
use oci::image::{Descriptor, ImageConfig};
use std::collections::BTreeMap;

/// Records it; its id and what stands for it in an index.
pub(super) fn commit(
    (engine, request): (&Engine, &Request<'_>),
    platform: &Platform,
    stage: &Interpreted,
    made: Made,
) -> Result<StoredImage, Error> {
    let wanted = &request.result;
    let mut config = stage.end.config.clone();
    config.labels.extend(wanted.labels.clone());
    config.env.retain(|pair| !wanted.unset_env.iter().any(|name| is_named(pair, name)));
    let mut config = ImageConfig {
        created: None,
        author: stage.end.author.clone(),
        architecture: platform.architecture.clone(),
        variant: platform.variant.clone(),
        os: platform.os.clone(),
        config: Some(config),
        rootfs: RootFs { kind: "layers".to_owned(), diff_ids: made.diff_ids() },
        history: made.history,
        ..ImageConfig::default()
    };
    let created = created(engine, request, &config)?;
    config.created = Some(created.clone());
    let own = config.history.iter_mut().filter(|entry| entry.created.is_none());
    own.for_each(|entry| entry.created = Some(created.clone()));
    let parts = Parts {
        layers: made.layers,
        annotations: wanted.annotations.clone(),
        docker: wanted.docker,
        names: wanted.names.clone(),
    };
    let (id, manifest) = engine::build::commit(engine, &config, &parts)?;
    Ok(StoredImage { id, manifest: Descriptor { platform: Some(platform.clone()), ..manifest } })
}

/// When an image that says the same was made first; else now. So a build that changes nothing makes no other image.
fn created(engine: &Engine, request: &Request<'_>, config: &ImageConfig) -> Result<String, Error> {
    let now = request.result.created.clone();
    let key = Inputs::new("image").json("config", config).with("docker", request.result.docker.to_string()).key();
    let found = match request.settings.cache && request.result.epoch.is_none() {
        true => engine::build::cached(engine, &key)?,
        false => None,
    };
    if let Some(created) = found.and_then(|mut found| found.inputs.remove(CREATED)) {
        return Ok(created);
    }
    if request.settings.remember && request.result.epoch.is_none() {
        let inputs = BTreeMap::from([(CREATED.to_owned(), now.clone())]);
        engine::build::remember(engine, &key, &Cached { inputs, ..Cached::default() })?;
    }
    Ok(now)
}

const CREATED: &str = "created";

/// Is `pair` (NAME=value) this variable?
pub(super) fn is_named(pair: &str, name: &str) -> bool {
    pair.split_once('=').is_some_and(|(key, _)| key == name)
}
