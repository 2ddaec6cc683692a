//! The only teardown: what a container's run has left is removed, in any state it may have been killed in.
//!
//! Idempotent, serialised by the container's transition lock, and going on after errors. The run folder goes last: as long
//! as it is there, the next command tries again. Used by `run`, `stop`, `rm`, the monitor, and by every command that finds
//! a dead monitor's folder.

use crate::state::containers::LastRun;
use crate::state::live::{Live, RunState};
use crate::{Engine, Error};
use monitor::exit::Exit;
use std::os::fd::AsFd;

/// How long a killed process may take to vanish.
const KILL_LIMIT: i32 = 10_000;

/// How the last run ended; `None`: it still runs, or there was nothing to clean up.
pub(crate) fn cleanup(engine: &Engine, id: &str) -> Result<Option<Exit>, Error> {
    let _transition = engine.runs().transition(id)?;
    locked(engine, id)
}

/// The same for whoever holds the transition lock.
pub(crate) fn locked(engine: &Engine, id: &str) -> Result<Option<Exit>, Error> {
    match engine.runs().live(id)? {
        Live::Absent => after_reboot(engine, id).map(|()| None),
        Live::Starting(_) | Live::Running(_) => Ok(None),
        Live::Exited(exit, state) => finish(engine, id, &exit, &state).map(|()| Some(exit)),
        Live::Dead(state) => {
            let exit = bury(engine, id, &state)?;
            let state = RunState { cgroups: cgroups(engine, id, &state)?, ..state };
            finish(engine, id, &exit, &state).map(|()| Some(exit))
        }
    }
}

/// Cleans up after killed monitors (and after `--rm` containers that a reboot ended): of `only` or of all. What fails now
/// is tried again by the next command.
pub(crate) fn reconcile(engine: &Engine, only: Option<&str>) {
    let mut ids = match only {
        Some(id) => vec![id.to_owned()],
        None => engine.runs().ids().unwrap_or_default(),
    };
    if only.is_none()
        && let Some(database) = engine.open_database()
    {
        ids.extend(database.started_to_be_removed().unwrap_or_default());
    }
    ids.sort();
    ids.dedup();
    let mut died = false;
    for id in &ids {
        if let Ok(live @ (Live::Exited(..) | Live::Dead(_) | Live::Absent)) = engine.runs().live(id) {
            died |= matches!(live, Live::Dead(_));
            if let Ok(Some(_transition)) = engine.runs().try_transition(id)
                && let Err(error) = locked(engine, id)
            {
                log::debug!("cleanup of {id}: {}", error.chain());
            }
        }
    }
    if died {
        let alive = |id: &str| !matches!(engine.runs().live(id), Ok(Live::Absent));
        let (_, errors) = network::strays(engine.run_folder(), &alive);
        errors.iter().for_each(|error| log::debug!("{error}"));
    }
    if only.is_none() {
        engine.runs().remove_strays();
    }
}

/// The monitor was killed: its container dies with it, unless it had no time to ask for that.
fn bury(engine: &Engine, id: &str, state: &RunState) -> Result<Exit, Error> {
    kill_leftover(state)?;
    let mut exit = Exit::now(137);
    if state.started.is_empty() {
        exit.error = "the command or its monitor was killed before the container had started".to_owned();
    }
    let folder = engine.runs().of(id);
    exit.write(&folder).map_err(|source| Error::io("write exit record in", folder, source))?;
    Ok(exit)
}

/// Killed between making groups and noting them: they are where they were to be made.
fn cgroups(engine: &Engine, id: &str, state: &RunState) -> Result<runtime::cgroup::Cgroups, Error> {
    if !state.cgroups.folders.is_empty() {
        return Ok(state.cgroups.clone());
    }
    let full = engine.database()?.full(id)?;
    let path = full.and_then(|full| crate::sandbox::cgroup::path(engine, id, &full.spec));
    Ok(path.map(|path| runtime::cgroup::find(&path)).unwrap_or_default())
}

