//! Lists of what was built for several platforms, and which platforms a base image is there for.

use crate::image::{RegistryOptions, find, full_name};
use crate::manifest::insert;
use crate::{Engine, Error};
use ::image::lists::{Addition, stored};
use oci::{Digest, Platform};

/// A new list of stored images (by their ids) under these names, which it takes from whoever had them; its id.
pub fn list(engine: &Engine, names: &[String], images: &[Digest], created: &str) -> Result<Digest, Error> {
    let (mut index, mut members) = (store::empty_index(), Vec::new());
    insert(&mut index, &mut members, additions(engine, images)?);
    Ok(engine.store().create_list(names, created.to_owned(), &index, members)?.id)
}

/// Adds stored images to the list of this name, which is made where there is none; its id.
pub fn add_to_list(engine: &Engine, name: &str, images: &[Digest], created: &str) -> Result<Digest, Error> {
    let name = full_name(name)?;
    let Some(id) = engine.store().image_named(&name)? else { return list(engine, &[name], images, created) };
    check_list(engine, &name)?;
    let additions = additions(engine, images)?;
    let changed = engine.store().change_list(&id, |index, members| {
        insert(index, members, additions);
        Ok::<_, Error>(())
    })?;
    Ok(changed.id)
}

/// An error if the name is an image's: asked before anything is built.
pub fn check_list(engine: &Engine, name: &str) -> Result<(), Error> {
    let name = full_name(name)?;
    let Some(id) = engine.store().image_named(&name)? else { return Ok(()) };
    match engine.store().image_record(&id)? {
        Some(image) if image.list.is_none() => Err(::image::Error::NoList { name }.into()),
        _ => Ok(()),
    }
}

fn additions(engine: &Engine, images: &[Digest]) -> Result<Vec<Addition>, Error> {
    let addition = |id: &Digest| {
        let image = engine.store().image_record(id)?.ok_or_else(|| store::Error::NoSuchImage(id.clone()))?;
        Ok(stored(engine.store(), &image)?)
    };
    images.iter().map(addition).collect()
}

/// The platforms that an image is there for: those of a stored list, or of the registry's, or of a stored image.
pub fn platforms(engine: &Engine, name: &str, registry: &RegistryOptions) -> Result<Vec<Platform>, Error> {
    let stored = || find(engine, name).map(|found| vec![found.config.platform()]);
    match crate::manifest::inspect(engine, name, registry) {
        Ok((index, false)) => {
            let entries = index["manifests"].as_array().cloned().unwrap_or_default();
            let platform =
                |entry: &serde_json::Value| serde_json::from_value::<Platform>(entry["platform"].clone()).ok();
            // What isn't for any platform says something about an image.
            let known = |platform: &Platform| !matches!(platform.os.as_str(), "" | "unknown");
            Ok(entries.iter().filter_map(platform).filter(known).collect())
        }
        Ok((_, true)) => stored().or_else(|_| Ok(vec![Platform::host()])),
        Err(error) => stored().map_err(|_| error),
    }
}
