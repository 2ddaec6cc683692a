//! Who the container is: name, host name, labels, annotations.

use crate::{is_default, null_default};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// See podman-run(1) `--name`, `--hostname`, `--label`, `--annotation`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Identity {
    /// Empty: the engine makes one up.
    #[serde(skip_serializing_if = "is_default")]
    pub name: String,
    /// Pod to join, by name or id.
    #[serde(skip_serializing_if = "is_default")]
    pub pod: String,
    /// Empty: the first 12 digits of the id (or the name, see containers.conf).
    #[serde(skip_serializing_if = "is_default")]
    pub hostname: String,
    /// Free key-value pairs.
    #[serde(skip_serializing_if = "is_default", deserialize_with = "null_default")]
    pub labels: BTreeMap<String, String>,
    /// Passed to the OCI runtime.
    #[serde(skip_serializing_if = "is_default", deserialize_with = "null_default")]
    pub annotations: BTreeMap<String, String>,
    /// argv of the command that made it, for `inspect`.
    #[serde(rename = "containerCreateCommand", skip_serializing_if = "is_default", deserialize_with = "null_default")]
    pub create_command: Vec<String>,
    /// Containers that must run before this one.
    #[serde(rename = "dependencyContainers", skip_serializing_if = "is_default", deserialize_with = "null_default")]
    pub dependencies: Vec<String>,
}
