//! pid, uts, ipc and cgroup namespaces (`--pid`, `--uts`, `--ipc`, `--cgroupns`).

use crate::is_default;
use serde::{Deserialize, Serialize};

/// The namespaces that need no more than a mode. User and network have their own files.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Namespaces {
    /// `--pid`.
    #[serde(rename = "pidns", skip_serializing_if = "is_default")]
    pub pid: Namespace,
    /// `--uts`.
    #[serde(rename = "utsns", skip_serializing_if = "is_default")]
    pub uts: Namespace,
    /// `--ipc`.
    #[serde(rename = "ipcns", skip_serializing_if = "is_default")]
    pub ipc: Namespace,
    /// `--cgroupns`.
    #[serde(rename = "cgroupns", skip_serializing_if = "is_default")]
    pub cgroup: Namespace,
    /// `--cgroups`: enabled, disabled, no-conmon, split; empty: enabled.
    #[serde(skip_serializing_if = "is_default")]
    pub cgroups_mode: String,
    /// `--cgroup-parent`.
    #[serde(skip_serializing_if = "is_default")]
    pub cgroup_parent: String,
}

/// One namespace: a mode and, for some, a value.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Namespace {
    /// Which.
    #[serde(rename = "nsmode")]
    pub mode: NsMode,
    /// Path, container, or options of the mode (`uid=1,gid=2` of `keep-id`).
    #[serde(skip_serializing_if = "is_default")]
    pub value: String,
}

/// How a namespace is had.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NsMode {
    /// As configured.
    #[default]
    #[serde(alias = "")]
    Default,
    /// The host's.
    Host,
    /// A new one.
    Private,
    /// ipc: a new one others may join.
    Shareable,
    /// That of the container in `value`.
    Container,
    /// That of the pod.
    Pod,
    /// The file in `value`.
    Path,
    /// network: a new one with only `lo`; ipc: without /dev/shm.
    None,
    /// network: bridge networks.
    Bridge,
    /// network: pasta.
    Pasta,
    /// network: slirp4netns.
    #[serde(rename = "slirp4netns")]
    Slirp4netns,
    /// user: a free range of ids.
    Auto,
    /// user: the caller keeps its ids.
    KeepId,
    /// user: the caller's ids are not mapped.
    NoMap,
}

impl Namespace {
    /// Without value.
    pub fn of(mode: NsMode) -> Self {
        Self { mode, value: String::new() }
    }
}
