//! `ps`.

use super::filter::Filters;
use super::ports_listed::{self, PortSummary};
use crate::state::containers::{Container, LastRun};
use crate::state::live::Live;
use crate::{Engine, Error};
use jiff::Timestamp;
use serde::Serialize;
use std::collections::{BTreeMap, HashSet};

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
    /// argv without entry point.
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

/// Bytes on disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SizeSummary {
    /// With the image.
    pub root_fs_size: u64,
    /// Written by the container.
    pub rw_size: u64,
}

/// Oldest first, as Podman.
pub fn list(engine: &Engine, options: &ListOptions) -> Result<Vec<ContainerSummary>, Error> {
    let filters = Filters::parse(engine, &options.filters)?;
    let database = engine.database()?;
    super::cleanup::reconcile(engine, None);
    let running: HashSet<String> = engine.runs().ids()?.into_iter().collect();
    let all = options.all || options.last.is_some() || filters.asks_for_state();
    let mut found = Vec::new();
    for row in database.containers()? {
        let live = if running.contains(&row.id) { engine.runs().live(&row.id)? } else { Live::Absent };
        // Its run ended between the two looks and took it along.
        if row.remove && row.boot.is_some() && live == Live::Absent {
            continue;
        }
        let status = status_of(&live, &row.last);
        let policy = || {
            let full = database.full(&row.id).ok().flatten();
            full.map_or_else(String::new, |full| full.spec.restart.name().to_owned())
        };
        if (all || status == "running" || status == "restarting") && filters.hold(&row, status, &policy) {
            found.push((row, live, status));
        }
    }
    if let Some(last) = options.last {
        found.drain(..found.len().saturating_sub(last));
    }
    found.into_iter().map(|(row, live, status)| summary(engine, options, row, &live, status)).collect()
}

/// One container's state in Podman's words.
pub(super) fn status(engine: &Engine, id: &str) -> Result<&'static str, Error> {
    let live = engine.runs().live(id)?;
    let row = engine.database()?.container(id)?.ok_or_else(|| Error::NoSuchContainer(id.to_owned()))?;
    Ok(status_of(&live, &row.last))
}

/// The truth is in the run folder; without one the last run counts.
pub(super) fn status_of(live: &Live, last: &LastRun) -> &'static str {
    match live {
        Live::Running(state) if state.restarting => "restarting",
        Live::Running(_) => "running",
        Live::Starting(_) => "created",
        Live::Exited(exit, _) if !exit.error.is_empty() && last.started.is_empty() => "created",
        Live::Exited(..) | Live::Dead(_) => "exited",
        Live::Absent if last.started.is_empty() => "created",
        Live::Absent => "exited",
    }
}

fn summary(
    engine: &Engine,
    options: &ListOptions,
    row: Container,
    live: &Live,
    status: &str,
) -> Result<ContainerSummary, Error> {
    let state = live.state();
    let started = state.map(|s| s.started.as_str()).filter(|s| !s.is_empty()).unwrap_or(&row.last.started);
    let (finished, exit_code) = match live {
        Live::Exited(exit, _) => (exit.finished.as_str(), exit.code),
        _ => (row.last.finished.as_str(), row.last.exit_code),
    };
    let published = match state {
        Some(state) if !state.network.ports.is_empty() => &state.network.ports,
        _ => &row.summary.ports,
    };
    let ports = ports_listed::list(published);
    let exited = status == "exited";
    let created = Timestamp::from_nanosecond(row.created.into()).unwrap_or_default();
    let size = if options.size { Some(super::size::of(engine, &row.id, &row.image_id)?) } else { None };
    Ok(ContainerSummary {
        auto_remove: row.remove,
        created_at: created.to_string(),
        cid_file: row.summary.cidfile,
        exited,
        exited_at: seconds(if exited || status == "created" { finished } else { "" }),
        exit_code: if exited { exit_code } else { 0 },
        exposed_ports: exposed(&row.summary.exposed),
        image: row.image_name,
        image_id: row.image_id,
        is_infra: false,
        labels: (!row.summary.labels.is_empty()).then_some(row.summary.labels),
        mounts: row.summary.mounts,
        names: vec![row.name],
        networks: row.summary.networks,
        pid: state.filter(|_| live.is_running()).map_or(0, |state| state.pid),
        pod: row.summary.pod,
        pod_name: String::new(),
        ports: (!ports.is_empty()).then_some(ports),
        restarts: state.map_or(row.last.restarts, |state| state.restarts),
        size,
        started_at: seconds(started),
        state: status.to_owned(),
        status: String::new(),
        created: created.as_second(),
        command: row.summary.command,
        id: row.id,
    })
}

/// Seconds since 1970 of an RFC 3339 text; Go's zero time when it is empty.
fn seconds(time: &str) -> i64 {
    time.parse::<Timestamp>().map_or(-62_135_596_800, |time| time.as_second())
}

/// `80/tcp`, … by port.
fn exposed(ports: &[String]) -> Option<BTreeMap<u16, Vec<String>>> {
    let mut map: BTreeMap<u16, Vec<String>> = BTreeMap::new();
    for port in ports {
        let (number, protocol) = port.split_once('/').unwrap_or((port, "tcp"));
        if let Ok(number) = number.parse() {
            map.entry(number).or_default().push(protocol.to_owned());
        }
    }
    (!map.is_empty()).then_some(map)
}
