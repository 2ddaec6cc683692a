//! `wait`: until a container is in a state.

use super::{cleanup, resolve_name};
use crate::state::containers::Container;
use crate::state::live::Live;
use crate::state::watch::Watch;
use crate::{Engine, Error};
use std::fs::File;
use std::time::Duration;

/// What to wait for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Condition {
    /// Made, never started.
    Created,
    /// Its first process runs.
    Running,
    /// Ended, cleaned up or not, or never started.
    Stopped,
    /// Gone.
    Removing,
    /// Health check passed.
    Healthy,
    /// Health check failed.
    Unhealthy,
}

impl std::str::FromStr for Condition {
    type Err = Error;
    fn from_str(text: &str) -> Result<Condition, Error> {
        Ok(match text {
            "created" => Condition::Created,
            "running" => Condition::Running,
            "exited" | "stopped" | "stopping" => Condition::Stopped,
            "removing" => Condition::Removing,
            "healthy" => Condition::Healthy,
            "unhealthy" => Condition::Unhealthy,
            "initialized" | "paused" => {
                return Err(Error::Invalid(format!("waiting for the container state {text} is not supported yet")));
            }
            _ => return Err(Error::Invalid(format!("unknown container state: {text}: invalid argument"))),
        })
    }
}

/// How to wait.
#[derive(Debug, Clone)]
pub struct WaitOptions {
    /// Any of these; empty: stopped.
    pub conditions: Vec<Condition>,
    /// Where polling is needed.
    pub interval: Duration,
    /// A missing container gives -1.
    pub ignore: bool,
}

/// The exit code of the container's last run (0 if there was none); -1 when it was waited for something else than its end.
pub fn wait(engine: &Engine, name: &str, options: &WaitOptions) -> Result<i32, Error> {
    let missing = |error| if options.ignore { Ok(-1) } else { Err(error) };
    let id = match resolve_name(engine, name) {
        Err(error @ Error::NoSuchContainer(_)) => return missing(error),
        id => id?,
    };
    let default = [Condition::Stopped];
    let conditions = if options.conditions.is_empty() { &default[..] } else { &options.conditions };
    check_health(&id, conditions)?;
    let mut waiting = Waiting { engine, id: &id, watch: None, lock: None, seen: false, code: -1 };
    loop {
        let (live, row) = waiting.look()?;
        if !waiting.seen {
            // It went as soon as it was found: as if we had come after that.
            return missing(Error::NoSuchContainer(name.to_owned()));
        }
        match conditions.iter().find(|condition| holds(**condition, &live, row.as_ref())) {
            Some(Condition::Stopped) => return Ok(waiting.code.max(0)),
            Some(Condition::Removing) => return Ok(waiting.code),
            Some(_) => return Ok(-1),
            None => {}
        }
        if row.is_none() {
            return gone(name, waiting.code);
        }
        waiting.pause(&live, options.interval.max(Duration::from_millis(10)));
    }
}

/// One who waits for a container.
struct Waiting<'a> {
    engine: &'a Engine,
    id: &'a str,
    /// One for all changes: giving one up takes the kernel longer than a cleanup.
    watch: Option<Watch>,
    /// Of the last run: its end is noted in it, also when its folder has gone.
    lock: Option<File>,
    /// It was there at some look, or its end is known.
    seen: bool,
    /// The last that is known.
    code: i32,
}

impl Waiting<'_> {
    /// What there is now; what has ended is cleaned up.
    fn look(&mut self) -> Result<(Live, Option<Container>), Error> {
        let runs = self.engine.runs();
        // Watched before looked at, so that no change falls between. No folder yet: nothing runs, look again later.
        self.watch = self.watch.take().or_else(|| Watch::folder(&runs.of(self.id)).ok());
        self.lock = runs.lock_file(self.id).or(self.lock.take());
        let live = runs.live(self.id)?;
        if matches!(live, Live::Exited(..) | Live::Dead(_)) {
            cleanup::reconcile(self.engine, Some(self.id));
        }
        let row = self.engine.database()?.container(self.id)?;
        let noted = || self.lock.as_ref().and_then(monitor::exit::noted);
        let code = match (&row, &live) {
            (_, Live::Exited(exit, _)) => Some(exit.code),
            (Some(row), _) if !row.last.finished.is_empty() => Some(row.last.exit_code),
            (None, _) => noted(),
            _ => None,
        };
        self.seen |= row.is_some() || code.is_some();
        self.code = code.unwrap_or(self.code);
        Ok((live, row))
    }

    fn pause(&mut self, live: &Live, pause: Duration) {
        match (live, &self.watch) {
            (Live::Exited(..) | Live::Dead(_), _) => std::thread::sleep(Duration::from_millis(5)),
            // A monitor that is killed changes no file, and a new run has a new folder: it is looked at from time to time.
            (_, Some(changes)) => {
                if !changes.wait(Some(pause)).unwrap_or(false) {
                    self.watch = None;
                }
            }
            (_, None) => std::thread::sleep(pause),
        }
    }
}

/// There are no health checks yet.
fn check_health(id: &str, conditions: &[Condition]) -> Result<(), Error> {
    let wanted = conditions.iter().find_map(|condition| match condition {
        Condition::Healthy => Some("healthy"),
        Condition::Unhealthy => Some("unhealthy"),
        _ => None,
    });
    wanted.map_or(Ok(()), |name| {
        Err(Error::Invalid(format!("cannot use condition \"{name}\": container {id} has no healthcheck")))
    })
}

/// Removed while we waited: with `--rm` that is how it ends.
fn gone(name: &str, code: i32) -> Result<i32, Error> {
    if code >= 0 { Ok(code) } else { Err(Error::NoSuchContainer(name.to_owned())) }
}

fn holds(condition: Condition, live: &Live, row: Option<&Container>) -> bool {
    let ended = matches!(live, Live::Absent | Live::Exited(..));
    let started = row.is_some_and(|row| !row.last.started.is_empty());
    match condition {
        Condition::Created => matches!(live, Live::Absent) && row.is_some() && !started,
        Condition::Running => matches!(live, Live::Running(state) if !state.restarting),
        Condition::Stopped => ended && row.is_some(),
        Condition::Removing => row.is_none(),
        // See `check_health`.
        Condition::Healthy | Condition::Unhealthy => false,
    }
}
