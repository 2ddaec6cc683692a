//! storage.conf(5): where the store is.

use crate::Environment;
use serde::Deserialize;
use std::path::{Path, PathBuf};

pub use crate::containers::Error;

/// One file's or the merged content; what nobody set is empty.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct StorageConf {
    /// `overlay` or empty: ours; another driver of containers/storage is not offered.
    pub driver: String,
    /// Persistent folder; variables expanded.
    pub graphroot: String,
    /// Folder gone after a boot; variables expanded.
    pub runroot: String,
    /// graphroot of ordinary users, from the system's file.
    pub rootless_storage_path: String,
    /// Keep transient state only.
    pub transient_store: bool,
    /// `[storage.options]`.
    pub options: StorageOptions,
    /// Files read, in order.
    #[serde(skip)]
    pub files: Vec<PathBuf>,
    /// What was not understood, one line each.
    #[serde(skip)]
    pub warnings: Vec<String>,
}

/// `[storage.options]`.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct StorageOptions {
    /// Read-only image stores.
    pub additionalimagestores: Vec<PathBuf>,
    /// Options of the overlay mount, with commas.
    pub mountopt: String,
    /// FUSE program for overlay; empty: the kernel's.
    pub mount_program: String,
    /// Names in /etc/subuid for `--userns=auto`.
    #[serde(rename = "root-auto-userns-user")]
    pub root_auto_userns_user: String,
    /// Ids for `--userns=auto` at least.
    #[serde(rename = "auto-userns-min-size")]
    pub auto_userns_min_size: u32,
    /// And at most.
    #[serde(rename = "auto-userns-max-size")]
    pub auto_userns_max_size: u32,
}

/// Reads the file that applies.
pub fn load(_environment: &Environment) -> Result<StorageConf, Error> {
    todo!()
}

impl StorageConf {
    /// Parses one file. Pure.
    pub fn parse(_text: &str, _path: &Path) -> Result<Self, Error> {
        todo!()
    }

    /// graphroot, with the default for that user.
    pub fn graphroot(&self, _environment: &Environment) -> Option<PathBuf> {
        todo!()
    }

    /// runroot, with the default for that user.
    pub fn runroot(&self, _environment: &Environment) -> PathBuf {
        todo!()
    }
}
