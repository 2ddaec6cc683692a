//! Device nodes and device rules (`--device`, `--device-cgroup-rule`).

use crate::{is_default, null_default};
use serde::{Deserialize, Serialize};

/// Wishes for devices.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Devices {
    /// `path` holds the flag's text: `/dev/host[:/dev/inside][:rwm]`, checked; numbers come from [`crate::HostFacts`].
    #[serde(skip_serializing_if = "is_default", deserialize_with = "null_default")]
    pub devices: Vec<oci::runtime::Device>,
    /// Rules beyond those of `devices`.
    #[serde(rename = "device_cgroup_rule", skip_serializing_if = "is_default", deserialize_with = "null_default")]
    pub cgroup_rules: Vec<oci::runtime::DeviceRule>,
}
