//! `artifact pull`.

use crate::image::{RegistryOptions, context};
use crate::{Engine, Error};
use ::image::{Progress, Quiet};
use oci::reference::Name;

/// Fetches what is damaged of the artifact that is called so; false if it came from nowhere, or isn't there any more.
pub(crate) fn pull_again(engine: &Engine, name: &str) -> Result<bool, Error> {
    let Some(artifact) = engine.store().artifact(name)? else { return Ok(false) };
    let known = artifact.name.parse::<Name>().is_ok_and(|name| name.registry.is_some());
    if !known {
        return Ok(false);
    }
    let context = context(engine, &RegistryOptions::default())?;
    match ::image::artifact::pull(engine.store(), &context, name, Some(&artifact.manifest), &Quiet) {
        Err(error) if error.is_gone() => {
            log::info!("fetch {name} again: {error}");
            Ok(false)
        }
        // Replaced meanwhile.
        Err(::image::Error::Store(store::Error::ArtifactExists(_))) => Ok(false),
        fetched => Ok(fetched.map(|_| true)?),
    }
}

/// Fetches an artifact from a registry; it is stored by the name as it was given.
pub fn pull(engine: &Engine, name: &str, registry: &RegistryOptions, progress: &dyn Progress) -> Result<(), Error> {
    store::check_artifact_name(name)?;
    // Whatever comes of it: what was replaced, or fetched for nothing, goes behind the answer.
    engine.left_trash();
    ::image::artifact::pull(engine.store(), &context(engine, registry)?, name, None, progress)?;
    Ok(())
}
