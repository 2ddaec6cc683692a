//! `image prune`: images that nothing needs go, and beginnings of blobs whose pull broke off.

use super::remove::remove_image;
use super::{ListOptions, RemoveOptions, list};
use crate::{Engine, Error};
use oci::Digest;

/// Which images go.
#[derive(Debug, Clone, Default)]
pub struct PruneOptions {
    /// `-a`: also those with names.
    pub all: bool,
    /// As `images` has them: what is left must match.
    pub filters: Vec<(String, String)>,
}

/// Removes images that no container uses; ids in hex digits. What is taken into use meanwhile stays.
pub fn prune(engine: &Engine, options: &PruneOptions) -> Result<Vec<String>, Error> {
    let listing = ListOptions { all: true, filters: options.filters.clone(), name: None };
    let unneeded = list(engine, &listing)?;
    let unneeded = unneeded.iter().filter(|image| !image.read_only && image.containers == 0);
    let mut removed = Vec::new();
    // With filters it's about certain images.
    if options.filters.is_empty() {
        engine.store().drop_partials()?;
    }
    for image in unneeded.filter(|image| options.all || image.dangling) {
        let id = Digest::from_sha256_hex(&image.id).map_err(|error| Error::Invalid(error.to_string()))?;
        // Named or removed since it was listed.
        let Some(record) = engine.store().image(&id)? else { continue };
        if !options.all && !record.is_dangling() {
            continue;
        }
        match remove_image(engine, &record, &RemoveOptions::default()) {
            Ok(_) => removed.push(image.id.clone()),
            // Taken into use, or removed by somebody else.
            Err(Error::ImageInUse(_) | Error::Store(store::Error::NoSuchImage(_))) => {}
            Err(error) => return Err(error),
        }
    }
    engine.left_trash();
    Ok(removed)
}
