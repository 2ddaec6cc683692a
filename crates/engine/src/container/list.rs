//! `ps`.

use crate::{Engine, Error};
use serde::Serialize;
use std::collections::BTreeMap;

/// What to list.
#[derive(Debug, Clone, Default)]
pub struct ListOptions {
    /// Not only running ones.
    pub all: bool,
    /// `key=value` filters; same keys are alternatives, different keys must all hold.
    pub filters: Vec<(String, String)>,
    /// The N newest, whatever their state.
    pub last: Option<usize>,
    /// Fill in `size` (reads every container's folder).
    pub size: bool,
}

/// One container; field names are `ps --format json`'s.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ContainerSummary {
    /// `--rm`.
    pub auto_remove: bool,
    /// argv with entry point.
    pub command: Vec<String>,
    /// RFC 3339.
    pub created_at: String,
    /// `--cidfile`.
    #[serde(rename = "CIDFile")]
    pub cid_file: String,
    /// It ended.
    pub exited: bool,
    /// Seconds since 1970 (-62135596800: never).
    pub exited_at: i64,
    /// Of the last run.
    pub exit_code: i32,
    /// Exposed, not necessarily published: port → protocols.
    pub exposed_ports: Option<BTreeMap<u16, Vec<String>>>,
    /// 64 hex digits.
    pub id: String,
    /// Name it was made from.
    pub image: String,
    /// Hex digits.
    #[serde(rename = "ImageID")]
    pub image_id: String,
    /// Of a pod.
    pub is_infra: bool,
    /// All labels.
    pub labels: Option<BTreeMap<String, String>>,
    /// Destinations.
    pub mounts: Vec<String>,
    /// One.
    pub names: Vec<String>,
    /// Networks' names.
    pub networks: Vec<String>,
    /// On the host; 0 when it doesn't run.
    pub pid: i32,
    /// Pod's id.
    pub pod: String,
    /// Pod's name.
    pub pod_name: String,
    /// Published.
    pub ports: Option<Vec<PortSummary>>,
    /// How often the monitor restarted it.
    pub restarts: u32,
    /// Bytes, when asked for.
    pub size: Option<SizeSummary>,
    /// Seconds since 1970.
    pub started_at: i64,
    /// created, running, exited, stopping, ….
    pub state: String,
    /// `Up 2 seconds` without the health part is the cli's work; here: health status or empty.
    pub status: String,
    /// Seconds since 1970.
    pub created: i64,
}

/// One published port.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PortSummary {
    /// Address on the host; empty: all.
    pub host_ip: String,
    /// In the container.
    pub container_port: u16,
    /// On the host.
    pub host_port: u16,
    /// How many.
    pub range: u16,
    /// tcp, udp, sctp.
    pub protocol: String,
}

/// Bytes on disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SizeSummary {
    /// With the image.
    pub root_fs_size: u64,
    /// Written by the container.
    pub rw_size: u64,
}

/// Newest last, as Podman.
pub fn list(_engine: &Engine, _options: &ListOptions) -> Result<Vec<ContainerSummary>, Error> {
    todo!()
}
