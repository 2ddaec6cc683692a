//! `artifact pull`.

use crate::image::{RegistryOptions, context};
use crate::{Engine, Error};
use ::image::{Progress, Quiet};
use oci::reference::Name;

/// Fetches what is damaged of the artifact that is called so, if its registry still has it.
pub(crate) fn pull_again(engine: &Engine, name: &str) -> Result<(), Error> {
    let artifact = engine.store().artifact(name)?.ok_or_else(|| store::Error::NoSuchArtifact(name.to_owned()))?;
    let known = artifact.name.parse::<Name>().is_ok_and(|name| name.registry.is_some());
    if !known {
        return Err(Error::Invalid(format!("artifact {name} is of no registry")));
    }
    let context = context(engine, &RegistryOptions::default())?;
    ::image::artifact::pull(engine.store(), &context, name, Some(&artifact.manifest), &Quiet)?;
    Ok(())
}

/// Fetches an artifact from a registry; it is stored by the name as it was given.
pub fn pull(engine: &Engine, name: &str, registry: &RegistryOptions, progress: &dyn Progress) -> Result<(), Error> {
    store::check_artifact_name(name)?;
    // Whatever comes of it: what was replaced, or fetched for nothing, goes behind the answer.
    engine.left_trash();
    ::image::artifact::pull(engine.store(), &context(engine, registry)?, name, None, progress)?;
    Ok(())
}
