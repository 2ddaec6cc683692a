//! Layers that are made in place: a folder of `tmp/` is the upper folder of an overlay for as long as a build step works, and
//! becomes a layer by a rename, without a copy.
//!
//! It says in its `root.json` which layers it stands on, so that they aren't removed; a killed process leaves it unlocked, and
//! [`Store::reclaim`] clears it away.

use crate::error::{At, Error};
use crate::layer::{AppliedLayer, LayerWriter, compose};
use crate::location::{Ownership, Store, make_dir};
use crate::root::{self, RootDirs};
use oci::Digest;
use std::path::{Path, PathBuf};

/// A layer being made by one process; dropping it discards it.
pub struct Draft<'a> {
    layer: LayerWriter<'a>,
    dirs: RootDirs,
    /// What containers need to be there, below everything else: it never becomes part of the layer.
    stubs: PathBuf,
}

impl Store {
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
        lower.push(stubs.clone());
        let upper = folder.join("diff");
        self.root_attributes(layers).apply(&upper)?;
        let userxattr = self.location().ownership != Ownership::Root;
        Ok(Draft { layer, dirs: RootDirs { lower, upper, work, merged, userxattr }, stubs })
    }

    /// What unfinished ones stand on.
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

    /// Makes it a layer; `None` if nothing was changed. With `latest` (seconds since 1970) no file in it is younger.
    /// Nothing may be mounted or at work in it any more.
    pub fn finish(mut self, latest: Option<i64>) -> Result<Option<AppliedLayer>, Error> {
        let folder = self.layer.folder().to_owned();
        let composed = compose::compose(&folder, self.layer.ownership(), latest)?;
        let Some(applied) = composed else { return Ok(None) };
        for name in ["work", "merged", "stubs", "aside", "root.json"] {
            self.layer.remove(name)?;
        }
        self.layer.adopt(applied.clone());
        self.layer.finish(&applied.diff_id)?;
        Ok(Some(applied))
    }
}
