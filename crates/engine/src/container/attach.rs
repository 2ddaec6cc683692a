//! `attach`: connects this process's streams to a running container.

use super::session::{self, Session};
use super::{Outcome, resolve_name};
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
pub fn attach(engine: &Engine, name: &str, options: &AttachOptions) -> Result<Outcome, Error> {
    let id = resolve_name(engine, name)?;
    let refused = || Error::State("you can only attach to running containers".to_owned());
    if !engine.runs().live(&id)?.is_running() {
        super::cleanup::reconcile(engine, Some(&id));
        return Err(refused());
    }
    let full = engine.database()?.full(&id)?.ok_or_else(|| Error::NoSuchContainer(name.to_owned()))?;
    session::keys(engine, options.detach_keys.as_deref())?;
    let signals = session::block_signals(Some(options))?;
    let socket = monitor::attach::connect(&engine.runs().of(&id)).map_err(|_| refused())?;
    let session = Session { engine, id: &id, socket, terminal: full.spec.terminal, output_once: false, signals };
    session.stay(Some(options), &|_| {})
}
