//! Layers that are made in place: a folder of `tmp/` is the upper folder of an overlay for as long as a build step works, and
//! becomes a layer by a rename, without a copy.
//!
//! It says in its `root.json` which layers it stands on, so that they aren't removed; a killed process leaves it unlocked, and
//! [`Store::reclaim`] clears it away.

use crate::error::{At, Error};
use crate::layer::{AppliedLayer, LayerWriter, Times, compose, mapped};
use crate::location::{Ownership, Store, make_dir};
use crate::root::{self, RootDirs};
use oci::Digest;
use rustix::fd::OwnedFd;
use std::path::{Path, PathBuf};

/// A layer being made by one process; dropping it discards it.
pub struct Draft<'a> {
    layer: LayerWriter<'a>,
    dirs: RootDirs,
    /// What containers need to be there, below everything else: it never becomes part of the layer.
    stubs: PathBuf,
}

/// Layers that must stay for as long as this lives, whatever becomes of the images and records that have them. A killed process
/// leaves it unlocked, like a draft.
pub struct KeptLayers<'a> {
    store: &'a Store,
    folder: PathBuf,
    _lock: OwnedFd,
}

/// Of an image that containers can be made from. Overlayfs takes 500 folders, of which one is for the stubs, one for changes.
pub(crate) const MAX_LAYERS: usize = 498;

impl KeptLayers<'_> {
    /// From now on these, and no others.
    ///
    /// # Errors
    /// [`Error::MissingLayer`] if one is gone already: then the ones before are kept on.
    pub fn set(&self, layers: &[Digest]) -> Result<(), Error> {
        let _lock = self.store.lock_shared()?;
        self.store.require_layers(layers)?;
        root::write_layers(&self.folder, layers)
    }
}

impl Drop for KeptLayers<'_> {
    fn drop(&mut self) {
        if let Err(error) = self.store.discard(&self.folder) {
            log::debug!("{error}");
        }
    }
}

impl Store {
    /// To keep layers with; none at first.
    pub fn keep_layers(&self) -> Result<KeptLayers<'_>, Error> {
        let (folder, lock) = self.temporary_folder()?;
        Ok(KeptLayers { store: self, folder, _lock: lock })
    }

    /// Begins a layer over `layers` (lowest first).
    pub fn begin_draft(&self, layers: &[Digest]) -> Result<Draft<'_>, Error> {
        let layer = self.begin_layer()?;
        let folder = layer.folder().to_owned();
        let lock = self.lock_shared()?;
        self.require_layers(layers)?;
        root::write_layers(&folder, layers)?;
        drop(lock);
        let (work, merged, stubs) = (folder.join("work"), folder.join("merged"), folder.join("stubs"));
        for dir in [&work, &merged, &stubs] {
            make_dir(dir)?;
        }
        let mut lower = self.image_dirs(layers)?;
        // Besides the layer that is made, of which a container wants to see all.
        if lower.len() >= MAX_LAYERS {
            return Err(Error::TooManyLayers(lower.len() + 1));
        }
        lower.push(stubs.clone());
        let upper = folder.join("diff");
        self.root_attributes(layers).apply(&upper)?;
        let userxattr = self.location().ownership != Ownership::Root;
        Ok(Draft { layer, dirs: RootDirs { lower, upper, work, merged, userxattr }, stubs })
    }

    /// What unfinished ones stand on, and what is kept.
    pub(crate) fn draft_layers(&self) -> Result<Vec<Digest>, Error> {
        let folder = self.folder("tmp");
        let mut layers = Vec::new();
        for entry in std::fs::read_dir(&folder).at("list", &folder)? {
            layers.extend(root::recorded_layers(&entry.at("list", &folder)?.path()));
        }
        Ok(layers)
    }
}

impl Draft<'_> {
    /// Its folders, for an overlay mount.
    pub fn dirs(&self) -> &RootDirs {
        &self.dirs
    }

    /// The lowest of its lower folders, for empty files and folders to mount on.
    pub fn stubs(&self) -> &Path {
        &self.stubs
    }

    /// An empty folder that goes when it is finished.
    pub fn aside(&self, name: &str) -> Result<PathBuf, Error> {
        let folder = self.layer.folder().join("aside");
        make_dir(&folder)?;
        let place = folder.join(name);
        make_dir(&place)?;
        Ok(place)
    }

    /// What was changed in a working container, or all that is mounted somewhere, is copied into it. It must be new.
    pub fn fill(&self, source: &Path) -> Result<(), Error> {
        mapped::copy_files(source, self.layer.folder())
    }

    /// Makes it a layer; `None` if nothing was changed. Files get `times`.
    /// Nothing may be mounted or at work in it any more.
    pub fn finish(mut self, times: Times) -> Result<Option<AppliedLayer>, Error> {
        let folder = self.layer.folder().to_owned();
        let composed = compose::compose(&folder, self.layer.ownership(), times)?;
        let Some(applied) = composed else { return Ok(None) };
        for name in ["work", "merged", "stubs", "aside", "root.json"] {
            self.layer.remove(name)?;
        }
        self.layer.adopt(applied.clone());
        self.layer.finish(&applied.diff_id)?;
        Ok(Some(applied))
    }
}

#[cfg(test)]
mod tests {
    use crate::error::Error;
    use crate::testing::{Fixture, Tar, add_image, add_layer};

    #[test]
    fn more_layers_than_the_kernel_takes_are_refused() {
        let fixture = Fixture::new();
        let store = &fixture.store;
        let layer = |number: usize| add_layer(store, &Tar::new().file(&number.to_string(), b"").end()).unwrap().diff_id;
        let layers: Vec<_> = (0..super::MAX_LAYERS).map(layer).collect();
        assert!(store.begin_draft(&layers[1..]).is_ok());
        let error = store.begin_draft(&layers).err().unwrap().to_string();
        assert!(error.starts_with("499 layers are too many"), "{error}");
    }

    #[test]
    fn kept_layers_outlive_their_image() {
        let fixture = Fixture::new();
        let store = &fixture.store;
        let layer = |name: &str| add_layer(store, &Tar::new().file(name, b"").end()).unwrap().diff_id;
        let (kept, other) = (layer("kept"), layer("other"));
        let image = add_image(store, "one", &[kept.clone(), other.clone()], &[]).unwrap();
        let keeper = store.keep_layers().unwrap();
        keeper.set(std::slice::from_ref(&kept)).unwrap();
        store.remove_image(&image.id).unwrap();
        store.reclaim().unwrap();
        assert!(store.has_layer(&kept) && !store.has_layer(&other));
        assert!(matches!(keeper.set(&[other]), Err(Error::MissingLayer(_))));
        drop(keeper);
        let image = add_image(store, "two", std::slice::from_ref(&kept), &[]).unwrap();
        store.remove_image(&image.id).unwrap();
        assert!(!store.has_layer(&kept));
    }
}
