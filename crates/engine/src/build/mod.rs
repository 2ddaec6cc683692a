//! What builds need of the engine: layers being made, commands run in them, files of other layers to be looked at, and the
//! memory of what was made from what. What is to be done is decided by the `build` crate.

mod draft;
mod export;
mod hide;
mod list;
mod prune;
mod shared_cache;
mod unpacked;
mod view;

pub(crate) use draft::run_in;
pub use draft::{Draft, check};
pub use export::{export_folder, export_tar};
pub use list::{add_to_list, check_list, list, platforms};
pub use prune::{CacheItem, CacheLimits, cache_items, prune_cache, until};
pub use shared_cache::{Export, SharedCache, export};
pub use unpacked::Unpacked;
pub use view::Mounted;

use crate::{Engine, Error};
pub use ::image::CacheRecord;
use ::image::assemble::Parts;
use oci::Digest;
use oci::image::{Descriptor, ImageConfig};
use std::collections::{BTreeMap, BTreeSet};
pub use store::{AppliedLayer, CacheFolder, Cached, FilesOf, KeptLayers, TemporaryFolder, Times, Use};

/// From now on, until this process ends or an image is recorded, what it and its children store isn't taken for waste.
pub fn hold(engine: &Engine) -> Result<(), Error> {
    // Whatever comes of it: what steps leave goes behind the answer.
    engine.left_trash();
    engine.has_built();
    Ok(engine.store().writing()?)
}

/// To keep the layers that a build stands on, whoever removes the images that they are in.
pub fn keep_layers(engine: &Engine) -> Result<KeptLayers<'_>, Error> {
    Ok(engine.store().keep_layers()?)
}

/// Keeps these; false if one of them is gone already.
pub fn kept(keeper: &KeptLayers<'_>, layers: &[Digest]) -> Result<bool, Error> {
    match keeper.set(layers) {
        Err(store::Error::MissingLayer(_)) => Ok(false),
        set => Ok(set.map(|()| true)?),
    }
}

/// What a step with these inputs made.
pub fn cached(engine: &Engine, key: &Digest) -> Result<Option<Cached>, Error> {
    Ok(engine.store().cached(key)?)
}

/// All that is remembered.
pub fn records(engine: &Engine) -> Result<Vec<(Digest, Cached)>, Error> {
    Ok(engine.store().cache_records()?)
}

/// Remembers that.
pub fn remember(engine: &Engine, key: &Digest, cached: &Cached) -> Result<(), Error> {
    Ok(engine.store().remember_step(key, cached)?)
}

/// Makes one layer of `layers` (lowest first), which lie on `below`; `None` if nothing is in it.
pub fn squash(
    engine: &Engine,
    layers: &[Digest],
    below: &[Digest],
    times: Times,
) -> Result<Option<AppliedLayer>, Error> {
    Ok(engine.store().squash(layers, below, times)?)
}

/// What a stored image's manifest says beside its parts.
pub fn annotations(engine: &Engine, image: &store::Image) -> Result<BTreeMap<String, String>, Error> {
    let manifest = engine.store().blob(&image.manifest)?;
    let manifest = oci::image::Document::parse(&manifest, None);
    Ok(match manifest.map_err(|source| ::image::Error::Manifest { what: image.manifest.to_string(), source })? {
        oci::image::Document::Manifest(manifest) => manifest.annotations,
        oci::image::Document::Index(_) => BTreeMap::new(),
    })
}

/// Bytes of a layer's plain tar.
pub fn layer_size(engine: &Engine, layer: &Digest) -> Result<u64, Error> {
    Ok(engine.store().layer_size(layer)?)
}

/// Records an image; its id and its manifest. `names` are full ones.
pub fn commit(engine: &Engine, config: &ImageConfig, parts: &Parts) -> Result<(Digest, Descriptor), Error> {
    Ok(::image::assemble::assemble(engine.store(), config, parts)?)
}

/// The full form of a name given with `--tag`: without a registry it is one of `localhost`.
pub fn full_name(name: &str) -> Result<String, Error> {
    crate::image::full_name(name)
}

/// From now on this process sees mounts of its own, which go with it.
pub fn own_mounts() -> Result<(), Error> {
    Ok(runtime::own_mounts()?)
}

/// An empty folder on the store's file system that goes when it is dropped, or behind whoever kills this process.
pub fn temporary_folder(engine: &Engine) -> Result<TemporaryFolder<'_>, Error> {
    Ok(engine.store().begin_folder()?)
}

/// The folder of a cache mount, for as long as the result lives.
pub fn cache_folder(engine: &Engine, id: &str, how: Use) -> Result<CacheFolder, Error> {
    Ok(engine.store().cache_folder(id, how)?)
}

/// What killed steps have left is cleaned up.
pub fn clear_up(engine: &Engine) {
    let died = |id: &String| matches!(engine.runs().live(id), Ok(crate::state::live::Live::Dead(_)));
    if engine.runs().ids().is_ok_and(|ids| ids.iter().any(died)) {
        crate::container::cleanup::reconcile(engine, None);
    }
}

/// Owners can't be given: the user has one id only.
pub fn has_single_id(engine: &Engine) -> bool {
    matches!(engine.privilege(), crate::Privilege::User { single_id: true, .. })
}

/// Forks: what SQLite has open doesn't survive that, and a build needs none of it.
pub fn forked(engine: &Engine) {
    engine.forget_database();
}

/// The names of the variables that a stored image sets; `None`: it isn't here.
pub fn variables_of(engine: &Engine, name: &str) -> Option<BTreeSet<String>> {
    let image = crate::image::find(engine, name).ok()?;
    let pairs = image.config.config.unwrap_or_default().env;
    Some(pairs.iter().filter_map(|pair| Some(pair.split_once('=')?.0.to_owned())).collect())
}
