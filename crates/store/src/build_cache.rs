//! What build steps made: `cache/<hex>.json`, named by all that a step depends on. A record keeps its layer.

use crate::error::{At, Error};
use crate::location::{Store, make_dir};
use oci::Digest;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

/// What a step made.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Cached {
    /// DiffID and bytes of the plain tar; `None`: the step changed no file.
    pub layer: Option<(Digest, u64)>,
    /// What it was made from, for people who wonder why a step wasn't found: name and digest or text.
    pub inputs: BTreeMap<String, String>,
    /// The instruction, likewise.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub step: String,
    /// Files among the inputs, likewise: path and the beginning of a digest.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub files: BTreeMap<String, String>,
    /// In seconds since 1970.
    pub made: u64,
}

impl Store {
    /// What is known by this key, if its layer is there. Its use is noted.
    pub fn cached(&self, key: &Digest) -> Result<Option<Cached>, Error> {
        let path = self.cache_path(key);
        let Some(cached) = read(&path)? else { return Ok(None) };
        if cached.layer.as_ref().is_some_and(|(layer, _)| !self.has_layer(layer)) {
            return Ok(None);
        }
        if let Some((layer, _)) = &cached.layer
            && !self.diff_path(layer).is_dir()
        {
            // Somebody deleted its files: the step makes them again, and they need the place.
            self.discard(&self.layer_path(layer))?;
            return Ok(None);
        }
        // Whatever is in the way of that, it is used all the same.
        let now = rustix::fs::Timespec { tv_sec: 0, tv_nsec: rustix::fs::UTIME_NOW };
        let times = rustix::fs::Timestamps { last_access: now, last_modification: now };
        let _ = rustix::fs::utimensat(rustix::fs::CWD, &path, &times, rustix::fs::AtFlags::empty());
        Ok(Some(cached))
    }

    /// All that is known, with its keys.
    pub fn cache_records(&self) -> Result<Vec<(Digest, Cached)>, Error> {
        let mut records = Vec::new();
        for path in self.cache_files()? {
            let key = path.file_stem().and_then(|stem| Digest::from_sha256_hex(stem.to_str()?).ok());
            records.extend(key.zip(read(&path)?));
        }
        Ok(records)
    }

    /// Remembers it. The layer must be in the store.
    pub fn remember_step(&self, key: &Digest, cached: &Cached) -> Result<(), Error> {
        let path = self.cache_path(key);
        let json = serde_json::to_vec(cached).map_err(io::Error::from).at("encode", &path)?;
        // A layer can't be removed between the look at it and the record that says it is needed.
        let _lock = self.lock_shared()?;
        // Stores of older versions have none.
        make_dir(&self.folder("cache"))?;
        if let Some((layer, _)) = &cached.layer {
            self.require_layers(std::slice::from_ref(layer))?;
        }
        self.write_atomically(&path, &json)
    }

    /// What records keep.
    pub(crate) fn cached_layers(&self) -> Result<Vec<Digest>, Error> {
        let mut layers = Vec::new();
        for path in self.cache_files()? {
            layers.extend(read(&path)?.and_then(|cached| cached.layer).map(|(layer, _)| layer));
        }
        Ok(layers)
    }

    pub(crate) fn cache_files(&self) -> Result<Vec<PathBuf>, Error> {
        let folder = self.folder("cache");
        let entries = match std::fs::read_dir(&folder) {
            // Stores of older versions have none.
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries.at("list", &folder)?,
        };
        let paths = entries.map(|entry| entry.map(|entry| entry.path()).at("list", &folder));
        paths
            .filter(|path| path.as_ref().map_or(true, |path| path.extension().is_some_and(|end| end == "json")))
            .collect()
    }

    fn cache_path(&self, key: &Digest) -> PathBuf {
        self.path2("cache", &format!("{}.json", key.hex()))
    }
}

/// A record that a power cut left broken counts as none.
pub(crate) fn read(path: &Path) -> Result<Option<Cached>, Error> {
    match std::fs::read(path) {
        Ok(bytes) => Ok(serde_json::from_slice(&bytes).ok()),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(e) => Err(e).at("read", path),
    }
}
