//! `system prune`: what nothing needs goes.

use crate::build::{CacheItem, CacheLimits, cache_items, prune_cache, until};
use crate::container::{self, ListOptions};
use crate::image::{self, PruneOptions as ImageOptions};
use crate::{Engine, Error, volume};

/// What goes beside stopped containers.
#[derive(Debug, Clone, Default)]
pub struct PruneOptions {
    /// `-a`: images with names, and what the cache has of them.
    pub all: bool,
    /// `--build`: also the folders of cache mounts.
    pub build: bool,
    /// Volumes that no container has.
    pub volumes: bool,
    /// `until=`, `label=`: for containers and images; the first for the cache, too.
    pub filters: Vec<(String, String)>,
}

/// What went.
#[derive(Debug, Clone, Default)]
pub struct Pruned {
    /// Ids.
    pub containers: Vec<String>,
    /// Names.
    pub volumes: Vec<String>,
    /// Ids.
    pub images: Vec<String>,
    /// Of the build cache.
    pub cache: Vec<CacheItem>,
    /// Bytes.
    pub reclaimed: u64,
}

/// Removes it. What is taken into use meanwhile stays.
pub fn prune(engine: &Engine, options: &PruneOptions) -> Result<Pruned, Error> {
    let before = taken(engine)?;
    let mut pruned = Pruned { containers: containers(engine, options)?, ..Pruned::default() };
    if options.volumes {
        pruned.volumes = volumes(engine, &options.filters)?;
    }
    pruned.images = image::prune(engine, &ImageOptions { all: options.all, filters: options.filters.clone() })?;
    pruned.cache = cache(engine, options)?;
    pruned.reclaimed = before.saturating_sub(taken(engine)?);
    Ok(pruned)
}

/// Bytes of everything.
fn taken(engine: &Engine) -> Result<u64, Error> {
    let usage = super::df(engine)?;
    let sums = [usage.all_images, usage.all_containers(), usage.all_volumes(), usage.cache];
    Ok(sums.iter().map(|sum| sum.size).sum())
}

fn containers(engine: &Engine, options: &PruneOptions) -> Result<Vec<String>, Error> {
    let listing = ListOptions { all: true, filters: options.filters.clone(), ..ListOptions::default() };
    let mut removed = Vec::new();
    for found in container::list(engine, &listing)? {
        let stopped = matches!(found.state.as_str(), "exited" | "created" | "configured" | "stopped" | "dead");
        if !stopped {
            continue;
        }
        match container::remove(engine, &found.id, &container::RemoveOptions::default()) {
            Ok(_) => removed.push(found.id),
            // Started or removed meanwhile, or another one stands on it.
            Err(error) => log::debug!("container {} stays: {}", found.id, error.chain()),
        }
    }
    Ok(removed)
}

fn volumes(engine: &Engine, filters: &[(String, String)]) -> Result<Vec<String>, Error> {
    let used = engine.database()?.volume_links()?;
    // They have no labels.
    if filters.iter().any(|(key, _)| key == "label") {
        return Ok(Vec::new());
    }
    let before = before(filters)?;
    let is_younger = |created: &str| {
        let created = created.parse::<jiff::Timestamp>().map(std::time::SystemTime::from);
        before.is_some_and(|before| created.is_ok_and(|created| created >= before))
    };
    let mut removed = Vec::new();
    for volume in volume::list(engine)? {
        if is_younger(&volume.created) || used.iter().any(|(name, _)| *name == volume.name) {
            continue;
        }
        match volume::remove(engine, &volume.name) {
            Ok(()) => removed.push(volume.name),
            Err(error) => log::debug!("volume {} stays: {}", volume.name, error.chain()),
        }
    }
    Ok(removed)
}

/// `until=`
fn before(filters: &[(String, String)]) -> Result<Option<std::time::SystemTime>, Error> {
    let times = filters.iter().filter(|(key, _)| key == "until").map(|(_, value)| until(value));
    Ok(times.collect::<Result<Vec<_>, _>>()?.into_iter().min())
}

/// A label is nothing that it could be asked for.
fn cache(engine: &Engine, options: &PruneOptions) -> Result<Vec<CacheItem>, Error> {
    if options.filters.iter().any(|(key, _)| key != "until") {
        return Ok(Vec::new());
    }
    let limits = CacheLimits {
        before: before(&options.filters)?,
        keep: None,
        mounts: options.build,
        in_images: options.all || options.build,
    };
    prune_cache(engine, &limits)
}

/// What the build cache takes: what an image has, too, is the image's.
pub(super) fn cache_sum(engine: &Engine) -> Result<super::Sum, Error> {
    let mut sum = super::Sum::default();
    for item in cache_items(engine)? {
        sum.total += 1;
        sum.active += usize::from(item.in_use);
        sum.size += item.size;
        sum.reclaimable += if item.in_use { 0 } else { item.size };
    }
    Ok(sum)
}
