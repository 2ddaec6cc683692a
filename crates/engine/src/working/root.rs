//! The files of a working container while a command changes them.

use super::record::Working;
use super::{hold, is_mounted, mount};
use crate::{Engine, Error};
use std::path::{Path, PathBuf};
use store::WorkingHold;

/// They are visible, and nobody else works on them, as long as this lives. The process has a mount namespace of its own.
pub struct Root<'e> {
    engine: &'e Engine,
    place: PathBuf,
    /// Beside it, in this process's mount namespace only.
    mounted: bool,
    _hold: WorkingHold,
}

impl<'e> Root<'e> {
    /// Shows them; what is mounted already is used as it is.
    pub fn open(engine: &'e Engine, working: &Working) -> Result<Root<'e>, Error> {
        let held = hold(engine, &working.id)?;
        let mounted = !is_mounted(engine, &working.id);
        if mounted {
            runtime::mount_root(&mount::overlay(engine, working)?)?;
        }
        Ok(Root { engine, place: engine.store().working_mount_point(&working.id), mounted, _hold: held })
    }

    /// Its `/`.
    pub fn path(&self) -> &Path {
        &self.place
    }

    /// The engine that it is of.
    pub fn engine(&self) -> &'e Engine {
        self.engine
    }
}

impl Drop for Root<'_> {
    fn drop(&mut self) {
        if self.mounted
            && let Err(error) = runtime::unmount_view(&self.place)
        {
            log::debug!("unmount {}: {error}", self.place.display());
        }
    }
}
