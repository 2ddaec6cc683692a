//! What is remembered of a container, in its folder's `state.json`.

use crate::error::{Error, Tried};
use crate::folder::STATE;
use runtime::cgroup::Cgroups;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// See the module.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Record {
    /// Its id.
    pub id: String,
    /// Of its first process, in the pid namespace of whoever made it.
    pub pid: i32,
    /// When that began, in clock ticks since the machine started: tells it from another with its number.
    pub start_time: u64,
    /// Absolute.
    pub bundle: PathBuf,
    /// Absolute.
    pub rootfs: PathBuf,
    /// RFC 3339.
    pub created: String,
    /// User id of whoever made it.
    pub owner: u32,
    /// Its control groups.
    pub cgroups: Cgroups,
    /// `linux.cgroupsPath`, or where it is without.
    pub cgroup_path: String,
    /// Version of the specification that its configuration follows.
    pub oci_version: String,
    /// From its configuration.
    pub annotations: BTreeMap<String, String>,
}

impl Record {
    /// `None`: there is no such container.
    pub(crate) fn read(folder: &Path) -> Result<Option<Record>, Error> {
        let path = folder.join(STATE);
        let bytes = match fs::read(&path) {
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => return Ok(None),
            read => read.at("read", &path)?,
        };
        let broken =
            |error: serde_json::Error| Error::Config { file: path.display().to_string(), why: error.to_string() };
        serde_json::from_slice(&bytes).map(Some).map_err(broken)
    }

    pub(crate) fn write(&self, folder: &Path) -> Result<(), Error> {
        let (path, fresh) = (folder.join(STATE), folder.join("state.new"));
        let bytes = serde_json::to_vec(self).map_err(std::io::Error::other).at("write", &path)?;
        fs::write(&fresh, bytes).at("write", &fresh)?;
        fs::rename(&fresh, &path).at("write", &path)
    }
}
