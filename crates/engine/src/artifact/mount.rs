//! Files of an artifact for a container, where they lie in the store: mounted read-only.

use super::extract::{Selection, chosen, name};
use super::{find, open};
use crate::{Engine, Error};
use oci::image::Descriptor;
use spec::facts::MountedFile;
use spec::mounts::artifact::ArtifactFiles;

/// The chosen files, and what they are called in a folder: by the wished name, else by their titles or digests.
pub(crate) fn files(engine: &Engine, wish: &ArtifactFiles) -> Result<Vec<MountedFile>, Error> {
    let artifact = open(engine, find(engine, &wish.artifact)?)?;
    let selection = match (wish.title.as_str(), wish.digest.as_str()) {
        ("", "") => Selection::All,
        ("", digest) => Selection::Digest(digest.to_owned()),
        (title, _) => Selection::Title(title.to_owned()),
    };
    let chosen = chosen(&artifact.manifest, &selection)?;
    let alone = chosen.len() == 1;
    let file = |(number, layer): (usize, &&Descriptor)| {
        let name = match wish.name.as_str() {
            "" => name(layer, &selection)?,
            wished if alone => wished.to_owned(),
            wished => format!("{wished}-{number}"),
        };
        Ok(MountedFile { path: engine.store().readable_blob(&layer.digest, layer.size)?, name })
    };
    chosen.iter().enumerate().map(file).collect()
}
