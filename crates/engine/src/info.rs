//! `info` and `version`: where everything is and what this host offers, in Podman's structure.

use crate::{Engine, Error};
use serde::Serialize;

/// `info`: field names and nesting are Podman's JSON.
#[derive(Debug, Clone, Serialize)]
pub struct Info {
    /// This machine and how containers run on it.
    pub host: serde_json::Value,
    /// Where containers, images and volumes are.
    pub store: serde_json::Value,
    /// Search list, blocked and insecure registries.
    pub registries: serde_json::Value,
    /// What can be chosen.
    pub plugins: serde_json::Value,
    /// See [`Version`].
    pub version: Version,
}

/// `version`.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Version {
    /// Of libpod's API that we follow.
    #[serde(rename = "APIVersion")]
    pub api_version: String,
    /// Ours.
    pub version: String,
    /// Compiler.
    pub go_version: String,
    /// Commit.
    pub git_commit: String,
    /// When it was built, text.
    pub built_time: String,
    /// When it was built, seconds since 1970.
    pub built: i64,
    /// `linux/amd64`.
    pub os_arch: String,
    /// `linux`.
    pub os: String,
}

/// Collects it.
pub fn info(_engine: &Engine) -> Result<Info, Error> {
    todo!()
}
/// Needs no engine.
pub fn version() -> Version {
    todo!()
}
