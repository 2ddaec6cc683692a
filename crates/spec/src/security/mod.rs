//! Rights: capabilities, seccomp, AppArmor, SELinux, masked paths (`--cap-add`, `--security-opt`, `--privileged`).

use crate::{is_default, null_default};
use serde::{Deserialize, Serialize};

/// Wishes for rights.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Security {
    /// All rights the engine has. `None`: containers.conf decides.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub privileged: Option<bool>,
    /// `CAP_…` or `ALL`, normalised.
    #[serde(skip_serializing_if = "is_default", deserialize_with = "null_default")]
    pub cap_add: Vec<String>,
    /// `CAP_…` or `ALL`, normalised.
    #[serde(skip_serializing_if = "is_default", deserialize_with = "null_default")]
    pub cap_drop: Vec<String>,
    /// `disable`, `user:…`, `type:…`, `level:…`, `nested`.
    #[serde(skip_serializing_if = "is_default", deserialize_with = "null_default")]
    pub selinux_opts: Vec<String>,
    /// Profile; `unconfined`; empty: the default one where AppArmor is on.
    #[serde(skip_serializing_if = "is_default")]
    pub apparmor_profile: String,
    /// File, `unconfined`, or empty: the configured or built-in one.
    #[serde(skip_serializing_if = "is_default")]
    pub seccomp_profile_path: String,
    /// `default`, `image`.
    #[serde(skip_serializing_if = "is_default")]
    pub seccomp_policy: String,
    /// PR_SET_NO_NEW_PRIVS.
    #[serde(skip_serializing_if = "is_default", deserialize_with = "null_default")]
    pub no_new_privileges: bool,
    /// More paths to hide.
    #[serde(skip_serializing_if = "is_default", deserialize_with = "null_default")]
    pub mask: Vec<String>,
    /// Paths not to hide; `ALL`.
    #[serde(skip_serializing_if = "is_default", deserialize_with = "null_default")]
    pub unmask: Vec<String>,
    /// Options of the /proc mount.
    #[serde(skip_serializing_if = "is_default", deserialize_with = "null_default")]
    pub procfs_opts: Vec<String>,
    /// SELinux may be used inside.
    #[serde(skip_serializing_if = "is_default", deserialize_with = "null_default")]
    pub label_nested: bool,
}

/// Which system call filter.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SeccompChoice {
    /// The built-in profile, by capabilities.
    #[default]
    Default,
    /// None.
    Unconfined,
    /// A given profile, already brought to OCI form.
    Profile(Box<oci::runtime::Seccomp>),
}
