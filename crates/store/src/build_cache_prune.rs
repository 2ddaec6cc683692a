//! What the build cache takes and what of it goes: records that weren't used for long or are too many, with their layers, and the
//! folders of cache mounts that nobody has.

use crate::build_cache::{Cached, read};
use crate::cache_folder::is_unused;
use crate::error::{At, Error};
use crate::location::Store;
use oci::Digest;
use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// A record, or the folder of a cache mount.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CacheItem {
    /// Of its inputs or its name, hex digits.
    pub id: String,
    /// The instruction, or what it is.
    pub what: String,
    /// A cache mount's folder.
    pub is_mount: bool,
    /// Bytes. What several share is the first's.
    pub size: u64,
    /// An image has the layer, too, or there is none; or a build is at work in the folder.
    pub in_use: bool,
    /// When it was used last.
    pub used: SystemTime,
}

/// What may stay.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CacheLimits {
    /// What was used last before goes.
    pub before: Option<SystemTime>,
    /// So many bytes stay, the last used; `None`: nothing stays that `before` doesn't save.
    pub keep: Option<u64>,
    /// Folders of cache mounts, too.
    pub mounts: bool,
    /// Records whose layers images have, too, and those that have none.
    pub in_images: bool,
}

impl CacheLimits {
    /// The limits that hold when nobody asks for others: a build cache doesn't grow for ever.
    pub fn usual(file_system: u64) -> CacheLimits {
        let before = SystemTime::now().checked_sub(UNUSED);
        CacheLimits { before, keep: Some(file_system / SHARE), mounts: true, in_images: true }
    }
}

/// So long unused, something is of no use.
const UNUSED: Duration = Duration::from_secs(60 * 24 * 3600);
/// This part of the file system is for the cache.
const SHARE: u64 = 5;
/// So often the usual limits are looked after.
const PAUSE: Duration = Duration::from_secs(3600);

impl Store {
    /// Everything, least used first.
    pub fn cache_items(&self) -> Result<Vec<CacheItem>, Error> {
        let in_images: HashSet<Digest> =
            self.image_records()?.iter().flat_map(|image| image.needed_layers().cloned()).collect();
        let mut seen = HashSet::new();
        let mut items = self.cache_mounts()?;
        let mut records = Vec::new();
        for path in self.cache_files()? {
            // Somebody may be at it meanwhile.
            let Ok(used) = std::fs::metadata(&path).and_then(|metadata| metadata.modified()) else { continue };
            records.extend(read(&path)?.map(|record| (path, used, record)));
        }
        records.sort_by_key(|(_, used, _)| std::cmp::Reverse(*used));
        for (path, used, record) in records {
            let in_use = record.layer.as_ref().is_none_or(|(layer, _)| in_images.contains(layer));
            let size = match &record.layer {
                Some((layer, size)) if !in_use && seen.insert(layer.clone()) => *size,
                _ => 0,
            };
            items.push(CacheItem { id: stem(&path), what: record.step, is_mount: false, size, in_use, used });
        }
        items.sort_by_key(|item| item.used);
        Ok(items)
    }

    /// Takes out what the limits don't allow; what it was. Layers go if nothing else needs them.
    pub fn prune_cache(&self, limits: &CacheLimits) -> Result<Vec<CacheItem>, Error> {
        let gone = surplus(self.cache_items()?, limits);
        let mut removed = Vec::new();
        let _lock = self.lock()?;
        let mut layers = Vec::new();
        for item in gone {
            crate::step::point();
            let is_gone = match item.is_mount {
                true => self.discard_cache_folder(&item.id)?,
                false => self.forget(&item, &mut layers)?,
            };
            if is_gone {
                removed.push(item);
            }
        }
        self.drop_unreferenced(&layers, &[])?;
        Ok(removed)
    }

    /// False: it was used meanwhile.
    fn forget(&self, item: &CacheItem, layers: &mut Vec<Digest>) -> Result<bool, Error> {
        let path = self.path2("cache", &format!("{}.json", item.id));
        let Ok(used) = std::fs::metadata(&path).and_then(|metadata| metadata.modified()) else { return Ok(false) };
        if used != item.used {
            return Ok(false);
        }
        if let Some((layer, _)) = read(&path)?.and_then(|cached: Cached| cached.layer) {
            // Whoever is killed from here on leaves a note that it may be waste.
            self.touch(&crate::layer::note(&layer))?;
            layers.push(layer);
        }
        std::fs::remove_file(&path).at("remove file", &path)?;
        Ok(true)
    }

    /// Nobody has seen to the usual limits for a while.
    pub fn needs_tending(&self) -> bool {
        let seen = std::fs::metadata(self.tended()).and_then(|metadata| metadata.modified());
        !seen.is_ok_and(|time| time.elapsed().is_ok_and(|passed| passed < PAUSE))
    }

    /// Sees to the usual limits. Behind somebody's answer.
    pub fn tend_cache(&self) -> Result<(), Error> {
        let mark = self.tended();
        std::fs::write(&mark, b"").at("write", &mark)?;
        let stat = rustix::fs::statvfs(&mark).at("look at the file system of", &mark)?;
        self.prune_cache(&CacheLimits::usual(stat.f_blocks * stat.f_frsize)).map(drop)
    }

