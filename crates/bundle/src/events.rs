//! `events --stats`: what a container uses, in runc's JSON, which containerd and cAdvisor read.

use crate::error::Error;
use crate::folder::Root;
use crate::status::Status;
use runtime::cgroup::usage::{self, Usage};
use serde::Serialize;

/// One event.
#[derive(Debug, Serialize)]
pub struct Stats {
    #[serde(rename = "type")]
    kind: &'static str,
    id: String,
    data: Usage,
}

/// Of now.
pub fn stats(root: &Root, id: &str) -> Result<Stats, Error> {
    let container = root.find(id)?;
    container.must("count what is used by", &[Status::Created, Status::Running, Status::Paused])?;
    let data = usage::of(&container.record.cgroups)?;
    Ok(Stats { kind: "stats", id: id.to_owned(), data })
}