/// Kills the container's first process if it is still that one.
fn kill_leftover(state: &RunState) -> Result<(), Error> {
    if state.pid <= 0 {
        return Ok(());
    }
    let Ok(pidfd) = sys::pidfd::open(state.pid) else { return Ok(()) };
    // The descriptor first: then the number can't be given to another process between look and shot.
    if crate::sandbox::start_time(state.pid) != Some(state.start_time) {
        return Ok(());
    }
    let failed = |source| Error::io("kill process", state.pid.to_string(), source);
    match sys::pidfd::send_signal(pidfd.as_fd(), 9) {
        Err(error) if error.raw_os_error() != Some(3) => return Err(failed(error)),
        _ => {}
    }
    if !sys::pidfd::poll_exit(pidfd.as_fd(), KILL_LIMIT).map_err(failed)? {
        return Err(Error::State(format!("process {} of a container doesn't die of SIGKILL", state.pid)));
    }
    Ok(())
}

/// Removes what one run had outside of its processes.
pub(crate) fn tear_down(engine: &Engine, id: &str, state: &RunState, errors: &mut Vec<String>) {
    let folder = engine.runs().of(id);
    if state.pasta.is_some() || crate::network::pid_file(&folder).exists() {
        note(errors, network::pasta::stop(&crate::network::pid_file(&folder)));
    }
    if state.network != network::Status::default() {
        let failed = network::teardown(engine.run_folder(), id, &state.network);
        errors.extend(failed.into_iter().map(|error| Error::from(error).chain()));
    }
    note(errors, runtime::cgroup::remove(&state.cgroups));
    note(errors, engine.store().remove_upper_dirs(id));
}

fn finish(engine: &Engine, id: &str, exit: &Exit, state: &RunState) -> Result<(), Error> {
    let mut errors = Vec::new();
    tear_down(engine, id, state, &mut errors);
    match engine.database().and_then(|database| database.container(id)) {
        Ok(Some(row)) if row.remove => forget(engine, id, true, &mut errors),
        Ok(Some(row)) => {
            let last = last_run(row.last, exit, state);
            note(&mut errors, engine.database().and_then(|database| database.record(id, &last)));
        }
        Ok(None) => {}
        Err(error) => errors.push(error.chain()),
    }
    if errors.is_empty() {
        note(&mut errors, engine.runs().remove(id));
    }
    if errors.is_empty() { Ok(()) } else { Err(Error::Several(errors)) }
}

/// A start that failed leaves the times of the run before as they were.
fn last_run(before: LastRun, exit: &Exit, state: &RunState) -> LastRun {
    if state.started.is_empty() {
        return LastRun { error: exit.error.clone(), ..before };
    }
    LastRun {
        started: state.started.clone(),
        finished: exit.finished.clone(),
        exit_code: exit.code,
        oom: exit.oom,
        error: exit.error.clone(),
        restarts: state.restarts,
    }
}

/// Removes a container that doesn't run: its root, its record, with `volumes` the anonymous ones.
pub(crate) fn forget(engine: &Engine, id: &str, volumes: bool, errors: &mut Vec<String>) {
    note(errors, engine.store().remove_root(id));
    // Folders before records: what is killed in between is found by its record.
    let forget = || -> Result<(), Error> {
        let database = engine.database()?;
        let own = if volumes { database.own_volumes(id)? } else { Vec::new() };
        for volume in &own {
            engine.store().remove_volume_dir(volume)?;
        }
        // Its name may be given again from now on: the file goes before.
        if let Some(row) = database.container(id)? {
            remove_cidfile(&row.summary.cidfile, id);
        }
        database.delete(id, &own)
    };
    note(errors, forget());
}

/// The file of `--cidfile`, if it is still about this container; it belongs to the user, so nothing else about it matters.
fn remove_cidfile(path: &str, id: &str) {
    // Somebody may have put a pipe or a device in its place.
    let content = || sys::path::read(std::fs::File::open("/").ok()?, path.as_ref(), 64).ok()?;
    if !path.is_empty() && content().is_some_and(|content| content == id.as_bytes()) {
        let _ = std::fs::remove_file(path);
    }
}

/// No run folder: a `--rm` container that was started must have been ended by a reboot.
fn after_reboot(engine: &Engine, id: &str) -> Result<(), Error> {
    let row = engine.database()?.container(id)?;
    if !row.is_some_and(|row| row.remove && row.boot.is_some()) {
        return Ok(());
    }
    let mut errors = Vec::new();
    forget(engine, id, true, &mut errors);
    if errors.is_empty() { Ok(()) } else { Err(Error::Several(errors)) }
}

fn note<E: Into<Error>>(errors: &mut Vec<String>, result: Result<(), E>) {
    if let Err(error) = result {
        errors.push(error.into().chain());
    }
}
