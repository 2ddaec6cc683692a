//! `artifact ls`.

use super::{Artifact, open};
use crate::{Engine, Error};

/// All artifacts, the oldest first. One whose manifest is damaged is left out: `system check` tells of it.
pub fn list(engine: &Engine) -> Result<Vec<Artifact>, Error> {
    let mut all = Vec::new();
    for artifact in engine.store().artifacts()? {
        let name = artifact.name.clone();
        match open(engine, artifact) {
            Ok(artifact) => all.push(artifact),
            Err(error) => log::warn!("artifact {name}: {}", error.chain()),
        }
    }
    Ok(all)
}
