//! `update`: other limits for a container that has its groups.

use crate::error::Error;
use crate::folder::{Locked, Root};
use crate::status::Status;
use oci::runtime::Resources;

/// Sets those that are given.
pub fn update(root: &Root, id: &str, resources: &Resources) -> Result<(), Error> {
    let container = root.find(id)?;
    let _locked = Locked::of(&container)?;
    container.must("update", &[Status::Created, Status::Running, Status::Paused])?;
    Ok(runtime::cgroup::update(&container.record.cgroups, resources)?)
}
