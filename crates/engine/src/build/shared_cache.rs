//! What other machines' builds have made, and making ours known to them: `--cache-from`, `--cache-to`.

use crate::image::{RegistryOptions, context};
use crate::{Engine, Error};
use ::image::policy::Guard;
use ::image::{Algorithm, CacheIndex, CacheRecord, CacheSource, Gate, Location, Options, Progress};
use oci::Digest;
use std::time::{SystemTime, UNIX_EPOCH};

/// A place that was read.
pub struct SharedCache {
    location: Location,
    options: RegistryOptions,
    index: CacheIndex,
}

impl SharedCache {
    /// Reads what is known there, if the policy accepts it.
    pub fn open(
        engine: &Engine,
        location: &Location,
        options: &RegistryOptions,
        progress: &dyn Progress,
    ) -> Result<SharedCache, Error> {
        let context = context(engine, options)?;
        let guard = Guard { context: &context };
        let source = ::image::open_source(engine.store(), &context, location)?;
        let top = source.top()?;
        let signatures = match guard.needs_signatures(source.as_ref())? {
            true => source.signatures(&top.digest)?,
            false => Vec::new(),
        };
        guard.allow(source.as_ref(), &top, &signatures)?;
        let index = CacheIndex::read(source.as_ref(), &top, progress)?;
        Ok(SharedCache { location: location.clone(), options: options.clone(), index })
    }

    /// What is said to be made of these inputs.
    pub fn find(&self, key: &Digest) -> Option<&CacheRecord> {
        self.index.records.get(key)
    }

    /// Fetches its layer if it isn't in the store; the record as it is true here. With connections of its own: other processes
    /// have ours.
    pub fn fetch(&self, engine: &Engine, record: &CacheRecord) -> Result<CacheRecord, Error> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        let believed = CacheRecord { made: record.made.min(now), ..record.clone() };
        let Some((layer, _)) = &record.layer else { return Ok(believed) };
        if !engine.store().has_layer(layer) {
            let source = ::image::open_source(engine.store(), &context(engine, &self.options)?, &self.location)?;
            self.index.fetch(engine.store(), source.as_ref(), layer)?;
        }
        // How long it is isn't theirs to say either.
        let size = engine.store().layer_size(layer)?;
        Ok(CacheRecord { layer: Some((layer.clone(), size)), ..believed })
    }
}

/// Where it goes, and how.
#[derive(Debug, Clone)]
pub struct Export {
    /// A registry's repository with a tag, or an OCI layout.
    pub location: Location,
    /// What is there stays.
    pub adds: bool,
    /// Also what the result doesn't consist of.
    pub everything: bool,
    /// Of the layers; the usual one if it isn't said.
    pub compression: Option<Algorithm>,
    /// A failure is no error.
    pub optional: bool,
}

/// Writes these records with their layers, which must be in the store.
pub fn export(
    engine: &Engine,
    to: &Export,
    options: &RegistryOptions,
    records: &[CacheRecord],
    progress: &dyn Progress,
) -> Result<(), Error> {
    let context = context(engine, options)?;
    let old = match to.adds {
        // Nothing there yet, or nothing of ours.
        true => SharedCache::open(engine, &to.location, options, progress).ok(),
        false => None,
    };
    let old_source = old.as_ref().map(|_| ::image::open_source(engine.store(), &context, &to.location)).transpose()?;
    let old = old_source.as_deref().zip(old.as_ref().map(|old| &old.index));
    let source = CacheSource::new(engine.store(), records, old)?;
    let sink = ::image::open_sink(engine.store(), &context, &to.location)?;
    let copying = Options {
        compression: to.compression,
        remove_signatures: true,
        memory: Some(engine.store()),
        retry: options.retry.unwrap_or_default(),
        ..Options::new(progress)
    };
    ::image::copy(&source, sink.as_ref(), &copying)?;
    Ok(())
}
