//! The image that a stage becomes.

use super::inputs::Inputs;
use super::target::Target;
use super::{Made, Request, StoredImage, squash};
use crate::error::Error;
use engine::Engine;
use engine::build::Cached;
use image::Resolved;
use image::assemble::Parts;
use oci::Digest;
use oci::image::config::RootFs;
use oci::image::{Descriptor, ImageConfig};
use std::collections::BTreeMap;

/// Records it under these names; its id and what stands for it in an index.
pub(super) fn commit(
    (engine, request): (&Engine, &Request<'_>),
    target: &Target,
    made: Made,
    names: &[String],
) -> Result<StoredImage, Error> {
    let wanted = &request.result;
    let base = target.base(target.plan.target);
    let made = squash::squash((engine, request), made, base)?;
    let mut config = configuration(request, target, base, made.diff_ids());
    if !wanted.without_history {
        config.history = made.history;
    }
    let created = created(engine, request, &config)?;
    config.created = Some(created.clone());
    let own = config.history.iter_mut().filter(|entry| entry.created.is_none());
    own.for_each(|entry| entry.created = Some(created.clone()));
    let annotations = annotations((engine, request), base, &created)?;
    let parts = Parts { layers: made.layers, annotations, docker: wanted.docker, names: names.to_vec() };
    let (id, manifest) = engine::build::commit(engine, &config, &parts)?;
    Ok(StoredImage { id, manifest: Descriptor { platform: Some(config.platform()), ..manifest } })
}

fn configuration(request: &Request<'_>, target: &Target, base: Option<&Resolved>, layers: Vec<Digest>) -> ImageConfig {
    let (wanted, platform) = (&request.result, &target.platform);
    let end = &target.stages[&target.plan.target].end;
    let mut config = end.config.clone();
    config.labels.retain(|name, _| !wanted.unset_labels.contains(name));
    config.labels.extend(wanted.labels.clone());
    config.env.retain(|pair| !wanted.unset_env.iter().any(|name| is_named(pair, name)));
    let mut os_features = base.map(|base| base.config.os_features.clone()).unwrap_or_default();
    for feature in &wanted.os_features {
        let name = feature.strip_suffix('-').unwrap_or(feature);
        os_features.retain(|known| known != name);
        if name == feature {
            os_features.push(feature.clone());
        }
    }
    ImageConfig {
        author: end.author.clone(),
        architecture: platform.architecture.clone(),
        variant: platform.variant.clone(),
        os: platform.os.clone(),
        os_version: wanted.os_version.clone().or_else(|| base?.config.os_version.clone()),
        os_features,
        config: Some(config),
        rootfs: RootFs { kind: "layers".to_owned(), diff_ids: layers },
        ..ImageConfig::default()
    }
}

/// The base's, what it is, when the image was made, and what was asked for (containers' annotations: OCI image specification,
/// "annotations.md").
fn annotations(
    (engine, request): (&Engine, &Request<'_>),
    base: Option<&Resolved>,
    created: &str,
) -> Result<BTreeMap<String, String>, Error> {
    let wanted = &request.result;
    let mut annotations = BTreeMap::new();
    if let Some(base) = base.filter(|_| wanted.inherits_annotations && !wanted.docker) {
        annotations = engine::build::annotations(engine, &base.image)?;
        annotations.insert(format!("{KNOWN}base.name"), base.name.clone());
        annotations.insert(format!("{KNOWN}base.digest"), base.image.manifest.to_string());
    }
    let when = format!("{KNOWN}created");
    annotations.remove(&when);
    annotations.retain(|name, _| !wanted.unset_annotations.contains(name));
    if wanted.says_when {
        annotations.insert(when, created.to_owned());
    }
    annotations.extend(wanted.annotations.clone());
    Ok(annotations)
}

const KNOWN: &str = "org.opencontainers.image.";

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
        engine::build::remember(engine, &key, &Cached { inputs, step: STEP.to_owned(), ..Cached::default() })?;
    }
    Ok(now)
}

const CREATED: &str = "created";
/// What such a record is called where people see it.
const STEP: &str = "when an image was made";

/// Is `pair` (NAME=value) this variable?
pub(super) fn is_named(pair: &str, name: &str) -> bool {
    pair.split_once('=').is_some_and(|(key, _)| key == name)
}
