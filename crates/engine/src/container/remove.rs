//! `rm`.

use super::{StopOptions, cleanup, resolve_name};
use crate::state::live::Live;
use crate::{Engine, Error};

/// How to remove.
#[derive(Debug, Clone, Default)]
pub struct RemoveOptions {
    /// Also a running one: it is stopped first.
    pub force: bool,
    /// Also its anonymous volumes.
    pub volumes: bool,
    /// Also containers that depend on it.
    pub depend: bool,
    /// Seconds until SIGKILL when forced.
    pub timeout: Option<i64>,
    /// A missing container is no error.
    pub ignore: bool,
}

/// Removes one; returns the ids that went (several with `depend`; none when ignored).
pub fn remove(engine: &Engine, name: &str, options: &RemoveOptions) -> Result<Vec<String>, Error> {
    let id = match resolve_name(engine, name) {
        // With --force a missing one is what was wanted.
        Err(Error::NoSuchContainer(_)) if options.ignore || options.force => return Ok(Vec::new()),
        id => id?,
    };
    if !options.force {
        refuse_running(engine, &id)?;
    }
    let mut removed = remove_dependents(engine, &id, options)?;
    if options.force {
        stop_first(engine, &id, options)?;
    }
    remove_stopped(engine, &id, options.volumes)?;
    removed.push(id);
    Ok(removed)
}

fn remove_dependents(engine: &Engine, id: &str, options: &RemoveOptions) -> Result<Vec<String>, Error> {
    let dependents = engine.database()?.dependents(id)?;
    if !dependents.is_empty() && !options.depend {
        return Err(Error::Invalid(format!(
            "container {id} has dependent containers which must be removed before it: {}: container already exists",
            dependents.join(", ")
        )));
    }
    let mut removed = Vec::new();
    for dependent in dependents {
        removed.extend(remove(engine, &dependent, options)?);
    }
    Ok(removed)
}

fn remove_stopped(engine: &Engine, id: &str, volumes: bool) -> Result<(), Error> {
    let transition = engine.runs().transition(id)?;
    cleanup::locked(engine, id)?;
    // Started again by somebody while we waited for the lock.
    refuse_running(engine, id)?;
    let mut errors = Vec::new();
    // Podman removes anonymous volumes with -v; those of a --rm container are gone with it already.
    cleanup::forget(engine, id, volumes, &mut errors);
    drop(transition);
    engine.left_trash();
    if errors.is_empty() { Ok(()) } else { Err(Error::Several(errors)) }
}

fn stop_first(engine: &Engine, id: &str, options: &RemoveOptions) -> Result<(), Error> {
    if matches!(engine.runs().live(id)?, Live::Running(_) | Live::Starting(_)) {
        super::stop(engine, id, &StopOptions { timeout: options.timeout, ignore: true })?;
    }
    Ok(())
}

fn refuse_running(engine: &Engine, id: &str) -> Result<(), Error> {
    match engine.runs().live(id)? {
        Live::Running(_) | Live::Starting(_) => Err(Error::State(format!(
            "cannot remove container {id} as it is running - running or paused containers cannot be removed \
             without force: container state improper"
        ))),
        _ => Ok(()),
    }
}
