//! Files of finished layers, to be copied from.

use super::Draft;
use super::draft::mount_layers;
use crate::{Engine, Error};
use oci::Digest;
use std::path::{Path, PathBuf};

/// Layers mounted for this process, which has a mount namespace of its own; until it is dropped.
pub struct View {
    place: PathBuf,
}

impl View {
    /// Mounts them (lowest first) in a folder beside the draft.
    pub fn mount(engine: &Engine, draft: &Draft<'_>, layers: &[Digest], name: &str) -> Result<View, Error> {
        let place = draft.aside(name)?;
        if !layers.is_empty() {
            mount_layers(engine, layers, &place)?;
        }
        Ok(View { place })
    }

    /// Where.
    pub fn path(&self) -> &Path {
        &self.place
    }
}

impl Drop for View {
    fn drop(&mut self) {
        if let Err(error) = runtime::unmount_view(&self.place) {
            log::debug!("unmount {}: {error}", self.place.display());
        }
    }
}

/// A folder that may be written to without being changed: what is written goes with the draft. Where it is.
pub fn writable(draft: &Draft<'_>, source: &Path, name: &str) -> Result<PathBuf, Error> {
    let place = |part: &str| draft.aside(&format!("{name}-{part}"));
    let root = runtime::Overlay {
        lower: vec![source.to_owned()],
        upper: place("upper")?,
        work: place("work")?,
        merged: place("merged")?,
        userxattr: draft.uses_userxattr(),
        volatile: true,
        idmap: false,
    };
    runtime::mount_root(&root)?;
    Ok(root.merged)
}

/// A folder in memory, for what must not reach the disk. Where it is.
pub fn memory(draft: &Draft<'_>, name: &str) -> Result<PathBuf, Error> {
    let place = draft.aside(name)?;
    runtime::mount_memory(&place)?;
    Ok(place)
}
