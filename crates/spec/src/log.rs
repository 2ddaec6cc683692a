//! Where output goes (`--log-driver`, `--log-opt`).

use crate::{is_default, null_default};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Wishes for the log.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Log {
    /// `None`: containers.conf.
    #[serde(rename = "log_configuration", skip_serializing_if = "Option::is_none")]
    pub log: Option<LogConfig>,
}

/// libpod's `LogConfig`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct LogConfig {
    /// k8s-file, json-file, none, passthrough, …; empty: containers.conf.
    #[serde(skip_serializing_if = "is_default")]
    pub driver: String,
    /// File; empty: the container's folder.
    #[serde(skip_serializing_if = "is_default")]
    pub path: String,
    /// Bytes; 0: containers.conf, negative: no limit.
    #[serde(skip_serializing_if = "is_default", deserialize_with = "null_default")]
    pub size: i64,
    /// `tag`, `label`, `max-file`, ….
    #[serde(skip_serializing_if = "is_default", deserialize_with = "null_default")]
    pub options: BTreeMap<String, String>,
}

/// Which driver.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LogDriver {
    /// CRI's line format.
    #[default]
    K8sFile,
    /// Docker's JSON lines.
    JsonFile,
    /// Nothing is kept.
    None,
    /// The container has the caller's own streams.
    Passthrough,
    /// The same, terminal included.
    PassthroughTty,
}

/// Log wishes, decided.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ResolvedLog {
    /// Driver.
    pub driver: LogDriver,
    /// File; empty: `ctr.log` in the container's folder.
    pub path: String,
    /// Folder below which `<id>/ctr.log` is made (containers.conf `log_path`); empty: none.
    pub folder: String,
    /// Bytes. `None`: no limit.
    pub max_size: Option<u64>,
    /// Files kept (`max-file`), at least 1.
    pub max_files: u32,
    /// Template; may be empty.
    pub tag: String,
    /// As asked, for inspect.
    pub options: BTreeMap<String, String>,
}
