//! Caches that builds of several machines share.

use super::schedule::Schedule;
use super::{Event, Request};
use crate::error::{Error, chain};
use engine::Engine;
use engine::build::SharedCache;

/// Those of `--cache-from`. One that can't be read is told, and no reason not to build.
pub(super) fn open(engine: &Engine, request: &Request<'_>, tell: &mut dyn FnMut(Event<'_>)) -> Vec<SharedCache> {
    let mut caches = Vec::new();
    if !request.settings.cache {
        return caches;
    }
    for location in &request.caches.from {
        match SharedCache::open(engine, location, &request.images.registry, request.images.progress) {
            Ok(cache) => caches.push(cache),
            Err(error) => tell(Event::Warning(&format!("cache {location} is not used: {}", chain(&error)))),
        }
    }
    caches
}

/// To the places of `--cache-to`.
pub(super) fn export(
    engine: &Engine,
    request: &Request<'_>,
    schedules: &[Schedule<'_>],
    tell: &mut dyn FnMut(Event<'_>),
) -> Result<(), Error> {
    for to in &request.caches.to {
        let records: Vec<_> = schedules.iter().flat_map(|schedule| schedule.records(to.everything)).collect();
        let images = &request.images;
        match engine::build::export(engine, to, &images.registry, &records, images.progress) {
            Ok(()) => {}
            Err(error) if to.optional => {
                tell(Event::Warning(&format!("cache {} is not written: {}", to.location, chain(&error))));
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}
