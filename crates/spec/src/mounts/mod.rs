//! Mounts and volumes: fields. Flag text is parsed in the files below.

pub mod artifact;
pub mod csv;
pub mod mount_flag;
mod options;
pub(crate) mod plan;
pub mod volume_flag;

use crate::{Invalid, is_default, null_default};
use artifact::{ArtifactFiles, ArtifactVolume};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::path::Path;

/// See podman-run(1) `-v`, `--mount`, `--tmpfs`, `--shm-size`, `--volumes-from`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Mounts {
    /// Bind mounts, tmpfs, …: type, source, destination, options as podman's (`z`, `U`, … are still in).
    #[serde(skip_serializing_if = "is_default", deserialize_with = "null_default")]
    pub mounts: Vec<oci::runtime::Mount>,
    /// Named and anonymous volumes.
    #[serde(skip_serializing_if = "is_default", deserialize_with = "null_default")]
    pub volumes: Vec<NamedVolume>,
    /// Folders of the host under a throw-away upper layer (`-v src:dst:O`).
    #[serde(skip_serializing_if = "is_default", deserialize_with = "null_default")]
    pub overlay_volumes: Vec<OverlayVolume>,
    /// Images mounted as folders.
    #[serde(skip_serializing_if = "is_default", deserialize_with = "null_default")]
    pub image_volumes: Vec<ImageVolume>,
    /// Files of artifacts.
    #[serde(skip_serializing_if = "is_default", deserialize_with = "null_default")]
    pub artifact_volumes: Vec<ArtifactVolume>,
    /// `container[:options]`.
    #[serde(skip_serializing_if = "is_default", deserialize_with = "null_default")]
    pub volumes_from: Vec<String>,
    /// Bytes of /dev/shm. `None`: containers.conf.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shm_size: Option<i64>,
}

/// One named volume; without a name an anonymous one.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct NamedVolume {
    /// Empty: anonymous.
    pub name: String,
    /// Absolute.
    pub dest: String,
    /// `ro`, `z`, `nocopy`, ….
    #[serde(deserialize_with = "null_default")]
    pub options: Vec<String>,
    /// Removed with the container.
    pub is_anonymous: bool,
    /// A folder below the volume.
    pub sub_path: String,
}

/// One overlay volume.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct OverlayVolume {
    /// Absolute.
    pub destination: String,
    /// Folder of the host, or a volume's name.
    pub source: String,
    /// `upperdir=`, `workdir=`, `U`.
    #[serde(deserialize_with = "null_default")]
    pub options: Vec<String>,
}

/// One image mount.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct ImageVolume {
    /// Image.
    pub source: String,
    /// Absolute.
    pub destination: String,
    /// With a throw-away upper layer.
    pub read_write: bool,
    /// A folder below the image's root.
    #[serde(rename = "subpath")]
    pub sub_path: String,
}

/// What one `-v`, `--mount` or `--tmpfs` means.
#[derive(Debug, Clone, PartialEq)]
pub enum MountFlag {
    /// Bind mount or file system.
    Mount(oci::runtime::Mount),
    /// Named or anonymous volume.
    Volume(NamedVolume),
    /// Overlay volume.
    Overlay(OverlayVolume),
    /// Image mount.
    Image(ImageVolume),
    /// Files of an artifact.
    Artifact(ArtifactVolume),
}

/// Finds the files of the host that match a pattern.
pub type Glob<'a> = dyn Fn(&str) -> Result<Vec<String>, Invalid> + 'a;

impl MountFlag {
    fn destination(&self) -> &str {
        match self {
            MountFlag::Mount(mount) => &mount.destination,
            MountFlag::Volume(volume) => &volume.dest,
            MountFlag::Overlay(volume) => &volume.destination,
            MountFlag::Image(volume) => &volume.destination,
            MountFlag::Artifact(volume) => &volume.destination,
        }
    }
}

fn duplicate(destination: &str) -> Invalid {
    Invalid::new(format!("{destination}: duplicate mount destination"))
}

impl Mounts {
    /// `-v`; `cwd` makes relative sources absolute.
    pub fn add_volume(&mut self, text: &str, cwd: &Path) -> Result<(), Invalid> {
        self.add(volume_flag::parse_volume(text, cwd)?);
        Ok(())
    }

    /// All `--mount`s, of which no two may have the same destination; `cwd` makes relative sources absolute.
    pub fn add_mounts(&mut self, texts: &[String], cwd: &Path, glob: &Glob<'_>) -> Result<(), Invalid> {
        let mut taken = BTreeSet::new();
        for text in texts {
            for flag in mount_flag::parse_mount(text, cwd, glob)? {
                if !taken.insert(flag.destination().to_owned()) {
                    return Err(duplicate(flag.destination()));
                }
                self.add(flag);
            }
        }
        Ok(())
    }

    /// `--tmpfs`.
    pub fn add_tmpfs(&mut self, text: &str) -> Result<(), Invalid> {
        self.add(volume_flag::parse_tmpfs(text)?);
        Ok(())
    }

    fn add(&mut self, flag: MountFlag) {
        match flag {
            MountFlag::Mount(mount) => self.mounts.push(mount),
            MountFlag::Volume(volume) => self.volumes.push(volume),
            MountFlag::Overlay(volume) => self.overlay_volumes.push(volume),
            MountFlag::Image(volume) => self.image_volumes.push(volume),
            MountFlag::Artifact(volume) => self.artifact_volumes.push(volume),
        }
    }
}

/// One mount, decided.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ResolvedMount {
    /// Absolute, clean.
    pub destination: String,
    /// What is mounted.
    pub source: Source,
    /// fstab words for the runtime; none of podman's own (`z`, `U`, `nocopy`, …).
    #[serde(default)]
    pub options: Vec<String>,
    /// Chown the source to the container's user (`U`).
    #[serde(default)]
    pub chown: bool,
    /// The source is the lower layer of an overlay: what is changed there doesn't reach it.
    #[serde(default)]
    pub overlay: Option<Upper>,
    /// A folder or file below the source, which is mounted in its place; may be empty.
    #[serde(default)]
    pub sub_path: String,
    /// SELinux: `z` shared, `Z` private.
    #[serde(default)]
    pub relabel: Option<char>,
    /// A fresh volume is filled with what the image has there.
    #[serde(default)]
    pub copy_up: bool,
    /// `idmap`, or `idmap=…` with its options: map owners by the container's mapping.
    #[serde(default)]
    pub idmap: Option<String>,
    /// The user asked for it (not one of the default set).
    #[serde(default)]
    pub asked: bool,
}

/// Where an overlay keeps its changes. Both empty: in folders of the engine's, which are new at each start.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Upper {
    /// `upperdir=`: absolute.
    pub upper: String,
    /// `workdir=`: absolute.
    pub work: String,
}

/// What a [`ResolvedMount`] mounts.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// A file system of the kernel: proc, sysfs, tmpfs, devpts, mqueue, cgroup.
    Kernel(String),
    /// A folder or file of the host.
    Bind(String),
    /// A volume.
    Volume {
        /// Empty: anonymous, the engine fills in a fresh one.
        name: String,
        /// Removed with the container.
        anonymous: bool,
    },
    /// The root of the image of this name, always as an overlay.
    Image(String),
    /// Files of an artifact: one at the destination, or in it if that is a folder; several always in it.
    Artifact(ArtifactFiles),
    /// /dev/shm: an own tmpfs of `shm_size`, or the folder in [`crate::RunFacts::shm`].
    Shm,
    /// A file the engine writes: by destination, see [`crate::facts::Files`].
    #[default]
    File,
}
