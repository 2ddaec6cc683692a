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
    let files: Vec<MountedFile> = chosen.iter().enumerate().map(file).collect::<Result<_, Error>>()?;
    each_name_once(&files)?;
    Ok(files)
}

fn each_name_once(files: &[MountedFile]) -> Result<(), Error> {
    let same = |a: &MountedFile, b: &MountedFile| a.name == b.name && a.path != b.path;
    let twice = files.iter().enumerate().find(|(at, file)| files[..*at].iter().any(|other| same(other, file)));
    twice.map_or(Ok(()), |(_, file)| {
        let text =
            format!("more than one blob of the artifact has the title {:?}: choose one by its digest", file.name);
        Err(Error::Invalid(text))
    })
}
