//! User namespace and id mappings (`--userns`, `--uidmap`, `--gidmap`, `--subuidname`).

use crate::{is_default, namespaces::Namespace, null_default};
use serde::{Deserialize, Serialize};

/// Wishes for the user namespace.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Users {
    /// `--userns`.
    #[serde(rename = "userns", skip_serializing_if = "is_default")]
    pub userns: Namespace,
    /// `--uidmap`, `--gidmap`, options of `auto`.
    #[serde(rename = "idmappings", skip_serializing_if = "Option::is_none")]
    pub mappings: Option<IdMappings>,
}

/// containers/storage's `IDMappingOptions`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct IdMappings {
    /// Users as on the host.
    #[serde(rename = "HostUIDMapping")]
    pub host_uid_mapping: bool,
    /// Groups as on the host.
    #[serde(rename = "HostGIDMapping")]
    pub host_gid_mapping: bool,
    /// Ranges.
    #[serde(rename = "UIDMap", deserialize_with = "null_default")]
    pub uid_map: Vec<IdRange>,
    /// Ranges.
    #[serde(rename = "GIDMap", deserialize_with = "null_default")]
    pub gid_map: Vec<IdRange>,
    /// The engine chooses a free range.
    pub auto_user_ns: bool,
    /// For `auto_user_ns`.
    pub auto_user_ns_opts: AutoUserNs,
}

/// One range of ids.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct IdRange {
    /// First inside.
    pub container_id: u32,
    /// First outside (rootless: in the engine's user namespace).
    pub host_id: u32,
    /// How many.
    pub size: u32,
}

/// `--userns=auto:…`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct AutoUserNs {
    /// How many ids; 0: as the image needs.
    pub size: u32,
    /// At least this many.
    pub initial_size: u32,
    /// Fixed ranges besides.
    #[serde(rename = "AdditionalUIDMappings", deserialize_with = "null_default")]
    pub additional_uid_mappings: Vec<IdRange>,
    /// Fixed ranges besides.
    #[serde(rename = "AdditionalGIDMappings", deserialize_with = "null_default")]
    pub additional_gid_mappings: Vec<IdRange>,
}
