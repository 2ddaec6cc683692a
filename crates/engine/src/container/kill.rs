//! `kill`: one signal to the container's first process.

use super::resolve_name;
use crate::state::live::Live;
use crate::{Engine, Error};
use std::os::fd::AsFd;

/// Signals that are meant to end a container (INT, QUIT, KILL, TERM), besides its own stop signal: its restart policy must
/// not start it again. Others, HUP for example, are messages.
const ENDING: &[i32] = &[2, 3, 9, 15];

/// Sends signal number `signal`; the container must run.
pub fn kill(engine: &Engine, name: &str, signal: i32) -> Result<(), Error> {
    let id = resolve_name(engine, name)?;
    let live = engine.runs().live(&id)?;
    let state = match &live {
        Live::Running(state) => state,
        // One that is being set up has its process already.
        Live::Starting(state) if state.pid > 0 => state,
        _ => return Err(not_running(engine, &id)?),
    };
    let spec = engine.database()?.full(&id)?.ok_or_else(|| Error::NoSuchContainer(name.to_owned()))?.spec;
    if ENDING.contains(&signal) || spec.stop_signal == signal {
        super::stop::ask(engine, &id)?;
    }
    // Its process may have ended, and the monitor not yet said so.
    let ended =
        || Error::State(format!("can only kill running containers. {id} has just ended: container state improper"));
    let process = super::stop::process(state).ok_or_else(ended)?;
    match sys::pidfd::send_signal(process.as_fd(), signal) {
        Err(error) if error.raw_os_error() == Some(NO_SUCH_PROCESS) => Err(ended()),
        sent => sent.map_err(|source| Error::io("send signal to container", &id, source)),
    }
}

/// `ESRCH`
const NO_SUCH_PROCESS: i32 = 3;

fn not_running(engine: &Engine, id: &str) -> Result<Error, Error> {
    super::cleanup::reconcile(engine, Some(id));
    let state = super::list::status(engine, id)?;
    Ok(Error::State(format!("can only kill running containers. {id} is in state {state}: container state improper")))
}
