//! `pause` and `resume`: the freezer of the container's control group.

use crate::error::Error;
use crate::folder::{Container, Locked, Root};
use crate::status::Status;
use runtime::cgroup;

/// Freezes all its processes.
pub fn pause(root: &Root, id: &str) -> Result<(), Error> {
    let container = root.find(id)?;
    let _locked = Locked::of(&container)?;
    container.must("pause", &[Status::Created, Status::Running])?;
    Ok(cgroup::freeze(&container.record.cgroups, true)?)
}

/// Lets them go on.
pub fn resume(root: &Root, id: &str) -> Result<(), Error> {
    let container = root.find(id)?;
    let _locked = Locked::of(&container)?;
    container.must("resume", &[Status::Paused])?;
    thaw(&container)
}

pub(crate) fn thaw(container: &Container) -> Result<(), Error> {
    Ok(cgroup::freeze(&container.record.cgroups, false)?)
}
