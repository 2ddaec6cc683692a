//! Images that are somewhere else, or go there: what Skopeo does.

use super::remove::remove_image;
use super::{RegistryOptions, RemoveOptions, context, find_record};
use crate::{Engine, Error};
use ::image::look::Look;
use ::image::policy::Guard;
use ::image::{Copied, Location, Options};
use oci::Platform;

/// From one place to another if the policy accepts the image, each with what the command line says about its registry.
pub fn copy(
    engine: &Engine,
    (source, from): (&Location, &RegistryOptions),
    (sink, to): (&Location, &RegistryOptions),
    options: &Options<'_>,
) -> Result<Copied, Error> {
    let from = context(engine, from)?;
    let guard = Guard { context: &from };
    let source = ::image::open_source(engine.store(), &from, source)?;
    ::image::check_place(source.as_ref(), sink, options)?;
    let sink = ::image::open_sink(engine.store(), &context(engine, to)?, sink)?;
    Ok(::image::copy(source.as_ref(), sink.as_ref(), &guard.over(options))?)
}

/// Manifests and configuration of an image where it is.
pub fn look(
    engine: &Engine,
    location: &Location,
    options: &RegistryOptions,
    platform: Option<&Platform>,
) -> Result<Look, Error> {
    let source = ::image::open_source(engine.store(), &context(engine, options)?, location)?;
    Ok(::image::look::look(source.as_ref(), platform)?)
}

/// `registry/repository` and its tags.
pub fn tags(engine: &Engine, repository: &str, options: &RegistryOptions) -> Result<(String, Vec<String>), Error> {
    Ok(::image::search::tags(&context(engine, options)?, repository)?)
}

/// The names in an archive as `docker save` writes it.
pub fn archive_tags(engine: &Engine, file: &str) -> Result<Vec<String>, Error> {
    Ok(::image::archive_names(engine.store(), file.as_ref())?)
}

/// Deletes an image in its registry, its layout or the store, there with all its names.
pub fn delete(engine: &Engine, location: &Location, options: &RegistryOptions) -> Result<(), Error> {
    if let Location::Storage(name) = location {
        let (image, _) = find_record(engine, name)?;
        remove_image(engine, &image, &RemoveOptions::default())?;
        engine.left_trash();
        return Ok(());
    }
    Ok(::image::look::delete(&context(engine, options)?, location)?)
}
