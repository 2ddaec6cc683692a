//! `artifact rm`.

use super::find;
use crate::{Engine, Error};
use oci::Digest;

/// Removes artifacts by name or by the beginning of their digest; nothing if one of them isn't there, unless that is to be
/// ignored. The digests of those that went.
pub fn remove(engine: &Engine, names: &[String], ignore: bool) -> Result<Vec<Digest>, Error> {
    let mut found = Vec::new();
    for name in names {
        match find(engine, name) {
            Err(Error::Store(store::Error::NoSuchArtifact(_))) if ignore => {}
            artifact => found.push(artifact?.name),
        }
    }
    remove_found(engine, &found)
}

/// Removes all.
pub fn remove_all(engine: &Engine) -> Result<Vec<Digest>, Error> {
    let names: Vec<String> = engine.store().artifacts()?.into_iter().map(|artifact| artifact.name).collect();
    remove_found(engine, &names)
}

/// One that somebody else has removed meanwhile is as it should be.
fn remove_found(engine: &Engine, names: &[String]) -> Result<Vec<Digest>, Error> {
    let mut removed = Vec::new();
    for name in names {
        match engine.store().remove_artifact(name) {
            Ok(artifact) => removed.push(artifact.manifest),
            Err(store::Error::NoSuchArtifact(_)) => {}
            Err(error) => return Err(error.into()),
        }
    }
    engine.left_trash();
    Ok(removed)
}
