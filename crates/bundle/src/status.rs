//! What a container is doing: a fact of the kernel's, not of a record (runtime.md, "State").

use crate::folder::{Container, DOOR};
use crate::record::Record;
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

/// The states of the specification, and `paused`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Its process waits for the start.
    Created,
    /// Its process does what it was made for.
    Running,
    /// Frozen.
    Paused,
    /// Its process has ended.
    Stopped,
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Status::Created => "created",
            Status::Running => "running",
            Status::Paused => "paused",
            Status::Stopped => "stopped",
        })
    }
}

/// What `state` prints: the specification's fields and those that crun and runc add.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct State {
    oci_version: String,
    id: String,
    /// 0 once it has ended.
    pub pid: i32,
    /// See each.
    pub status: Status,
    bundle: PathBuf,
    rootfs: PathBuf,
    created: String,
    /// User's name.
    pub owner: String,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    annotations: BTreeMap<String, String>,
}

impl State {
    /// Of now.
    pub fn of(container: &Container) -> State {
        let (record, status) = (&container.record, container.status());
        State {
            oci_version: record.oci_version.clone(),
            id: record.id.clone(),
            pid: if status == Status::Stopped { 0 } else { record.pid },
            status,
            bundle: record.bundle.clone(),
            rootfs: record.rootfs.clone(),
            created: record.created.clone(),
            owner: owner(record.owner),
            annotations: record.annotations.clone(),
        }
    }
}

/// A user's name, or `#` and the number.
pub(crate) fn owner(uid: u32) -> String {
    let text = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    let name = text.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)?.parse() == Ok(uid)).then(|| name.to_owned())
    });
    name.unwrap_or_else(|| format!("#{uid}"))
}

pub(crate) fn of(container: &Container) -> Status {
    if !lives(&container.record) {
        return Status::Stopped;
    }
    if container.folder.join(DOOR).exists() {
        return Status::Created;
    }
    match runtime::cgroup::is_frozen(&container.record.cgroups) {
        true => Status::Paused,
        false => Status::Running,
    }
}

/// Whether its first process is there, and is more than an unreaped exit code.
pub(crate) fn lives(record: &Record) -> bool {
    sys::process::stat(record.pid).is_some_and(|stat| stat.start_time == record.start_time && !stat.has_ended())
}
