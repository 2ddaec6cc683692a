//! Limits: control groups, rlimits, sysctls.

use crate::{is_default, null_default};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// See podman-run(1) `--memory`, `--cpus`, `--pids-limit`, `--ulimit`, `--sysctl`, ….
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Resources {
    /// Control groups.
    #[serde(rename = "resource_limits", skip_serializing_if = "Option::is_none")]
    pub limits: Option<oci::runtime::Resources>,
    /// `--ulimit`; a type of `host` asks for the engine's own limits.
    #[serde(rename = "r_limits", skip_serializing_if = "is_default", deserialize_with = "null_default")]
    pub rlimits: Vec<oci::runtime::Rlimit>,
    /// Namespaced kernel parameters.
    #[serde(skip_serializing_if = "is_default", deserialize_with = "null_default")]
    pub sysctl: BTreeMap<String, String>,
    /// -1000 … 1000. `None`: containers.conf, else inherited.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub oom_score_adj: Option<i32>,
}
