//! `buildah commit`: an image from a working container, which goes on.

use super::record::Working;
use super::{Root, hold};
use crate::build::{Draft, Times};
use crate::{Engine, Error};
use ::image::assemble::Parts;
use oci::Digest;
use oci::image::config::RootFs;
use oci::image::{History, ImageConfig};
use std::path::Path;

/// What the image is to be.
#[derive(Debug, Clone, Default)]
pub struct Commit {
    /// Full ones.
    pub names: Vec<String>,
    /// In Docker's form.
    pub docker: bool,
    /// One layer, whatever the base has.
    pub squash: bool,
    /// Without any history.
    pub omit_history: bool,
    /// RFC 3339.
    pub created: String,
    /// Of the layer's files.
    pub times: Times,
}

/// Puts files into the layer that is being made: gets its `/`.
pub type Files<'f> = &'f dyn Fn(&Path) -> Result<(), Error>;

/// Makes the image; its id. `files`: what the container itself needn't have. The process has a mount namespace of its own.
pub fn commit(engine: &Engine, working: &Working, wanted: &Commit, files: Option<Files<'_>>) -> Result<Digest, Error> {
    crate::build::hold(engine)?;
    let layer = layer(engine, working, wanted, files)?;
    let kept: Vec<(Digest, u64)> = if wanted.squash { Vec::new() } else { working.layers.clone() };
    let layers: Vec<(Digest, u64)> = kept.into_iter().chain(layer.clone()).collect();
    let mut config = ImageConfig {
        created: Some(wanted.created.clone()),
        rootfs: RootFs { kind: "layers".to_owned(), diff_ids: layers.iter().map(|(id, _)| id.clone()).collect() },
        history: match wanted.omit_history {
            true => Vec::new(),
            false => history(working, wanted, layer.is_none()),
        },
        ..working.config.clone()
    };
    if !wanted.docker {
        drop_docker(&mut config);
    }
    let annotations = working.annotations.clone();
    let parts = Parts { layers, annotations, docker: wanted.docker, names: wanted.names.clone() };
    Ok(crate::build::commit(engine, &config, &parts)?.0)
}

/// A copy of what was changed, or of everything, becomes a layer; `None` if there is nothing.
fn layer(
    engine: &Engine,
    working: &Working,
    wanted: &Commit,
    files: Option<Files<'_>>,
) -> Result<Option<(Digest, u64)>, Error> {
    let below = if wanted.squash { Vec::new() } else { working.diff_ids() };
    let draft = Draft::begin(engine, &below)?;
    if wanted.squash {
        let root = Root::open(engine, working)?;
        draft.fill(root.path())?;
    } else {
        let _hold = hold(engine, &working.id)?;
        draft.fill(&engine.store().working_upper(&working.id))?;
    }
    if let Some(files) = files {
        let root = draft.mount()?;
        let placed = files(&root);
        draft.unmount()?;
        placed?;
    }
    Ok(draft.finish(wanted.times)?.map(|layer| (layer.diff_id, layer.size)))
}

/// The base's, what was noted, and this layer. Which image it stands on is said where that isn't seen otherwise.
fn history(working: &Working, wanted: &Commit, empty_layer: bool) -> Vec<History> {
    let own = History {
        created: Some(wanted.created.clone()),
        created_by: Some(created_by(working)),
        author: working.config.author.clone(),
        comment: (!working.history_comment.is_empty()).then(|| working.history_comment.clone()),
        empty_layer,
    };
    let noted = working.added.iter().cloned().map(|entry| match wanted.times {
        Times::Own => entry,
        _ => History { created: Some(wanted.created.clone()), ..entry },
    });
    let mut new: Vec<History> = noted.chain([own]).collect();
    if let (Some(first), Some(base)) = (new.first_mut(), &working.base)
        && first.comment.is_none()
    {
        first.comment = Some(format!("FROM {}", base.name));
    }
    match wanted.squash {
        true => new.split_off(new.len() - 1),
        false => working.config.history.iter().cloned().chain(new).collect(),
    }
}

fn created_by(working: &Working) -> String {
    let shell = working.settings().shell;
    match (working.created_by.as_str(), shell.is_empty()) {
        ("", true) => "/bin/sh".to_owned(),
        ("", false) => shell.join(" "),
        (text, _) => text.to_owned(),
    }
}

/// What OCI's form hasn't got; whoever set it was told.
fn drop_docker(config: &mut ImageConfig) {
    config.comment = String::new();
    if let Some(container) = &mut config.config {
        (container.hostname, container.domainname) = Default::default();
        (container.on_build, container.shell, container.healthcheck) = Default::default();
    }
}

/// An image that was made to be sent elsewhere goes, unless it has got a name or a user meanwhile.
pub fn forget_nameless(engine: &Engine, id: &Digest) -> Result<(), Error> {
    let Some(image) = engine.store().image(id)?.filter(store::Image::is_dangling) else { return Ok(()) };
    match crate::image::remove::remove_image(engine, &image, &crate::image::RemoveOptions::default()) {
        Err(Error::ImageInUse(_) | Error::Store(store::Error::NoSuchImage(_))) => Ok(()),
        removed => removed.map(|_| engine.left_trash()),
    }
}
