//! Looking at an image where it is, without copying it; and deleting it there.

use crate::choose::{Choice, choose};
use crate::source::{Fetched, Source, small_blob};
use crate::{Context, Error, Location, Quiet};
use oci::Platform;
use oci::image::Manifest;

/// What a location stands for, and the image of it that suits.
#[derive(Debug, Clone)]
pub struct Look {
    /// An image's manifest or an index.
    pub top: Fetched,
    /// The suiting image's.
    pub manifest: Manifest,
    /// Its bytes.
    pub chosen: Fetched,
    /// Its configuration, as it is.
    pub config: Vec<u8>,
}

/// Fetches manifests and the configuration.
pub fn look(source: &dyn Source, platform: Option<&Platform>) -> Result<Look, Error> {
    let top = source.top()?;
    let host = Platform::host();
    let Choice { manifest, fetched } = choose(source, top.clone(), platform.unwrap_or(&host))?;
    let what = format!("configuration {} of {}", manifest.config.digest, source.name());
    let limit = oci::image::config::MAX_BYTES as u64;
    let config = small_blob(source, &manifest.config, &what, limit, &Quiet)?;
    Ok(Look { top, manifest, chosen: fetched, config })
}

/// Deletes what a reference stands for, in its registry.
pub fn delete(context: &Context, location: &Location) -> Result<(), Error> {
    let Location::Docker(reference) = location else {
        return Err(Error::Direction { transport: location.transport(), what: "a place to delete from" });
    };
    let endpoint = context.registries.get()?.push_endpoint(&reference.to_string())?;
    let (client, place) = context.client(&endpoint)?;
    let digest = match &place.digest {
        Some(digest) => digest.clone(),
        None => client.manifest(&place.repository, place.tag.as_deref().unwrap_or("latest"))?.digest,
    };
    Ok(client.delete_manifest(&place.repository, &digest)?)
}
