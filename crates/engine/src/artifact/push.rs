//! `artifact push`.

use super::find;
use crate::image::{RegistryOptions, context};
use crate::{Engine, Error};
use ::image::{Copied, Options};

/// Pushes an artifact to where its name says; what was written there.
pub fn push(engine: &Engine, name: &str, registry: &RegistryOptions, options: &Options<'_>) -> Result<Copied, Error> {
    let artifact = find(engine, name)?;
    Ok(::image::artifact::push(engine.store(), &context(engine, registry)?, artifact, options)?)
}
