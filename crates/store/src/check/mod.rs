//! Accounting for everything in the store: each folder and file is there for a reason, and its content is what it was.
//!
//! Looks only; `repair` changes. What processes are just making (locked in `tmp/`, or noted there) is no damage.

mod files;
mod objects;
mod repair;
mod seen;
#[cfg(test)]
mod tests;

pub use repair::Aside;

use crate::error::Error;
use crate::location::Store;
use oci::Digest;
use seen::Seen;
use std::collections::{BTreeMap, HashSet};
use std::path::PathBuf;
use std::time::Duration;

/// How to check.
#[derive(Debug, Clone)]
pub struct CheckOptions {
    /// Doesn't read layers and files of artifacts.
    pub quick: bool,
    /// Layers that nothing refers to may be this old.
    pub max_age: Duration,
}

/// What the caller knows of the store: the objects whose definitions it keeps, and its own files at the store's root.
#[derive(Debug, Clone, Default)]
pub struct Known {
    /// IDs.
    pub containers: HashSet<String>,
    /// Names.
    pub volumes: HashSet<String>,
    /// Beside the store's own folders.
    pub files: HashSet<String>,
}

/// What is wrong: by id, one sentence each.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Damage {
    /// Layers by the hex digits of their DiffID, or by whatever their folder is called.
    pub layers: BTreeMap<String, Vec<String>>,
    /// Images by the hex digits of their ID.
    pub images: BTreeMap<String, Vec<String>>,
    /// Artifacts by name, or by whatever the file of their record is called.
    pub artifacts: BTreeMap<String, Vec<String>>,
    /// Containers.
    pub containers: BTreeMap<String, Vec<String>>,
    /// Files and folders that nothing accounts for.
    pub strays: Vec<Stray>,
}

/// A file or folder that nothing accounts for.
#[derive(Debug, Clone, PartialEq)]
pub struct Stray {
    /// Where.
    pub path: PathBuf,
    /// Why it shouldn't be there.
    pub why: String,
    /// Whether it may hold what a person wants back.
    pub precious: bool,
}

impl Damage {
    /// All is well.
    pub fn is_none(&self) -> bool {
        let objects = [&self.layers, &self.images, &self.artifacts, &self.containers];
        objects.iter().all(|faults| faults.is_empty()) && self.strays.is_empty()
    }
}

impl Store {
    /// Checks everything. What dead processes left is cleared away first, as behind every command.
    pub fn check(&self, options: &CheckOptions, known: &Known) -> Result<Damage, Error> {
        self.reclaim_after_others()?;
        let mut damage = Damage::default();
        let referenced = {
            let _lock = self.lock_shared()?;
            let referenced = self.references()?;
            self.check_files(known, &referenced, &mut damage)?;
            referenced
        };
        self.check_waste(&mut damage)?;
        self.check_layers(options, &referenced.layers, &mut damage)?;
        self.check_images(&mut damage)?;
        self.check_artifacts(options, &mut damage)?;
        self.check_containers(known, &mut damage)?;
        Ok(damage)
    }

    /// Reads all layers, several side by side.
    fn check_layers(
        &self,
        options: &CheckOptions,
        referenced: &HashSet<Digest>,
        damage: &mut Damage,
    ) -> Result<(), Error> {
        let layers = self.layers()?;
        let workers = std::thread::available_parallelism().map_or(1, usize::from).min(layers.len().max(1));
        let next = std::sync::atomic::AtomicUsize::new(0);
        let results = std::thread::scope(|scope| {
            let work = || {
                let mut found = Vec::new();
                while let Some(layer) = layers.get(next.fetch_add(1, std::sync::atomic::Ordering::Relaxed)) {
                    found.push((layer, self.check_layer(layer, options, referenced)));
                }
                found
            };
            let threads: Vec<_> = (0..workers).map(|_| scope.spawn(work)).collect();
            let join = |thread: std::thread::ScopedJoinHandle<'_, _>| match thread.join() {
                Ok(found) => found,
                Err(panic) => std::panic::resume_unwind(panic),
            };
            threads.into_iter().flat_map(join).collect::<Vec<_>>()
        });
        for (layer, faults) in results {
            let faults = faults?;
            if !faults.is_empty() {
                damage.layers.insert(layer.hex().to_owned(), faults);
            }
        }
        Ok(())
    }

    fn check_layer(
        &self,
        layer: &Digest,
        options: &CheckOptions,
        referenced: &HashSet<Digest>,
    ) -> Result<Vec<String>, Error> {
        let path = self.layer_path(layer);
        let Some(seen) = Seen::open(&path)? else { return Ok(Vec::new()) };
        let faults = self.layer_faults(layer, options.quick);
        let age = || path.join("layer.json").metadata().ok()?.modified().ok()?.elapsed().ok();
        // One that is being pulled has no image yet; a note in `tmp/` keeps it in mind.
        let unneeded = !referenced.contains(layer) && age().is_some_and(|age| age >= options.max_age);
        // Removed meanwhile, maybe in the middle of the look: nothing to complain of.
        if !seen.is_there()? {
            return Ok(Vec::new());
        }
        let mut faults = faults?;
        if unneeded {
            faults.push("layer not referenced by any images or containers".to_owned());
        }
        Ok(faults)
    }
}
