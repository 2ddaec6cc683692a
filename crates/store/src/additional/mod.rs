//! Stores that are only read (`additionalimagestores`): our own format, and that of containers/storage as Podman writes it.
//!
//! Each is looked into once, when something isn't found in the store itself. Nothing is ever written there. Layers are known
//! by DiffID wherever they are, so that an image may have some here and some there.

mod containers_storage;
mod own;
mod tar_split;
#[cfg(test)]
mod tests;

use crate::error::{At, Error};
use crate::image::Image;
use crate::location::Store;
use oci::Digest;
use std::collections::HashMap;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// One such store.
#[derive(Debug)]
pub(crate) struct Additional {
    root: PathBuf,
    content: OnceLock<Content>,
}

/// All of one store.
#[derive(Debug, Default)]
pub(crate) struct Content {
    /// With their names; marked as read-only.
    pub(crate) images: Vec<Image>,
    pub(crate) layers: HashMap<Digest, Layer>,
    /// Manifests and configurations.
    pub(crate) blobs: HashMap<Digest, PathBuf>,
}

/// One layer of such a store.
#[derive(Debug)]
pub(crate) struct Layer {
    /// Its files.
    pub(crate) diff: PathBuf,
    /// Bytes of its tar stream.
    pub(crate) size: u64,
    /// It hides all layers below.
    pub(crate) opaque: bool,
    stream: Stream,
}

/// What its tar stream is rebuilt from.
#[derive(Debug)]
enum Stream {
    /// The layer's folder in our format.
    Own(PathBuf),
    /// A file of containers/storage.
    TarSplit(PathBuf),
}

impl Additional {
    pub(crate) fn new(root: PathBuf) -> Additional {
        Additional { root, content: OnceLock::new() }
    }

    /// A store that can't be read is warned about, and empty.
    fn content(&self) -> &Content {
        self.content.get_or_init(|| {
            read(&self.root).unwrap_or_else(|e| {
                let cause = std::error::Error::source(&e).map(|cause| format!(": {cause}")).unwrap_or_default();
                log::warn!("additional image store {}: {e}{cause}", self.root.display());
                Content::default()
            })
        })
    }
}

fn read(root: &Path) -> Result<Content, Error> {
    root.metadata().at("open additional image store", root)?;
    let mut content = own::read(root)?;
    let theirs = containers_storage::read(root)?;
    let known: Vec<Digest> = content.images.iter().map(|image| image.id.clone()).collect();
    content.images.extend(theirs.images.into_iter().filter(|image| !known.contains(&image.id)));
    for (layer, place) in theirs.layers {
        content.layers.entry(layer).or_insert(place);
    }
    content.blobs.extend(theirs.blobs);
    Ok(content)
}

impl Layer {
    /// Its tar stream, bit for bit.
    pub(crate) fn tar(&self) -> Result<Box<dyn Read + Send>, Error> {
        Ok(match &self.stream {
            Stream::Own(folder) => Box::new(crate::layer::open_tar(folder)?),
            Stream::TarSplit(file) => Box::new(tar_split::TarSplit::open(file, &self.diff)?),
        })
    }
}

impl Store {
    /// What the additional stores hold, the first one first.
    pub(crate) fn additional(&self) -> impl Iterator<Item = &Content> {
        self.additional.iter().map(Additional::content)
    }

    /// An additional store's layer.
    pub(crate) fn additional_layer(&self, diff_id: &Digest) -> Option<&Layer> {
        self.additional().find_map(|content| content.layers.get(diff_id))
    }

    /// An additional store's image.
    pub(crate) fn additional_image(&self, id: &Digest) -> Option<&Image> {
        self.additional().flat_map(|content| &content.images).find(|image| image.id == *id)
    }
}
