//! `manifest push`: a list, mostly with all its images, to wherever it shall be.

use super::find;
use crate::image::{RegistryOptions, context};
use crate::{Engine, Error};
use ::image::lists::ListSource;
use ::image::{Copied, Destination, Options};

/// Pushes; what was written there.
pub fn push(
    engine: &Engine,
    list: &str,
    destination: Destination<'_>,
    registry: &RegistryOptions,
    options: &Options<'_>,
) -> Result<Copied, Error> {
    let (list, name) = find(engine, list)?;
    let context = context(engine, registry)?;
    let location = destination.location(&name)?;
    let source = ListSource::open(engine.store(), &context, list, name.clone())?;
    // Before anything is made there.
    ::image::check_place(&source, &location, options)?;
    let sink = destination.open(engine.store(), &context, &name)?;
    let options = Options { memory: Some(engine.store()), ..options.again() };
    Ok(::image::copy(&source, sink.as_ref(), &options)?)
}
