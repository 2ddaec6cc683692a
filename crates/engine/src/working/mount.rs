//! Working containers mounted for somebody to look at and to change: in the mount namespace of whoever asks, until they are
//! unmounted or that namespace ends. That it is mounted is what the kernel says, no record.

use super::hold;
use super::record::Working;
use crate::{Engine, Error};
use runtime::Overlay;
use std::path::PathBuf;

/// Mounts it, unless it is; where.
pub fn mount(engine: &Engine, working: &Working) -> Result<PathBuf, Error> {
    let _hold = hold(engine, &working.id)?;
    if !is_mounted(engine, &working.id) {
        runtime::mount_root(&overlay(engine, working)?)?;
    }
    Ok(engine.store().working_mount_point(&working.id))
}

/// Takes that back; whether it was mounted.
pub fn unmount(engine: &Engine, working: &Working) -> Result<bool, Error> {
    let _hold = hold(engine, &working.id)?;
    if !is_mounted(engine, &working.id) {
        return Ok(false);
    }
    runtime::unmount_view(&engine.store().working_mount_point(&working.id))?;
    Ok(true)
}

/// Where it is mounted, if it is.
pub fn mount_point(engine: &Engine, id: &str) -> PathBuf {
    engine.store().working_mount_point(id)
}

/// Here, that is in this process's mount namespace.
pub fn is_mounted(engine: &Engine, id: &str) -> bool {
    runtime::is_mount_point(&engine.store().working_mount_point(id))
}

pub(super) fn overlay(engine: &Engine, working: &Working) -> Result<Overlay, Error> {
    // Of a command that was killed.
    engine.store().clear_working_stubs(&working.id)?;
    let (dirs, _) = engine.store().working_dirs(&working.id, &working.diff_ids())?;
    Ok(Overlay {
        lower: dirs.lower,
        upper: dirs.upper,
        work: dirs.work,
        merged: dirs.merged,
        userxattr: dirs.userxattr,
        // Nobody waits for the disk while an image is made.
        volatile: true,
        idmap: false,
    })
}
