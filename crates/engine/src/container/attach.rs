//! `attach`: connects this process's streams to a running container.

use super::Outcome;
use crate::{Engine, Error};

/// Standard streams, chosen one by one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Streams {
    /// Ours goes to the container.
    pub stdin: bool,
    /// The container's comes to ours.
    pub stdout: bool,
    /// The container's comes to ours.
    pub stderr: bool,
}

/// How to attach.
#[derive(Debug, Clone)]
pub struct AttachOptions {
    /// Which streams.
    pub streams: Streams,
    /// Signals this process gets are sent on to the container's first process.
    pub sig_proxy: bool,
    /// `--detach-keys`; `None`: from containers.conf; empty text: no detaching.
    pub detach_keys: Option<String>,
}

/// Stays until the container ends or the keys are typed.
pub fn attach(_engine: &Engine, _name: &str, _options: &AttachOptions) -> Result<Outcome, Error> {
    todo!()
}