    fn tended(&self) -> PathBuf {
        self.path2("cache", "tended")
    }

    fn cache_mounts(&self) -> Result<Vec<CacheItem>, Error> {
        let folder = self.folder("cache-mounts");
        let Ok(entries) = std::fs::read_dir(&folder) else { return Ok(Vec::new()) };
        let mut items = Vec::new();
        for path in entries.filter_map(|entry| entry.ok().map(|entry| entry.path())) {
            let Ok(used) = std::fs::metadata(&path).and_then(|metadata| metadata.modified()) else { continue };
            let what = std::fs::read_to_string(path.join("id")).unwrap_or_default();
            items.push(CacheItem {
                id: stem(&path),
                what: format!("cache mount {what}"),
                is_mount: true,
                size: size(&path),
                in_use: !is_unused(&path),
                used,
            });
        }
        Ok(items)
    }
}

/// What has to go, least used first. Pure.
fn surplus(items: Vec<CacheItem>, limits: &CacheLimits) -> Vec<CacheItem> {
    let mut left: u64 = items.iter().map(|item| item.size).sum();
    let may_go = |item: &CacheItem| match item.is_mount {
        true => limits.mounts && !item.in_use,
        false => limits.in_images || !item.in_use,
    };
    let mut gone = Vec::new();
    for item in items.into_iter().filter(may_go) {
        let is_old = limits.before.is_some_and(|before| item.used < before);
        let is_too_much = limits.keep.is_some_and(|keep| left > keep);
        // Without any limit all goes.
        if is_old || is_too_much || limits.before.is_none() && limits.keep.is_none() {
            left -= item.size;
            gone.push(item);
        }
    }
    gone
}

fn stem(path: &Path) -> String {
    path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default()
}

/// Bytes on the disk below a folder; what can't be read counts as nothing.
fn size(folder: &Path) -> u64 {
    use std::os::unix::fs::MetadataExt;
    let mut waiting: Vec<PathBuf> = vec![folder.to_owned()];
    let mut inodes: HashMap<u64, u64> = HashMap::new();
    while let Some(folder) = waiting.pop() {
        let Ok(entries) = std::fs::read_dir(&folder) else { continue };
        for entry in entries.flatten() {
            let Ok(metadata) = entry.metadata() else { continue };
            inodes.insert(metadata.ino(), metadata.blocks() * 512);
            if metadata.is_dir() {
                waiting.push(entry.path());
            }
        }
    }
    inodes.values().sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Fixture, Tar, add_layer};

    fn item(id: &str, age: u64, size: u64) -> CacheItem {
        let used = SystemTime::UNIX_EPOCH + Duration::from_secs(1000 - age);
        CacheItem { id: id.to_owned(), what: String::new(), is_mount: id == "m", size, in_use: false, used }
    }

    fn gone(limits: CacheLimits) -> Vec<String> {
        let items = vec![item("a", 30, 5), item("m", 20, 5), item("b", 10, 5)];
        surplus(items, &limits).into_iter().map(|item| item.id).collect()
    }

    #[test]
    fn the_least_used_goes_first() {
        let all = CacheLimits::default();
        let before = Some(SystemTime::UNIX_EPOCH + Duration::from_secs(985));
        assert_eq!(gone(CacheLimits { before, mounts: true, ..all }), ["a", "m"]);
        assert_eq!(gone(CacheLimits { before, ..all }), ["a"]);
        assert_eq!(gone(CacheLimits { keep: Some(12), mounts: true, ..all }), ["a"]);
        assert_eq!(gone(CacheLimits { keep: Some(15), mounts: true, ..all }), [""; 0]);
        assert_eq!(gone(CacheLimits { mounts: true, ..all }), ["a", "m", "b"]);
    }

    #[test]
    fn layers_go_with_their_last_record() {
        let fixture = Fixture::new();
        let store = &fixture.store;
        let layer = add_layer(store, &Tar::new().file("a", b"1").end()).unwrap();
        let key = |text: &[u8]| Digest::sha256(text);
        for name in [&b"one"[..], b"two"] {
            let cached = Cached { layer: Some((layer.diff_id.clone(), 1024)), ..Cached::default() };
            store.remember_step(&key(name), &cached).unwrap();
        }
        assert_eq!(store.cache_items().unwrap().iter().map(|item| item.size).sum::<u64>(), 1024);
        store.reclaim().unwrap();
        assert!(store.has_layer(&layer.diff_id));
        assert_eq!(store.prune_cache(&CacheLimits::default()).unwrap().len(), 2);
        assert!(!store.has_layer(&layer.diff_id));
        assert_eq!(store.cached(&key(b"one")).unwrap(), None);
    }

    #[test]
    fn folders_in_use_stay() {
        let fixture = Fixture::new();
        let store = &fixture.store;
        let held = store.cache_folder("id", crate::Use::Shared).unwrap();
        let limits = CacheLimits { mounts: true, ..CacheLimits::default() };
        assert_eq!(store.prune_cache(&limits).unwrap(), []);
        drop(held);
        assert_eq!(store.prune_cache(&limits).unwrap()[0].what, "cache mount id");
        assert!(store.cache_folder("id", crate::Use::Alone).unwrap().is_new());
    }
}
