//! What the root file system is made of.

use crate::{is_default, null_default};
use serde::{Deserialize, Serialize};

/// See podman-run(1) `IMAGE`, `--platform`, `--image-volume`, `--read-only`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Rootfs {
    /// Reference or id; after creation the resolved one.
    pub image: String,
    /// As the user wrote it.
    #[serde(skip_serializing_if = "is_default")]
    pub raw_image_name: String,
    /// A folder to use as it is, instead of an image.
    #[serde(skip_serializing_if = "is_default")]
    pub rootfs: String,
    /// GOOS wanted of an index.
    #[serde(skip_serializing_if = "is_default")]
    pub image_os: String,
    /// GOARCH wanted of an index.
    #[serde(skip_serializing_if = "is_default")]
    pub image_arch: String,
    /// CPU variant wanted of an index.
    #[serde(skip_serializing_if = "is_default")]
    pub image_variant: String,
    /// What the image's VOLUMEs become: `anonymous` (also empty or `bind`), `tmpfs`, `ignore`.
    #[serde(skip_serializing_if = "is_default")]
    pub image_volume_mode: String,
    /// Mount the root read-only. `None`: containers.conf decides.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub read_only_filesystem: Option<bool>,
    /// With a read-only root: tmpfs on /tmp, /run, /var/tmp. `None`: yes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub read_write_tmpfs: Option<bool>,
    /// shared, slave, private, …; empty: the runtime's.
    #[serde(skip_serializing_if = "is_default")]
    pub rootfs_propagation: String,
    /// Don't sync what is written to it.
    #[serde(skip_serializing_if = "is_default", deserialize_with = "null_default")]
    pub volatile: bool,
}
