//! The image configuration (OCI image spec "config.md") with Docker's additions (Healthcheck, OnBuild, Shell).

use crate::{Digest, null_default};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The whole configuration blob. Its digest is the image's ID.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ImageConfig {
    /// RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created: Option<String>,
    /// Who made it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub author: Option<String>,
    /// GOARCH.
    pub architecture: String,
    /// CPU variant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub variant: Option<String>,
    /// GOOS.
    pub os: String,
    /// Windows only.
    #[serde(rename = "os.version", skip_serializing_if = "Option::is_none")]
    pub os_version: Option<String>,
    /// Windows only.
    #[serde(rename = "os.features", skip_serializing_if = "Vec::is_empty", deserialize_with = "null_default")]
    pub os_features: Vec<String>,
    /// Docker's.
    #[serde(skip_serializing_if = "String::is_empty", deserialize_with = "null_default")]
    pub comment: String,
    /// What a container takes from the image.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub config: Option<ContainerConfig>,
    /// The layers' uncompressed digests, lowest first.
    pub rootfs: RootFs,
    /// One entry a build step, lowest first.
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "null_default")]
    pub history: Vec<History>,
}

/// The largest configuration that is read, in bytes.
pub const MAX_BYTES: usize = 4 << 20;

/// Why bytes are no image configuration.
#[derive(Debug, thiserror::Error)]
pub enum InvalidConfig {
    /// Not even read.
    #[error("image configuration has {size} bytes, more than the {MAX_BYTES} that are allowed")]
    TooLarge {
        /// Bytes.
        size: usize,
    },
    /// Broken JSON or fields of the wrong type.
    #[error("image configuration is malformed")]
    Malformed(#[from] serde_json::Error),
    /// The manifest and the configuration contradict each other.
    #[error("image configuration names {diff_ids} layers, its manifest {layers}")]
    LayerCount {
        /// In `rootfs.diff_ids`.
        diff_ids: usize,
        /// In the manifest.
        layers: usize,
    },
    /// A `rootfs.type` other than `layers`.
    #[error("image configuration has a root file system of type `{0}`, only `layers` is known")]
    RootFs(String),
}

impl ImageConfig {
    /// Parses and checks; `layers` is the number of layers in the manifest, if it is known.
    pub fn parse(bytes: &[u8], layers: Option<usize>) -> Result<ImageConfig, InvalidConfig> {
        if bytes.len() > MAX_BYTES {
            return Err(InvalidConfig::TooLarge { size: bytes.len() });
        }
        let config: ImageConfig = serde_json::from_slice(bytes)?;
        let diff_ids = config.rootfs.diff_ids.len();
        if let Some(layers) = layers.filter(|layers| *layers != diff_ids) {
            return Err(InvalidConfig::LayerCount { diff_ids, layers });
        }
        if !matches!(config.rootfs.kind.as_str(), "" | "layers") {
            return Err(InvalidConfig::RootFs(config.rootfs.kind.chars().take(160).collect()));
        }
        Ok(config)
    }

    /// What it runs on.
    pub fn platform(&self) -> crate::Platform {
        let variant = self.variant.as_deref().unwrap_or_default();
        crate::Platform {
            os_version: self.os_version.clone(),
            os_features: self.os_features.clone(),
            ..crate::Platform::new(&self.os, &self.architecture, variant)
        }
    }
}

/// `rootfs`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct RootFs {
    /// Always `layers`.
    #[serde(default, rename = "type")]
    pub kind: String,
    /// Lowest first.
    #[serde(default, deserialize_with = "null_default")]
    pub diff_ids: Vec<Digest>,
}

/// One `history` entry.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct History {
    /// RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created: Option<String>,
    /// The step.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_by: Option<String>,
    /// Who.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub author: Option<String>,
    /// Free text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// The step made no layer.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub empty_layer: bool,
}

/// The inner `config` object: field names are Docker's.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct ContainerConfig {
    /// `user[:group]`, names or numbers.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub user: String,
    /// `8080/tcp` → {}.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", deserialize_with = "null_default")]
    pub exposed_ports: BTreeMap<String, Empty>,
    /// `KEY=value`.
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "null_default")]
    pub env: Vec<String>,
    /// Exec form.
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "null_default")]
    pub entrypoint: Vec<String>,
    /// Exec form.
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "null_default")]
    pub cmd: Vec<String>,
    /// Paths that get an anonymous volume.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", deserialize_with = "null_default")]
    pub volumes: BTreeMap<String, Empty>,
    /// Absolute.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub working_dir: String,
    /// Free.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", deserialize_with = "null_default")]
    pub labels: BTreeMap<String, String>,
    /// Name or number.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub stop_signal: String,
    /// Docker's.
    #[serde(skip_serializing_if = "String::is_empty", deserialize_with = "null_default")]
    pub hostname: String,
    /// Docker's.
    #[serde(skip_serializing_if = "String::is_empty", deserialize_with = "null_default")]
    pub domainname: String,
    /// Docker's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub healthcheck: Option<Healthcheck>,
    /// Docker's.
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "null_default")]
    pub on_build: Vec<String>,
    /// Docker's.
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "null_default")]
    pub shell: Vec<String>,
}

/// `{}`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Empty {}

/// Docker's health check; durations in nanoseconds.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Healthcheck {
    /// `["CMD", …]`, `["CMD-SHELL", …]`, `["NONE"]`.
    #[serde(deserialize_with = "null_default")]
    pub test: Vec<String>,
    /// ns; 0: not said, as below.
    #[serde(skip_serializing_if = "is_zero")]
    pub interval: u64,
    /// ns.
    #[serde(skip_serializing_if = "is_zero")]
    pub timeout: u64,
    /// ns.
    #[serde(skip_serializing_if = "is_zero")]
    pub start_period: u64,
    /// ns.
    #[serde(skip_serializing_if = "is_zero")]
    pub start_interval: u64,
    /// Times.
    #[serde(skip_serializing_if = "is_zero")]
    pub retries: u32,
}

fn is_zero<N: Copy + Into<u64>>(number: &N) -> bool {
    (*number).into() == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHA: &str = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    #[test]
    fn docker_configs_with_nulls_are_read() {
        let text = format!(
            r#"{{"architecture":"amd64","os":"linux","docker_version":"1","history":null,
            "config":{{"Env":null,"Cmd":["a"],"Volumes":{{"/v":{{}}}},"Labels":null,"Healthcheck":{{"Test":null}}}},
            "rootfs":{{"type":"layers","diff_ids":["{SHA}"]}}}}"#
        );
        let config = ImageConfig::parse(text.as_bytes(), Some(1)).unwrap();
        assert_eq!(config.config.unwrap().cmd, ["a"]);
        assert_eq!(config.rootfs.diff_ids.len(), 1);
    }

    #[test]
    fn contradictions_are_errors() {
        let text = format!(r#"{{"rootfs":{{"type":"layers","diff_ids":["{SHA}"]}}}}"#);
        assert!(matches!(
            ImageConfig::parse(text.as_bytes(), Some(2)),
            Err(InvalidConfig::LayerCount { diff_ids: 1, layers: 2 })
        ));
        assert!(matches!(ImageConfig::parse(br#"{"rootfs":{"type":"x"}}"#, None), Err(InvalidConfig::RootFs(_))));
        assert!(ImageConfig::parse(b"nope", None).is_err());
    }
}
