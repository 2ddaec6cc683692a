//! From a resolved container to a running process under its monitor.
//!
//! `spawn` forks the monitor, which launches the container and stays with it; the command keeps the other end of a socket
//! on which it hears that the container runs, what it writes and how it ended.

pub mod cgroup;
mod handover;
mod launch;
mod mounts;
mod step;
mod stubs;
mod supervise;
mod terminal;

use crate::{Engine, Error};
use oci::Digest;
use spec::ResolvedSpec;
use std::os::fd::{AsRawFd, OwnedFd};
use std::path::PathBuf;

pub(crate) use handover::exec_last_duties;
pub(crate) use launch::{groups, keeps_groups, log_config_of, start_time};
pub(crate) use step::run_step;
pub use supervise::monitor_main;

/// What is to be started.
pub(crate) struct Subject {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) image_id: String,
    pub(crate) image_name: String,
    pub(crate) spec: ResolvedSpec,
    pub(crate) layers: Vec<Digest>,
    /// It has another root than that of a stored container.
    pub(crate) draft: Option<DraftRoot>,
}

/// The root of a build step.
pub(crate) struct DraftRoot {
    pub(crate) dirs: store::RootDirs,
    /// The lowest of its folders, which gets what there must be to mount on.
    pub(crate) stubs: PathBuf,
    /// It is mounted already, and is used as it is.
    pub(crate) mounted: bool,
    /// If it has a terminal, it is connected with the caller's standard streams, not with what the caller was started on.
    pub(crate) own_streams: bool,
}

/// How.
#[derive(Debug, Clone, Copy, serde::Serialize, serde::Deserialize)]
pub(crate) struct How {
    /// The command stays connected and gets the output.
    pub(crate) attached: bool,
    /// Standard input is open and ends with the command's.
    pub(crate) stdin_once: bool,
    /// Output is read by the command alone.
    pub(crate) output_once: bool,
    /// Rows and columns.
    pub(crate) terminal_size: Option<(u16, u16)>,
    /// Descriptors from 3 on that are passed in.
    pub(crate) preserve_fds: u32,
}

impl Subject {
    /// Of a stored container.
    pub(crate) fn load(engine: &Engine, id: &str) -> Result<Subject, Error> {
        let full = engine.database()?.full(id)?.ok_or_else(|| Error::NoSuchContainer(id.to_owned()))?;
        let row = full.container;
        Ok(Subject {
            id: row.id,
            name: row.name,
            image_id: row.image_id,
            image_name: row.image_name,
            spec: full.spec,
            layers: full.layers,
            draft: None,
        })
    }
}

/// Starts a container whose run folder is there with `lock` held. Returns the command's end of the socket; the lock is the
/// monitor's from now on.
pub(crate) fn spawn(engine: &Engine, subject: &Subject, lock: OwnedFd, how: How) -> Result<OwnedFd, Error> {
    let fork = |source| Error::Io { what: "start the monitor of", path: subject.id.clone().into(), source };
    let (ours, theirs) = monitor::protocol::pair().map_err(fork)?;
    match sys::process::fork().map_err(fork)? {
        sys::process::Fork::Parent(_) => Ok(ours),
        sys::process::Fork::Child => {
            let keep = [lock.as_raw_fd(), theirs.as_raw_fd()];
            // What the command's own values own is closed here and never dropped: this process ends by _exit.
            let first = 3 + i32::try_from(how.preserve_fds).unwrap_or(i32::MAX - 3);
            let _ = sys::descriptor::close_from_but(first, &keep);
            supervise::process(engine, subject, lock, theirs, how)
        }
    }
}

/// One launched container with everything that must be kept for it.
pub(crate) struct Running {
    pub(crate) container: monitor::supervise::Container,
    /// Ports stay reserved by being bound.
    pub(crate) reserved: Option<network::Reserved>,
}
