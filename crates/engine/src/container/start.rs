//! `start`: a created or exited container runs again.

use super::cleanup;
use super::create::boot_id;
use super::session::{self, Session};
use super::{AttachOptions, Outcome, resolve_name};
use crate::sandbox::{self, How, Subject};
use crate::state::live::Live;
use crate::{Engine, Error};
use std::os::fd::OwnedFd;

/// How to start.
pub struct StartOptions<'a> {
    /// `--attach`, `--interactive`.
    pub attach: Option<AttachOptions>,
    /// Called with each warning.
    pub warn: &'a dyn Fn(&str),
}

/// Starting a running container is no error when detached; attached, its streams are joined.
pub fn start(engine: &Engine, name: &str, options: &StartOptions<'_>) -> Result<Outcome, Error> {
    let id = resolve_name(engine, name)?;
    let attach = options.attach.as_ref();
    let Some(lock) = acquire(engine, &id)? else {
        return match attach {
            Some(attach) => super::attach(engine, &id, attach),
            None => Ok(Outcome { id, exit_code: None }),
        };
    };
    start_needed(engine, &id, options)?;
    let subject = Subject::load(engine, &id)?;
    if subject.spec.remove {
        engine.database()?.mark_boot(&id, &boot_id())?;
    }
    let signals = session::block_signals(attach)?;
    let how = How {
        attached: attach.is_some(),
        stdin_once: attach.is_some_and(|attach| attach.streams.stdin),
        output_once: false,
        terminal_size: monitor::attach::size(),
        preserve_fds: 0,
    };
    let socket = sandbox::spawn(engine, &subject, lock, how)?;
    let session = Session { engine, id: &id, socket, terminal: subject.spec.terminal, output_once: false, signals };
    session.stay(attach, options.warn)
}

/// The right to start it: its run folder, made with the lock held. `None`: it runs already.
fn acquire(engine: &Engine, id: &str) -> Result<Option<OwnedFd>, Error> {
    let _transition = engine.runs().transition(id)?;
    cleanup::locked(engine, id)?;
    match engine.runs().live(id)? {
        Live::Absent => engine.runs().create(id),
        _ => Ok(None),
    }
}

/// Containers whose namespaces it joins are started before it.
fn start_needed(engine: &Engine, id: &str, options: &StartOptions<'_>) -> Result<(), Error> {
    for needed in engine.database()?.needs(id)? {
        if !engine.runs().live(&needed)?.is_running() {
            let started = start(engine, &needed, &StartOptions { attach: None, warn: options.warn });
            if let Err(error) = started {
                engine.runs().remove(id)?;
                return Err(error);
            }
        }
    }
    Ok(())
}
