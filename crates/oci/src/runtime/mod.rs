//! OCI runtime specification 1.3, Linux: config.json as data. Unknown fields are ignored.

pub mod linux;
pub mod process;
pub mod resources;

pub use linux::*;
pub use process::*;
pub use resources::*;

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The version we write.
pub const VERSION: &str = "1.3.0";

use crate::null_default;
/// The root object of config.json.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Spec {
    /// Version of the specification the bundle follows.
    #[serde(rename = "ociVersion")]
    pub oci_version: String,
    /// What to run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub process: Option<Process>,
    /// The root file system.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub root: Option<Root>,
    /// In the UTS namespace.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hostname: Option<String>,
    /// In the UTS namespace.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub domainname: Option<String>,
    /// In order.
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "null_default")]
    pub mounts: Vec<Mount>,
    /// Programs run at points of the life.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hooks: Option<Hooks>,
    /// Free.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", deserialize_with = "null_default")]
    pub annotations: BTreeMap<String, String>,
    /// The platform's part.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub linux: Option<Linux>,
}

/// `root`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Root {
    /// Absolute, or relative to the bundle.
    pub path: String,
    /// Remount read-only.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub readonly: bool,
}

/// One of `mounts`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Mount {
    /// Absolute path inside.
    pub destination: String,
    /// File system type; `bind` or none for bind mounts.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// Device or folder.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// fstab words.
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "null_default")]
    pub options: Vec<String>,
    /// For an idmapped mount.
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "null_default")]
    pub uid_mappings: Vec<IdMapping>,
    /// For an idmapped mount.
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "null_default")]
    pub gid_mappings: Vec<IdMapping>,
}

/// `hooks`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Hooks {
    /// Deprecated, runtime namespace.
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "null_default")]
    pub prestart: Vec<Hook>,
    /// Runtime namespace.
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "null_default")]
    pub create_runtime: Vec<Hook>,
    /// Container namespace.
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "null_default")]
    pub create_container: Vec<Hook>,
    /// Container namespace, just before exec.
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "null_default")]
    pub start_container: Vec<Hook>,
    /// Runtime namespace.
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "null_default")]
    pub poststart: Vec<Hook>,
    /// Runtime namespace.
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "null_default")]
    pub poststop: Vec<Hook>,
}

/// One program.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Hook {
    /// Absolute.
    pub path: String,
    /// With argv[0].
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "null_default")]
    pub args: Vec<String>,
    /// KEY=value.
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "null_default")]
    pub env: Vec<String>,
    /// Seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout: Option<i64>,
}
