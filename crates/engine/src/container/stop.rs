//! `stop`: the stop signal, then after the time limit SIGKILL.

use super::{cleanup, resolve_name};
use crate::state::live::{Live, RunState};
use crate::{Engine, Error};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use std::os::fd::{AsFd, OwnedFd};
use std::time::{Duration, Instant};

/// How to stop.
#[derive(Debug, Clone, Default)]
pub struct StopOptions {
    /// Seconds until SIGKILL; `None`: the container's own stop timeout. Negative (-1): for ever.
    pub timeout: Option<i64>,
    /// A missing container is no error.
    pub ignore: bool,
}

/// How long a process may take to end after SIGKILL, and a monitor after its container.
const KILLED: Duration = Duration::from_secs(20);
/// How long a start may take to give up: systemd is waited for so long.
const START_ENDED: Duration = Duration::from_secs(30);
const SIGKILL: i32 = 9;

/// Stops one. A container that doesn't run is no error. Returns whether there was anything to stop.
pub fn stop(engine: &Engine, name: &str, options: &StopOptions) -> Result<bool, Error> {
    stop_all(engine, &[name.to_owned()], options).remove(0)
}

/// Stops several at once: as long as the slowest, not as long as all together. Results in the order of `names`.
pub fn stop_all(engine: &Engine, names: &[String], options: &StopOptions) -> Vec<Result<bool, Error>> {
    let mut results: Vec<Result<bool, Error>> = Vec::new();
    let mut stopping = Vec::new();
    for (index, name) in names.iter().enumerate() {
        results.push(Ok(false));
        match begin(engine, name, options) {
            Ok(Some(begun)) => stopping.push((index, begun)),
            Ok(None) => {}
            Err(error) => results[index] = Err(error),
        }
    }
    wait_and_kill(stopping.iter_mut().map(|(_, stopping)| stopping).collect());
    for (index, stopping) in stopping {
        results[index] = stopping.finish(engine).map(|()| true);
    }
    results
}

/// A container that was sent its stop signal.
struct Stopping {
    id: String,
    /// Of its first process; `None`: there is none at the moment, but a monitor that would start one.
    process: Option<OwnedFd>,
    monitor: Option<OwnedFd>,
    /// SIGKILL follows then.
    deadline: Option<Instant>,
}

fn begin(engine: &Engine, name: &str, options: &StopOptions) -> Result<Option<Stopping>, Error> {
    let id = match resolve_name(engine, name) {
        Err(Error::NoSuchContainer(_)) if options.ignore => return Ok(None),
        id => id?,
    };
    let live = engine.runs().live(&id)?;
    if !matches!(live, Live::Running(_) | Live::Starting(_)) {
        return over(engine, &id, &live).map(|()| None);
    }
    // It may end by itself and be cleaned up at any moment; then there is nothing to stop.
    let Some(spec) = engine.database()?.full(&id)?.map(|full| full.spec) else { return Ok(None) };
    let timeout = options.timeout.unwrap_or(i64::from(spec.stop_timeout));
    let Some((state, hangs)) = started(engine, &id, timeout)? else { return Ok(None) };
    // Before the signal: the monitor looks for it when the process has ended.
    if !ask(engine, &id)? {
        return Ok(None);
    }
    let signal = if timeout == 0 || hangs { SIGKILL } else { spec.stop_signal };
    Ok(Some(Stopping::signalled(id, &state, signal, timeout)))
}

/// What runs, and whether its setup hangs (at a mount, for example). `None`: nothing does any more.
fn started(engine: &Engine, id: &str, timeout: i64) -> Result<Option<(RunState, bool)>, Error> {
    match wait_for_start(engine, id, timeout)? {
        Live::Running(state) => Ok(Some((state, false))),
        Live::Starting(state) if state.pid > 0 => Ok(Some((state, true))),
        Live::Starting(_) => Err(Error::State(format!("container {id} is being started, and that can't be ended"))),
        live => over(engine, id, &live).map(|()| None),
    }
}

fn over(engine: &Engine, id: &str, live: &Live) -> Result<(), Error> {
    match live {
        Live::Exited(..) | Live::Dead(_) => cleanup::cleanup(engine, id).map(drop),
        _ => Ok(()),
    }
}

/// Tells the monitor that the end is wanted. `false`: the run is over.
pub(super) fn ask(engine: &Engine, id: &str) -> Result<bool, Error> {
    match std::fs::write(engine.runs().of(id).join("stop"), "") {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(false),
        Err(source) => Err(Error::io("ask for the end of", id, source)),
    }
}

/// One that is being started is about to run or to fail: that is a matter of milliseconds. Otherwise its monitor is told to
/// give up, which it does before it makes a process.
fn wait_for_start(engine: &Engine, id: &str, timeout: i64) -> Result<Live, Error> {
    let patience = u64::try_from(timeout).map_or(KILLED, |seconds| Duration::from_secs(seconds.max(1)).min(KILLED));
    match while_it_starts(engine, id, patience, |_| true)? {
        Live::Starting(state) if state.pid <= 0 => {
            ask(engine, id)?;
            while_it_starts(engine, id, START_ENDED, |state| state.pid <= 0)
        }
        live => Ok(live),
    }
}

/// Until it isn't being started any more, or not in such a state, or the time has passed.
fn while_it_starts(
    engine: &Engine,
    id: &str,
    patience: Duration,
    such: impl Fn(&RunState) -> bool,
) -> Result<Live, Error> {
    let folder = engine.runs().of(id);
    let deadline = Instant::now() + patience;
    loop {
        let watch = crate::state::watch::Watch::folder(&folder);
        let live = engine.runs().live(id)?;
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() || !matches!(&live, Live::Starting(state) if such(state)) {
            return Ok(live);
        }
        if let Ok(watch) = watch {
            let _ = watch.wait(Some(left.min(Duration::from_millis(500))));
        }
    }
}

/// The container's first process, if it is still that one.
pub(super) fn process(state: &RunState) -> Option<OwnedFd> {
    let pidfd = sys::pidfd::open(state.pid).ok()?;
    (crate::sandbox::start_time(state.pid) == Some(state.start_time)).then_some(pidfd)
}

/// Waits for all; who passes its deadline is killed.
fn wait_and_kill(mut left: Vec<&mut Stopping>) {
    loop {
        left.retain(|stopping| !has_ended(stopping.process.as_ref()));
        let next = left.iter().filter_map(|stopping| stopping.deadline).min();
        if left.is_empty() {
            return;
        }
        let mut fds: Vec<PollFd<'_>> =
            left.iter().filter_map(|s| s.process.as_ref()).map(|fd| PollFd::new(fd, PollFlags::IN)).collect();
        let wait = next.map(|deadline| timespec(deadline.saturating_duration_since(Instant::now())));
        let _ = poll(&mut fds, wait.as_ref());
        drop(fds);
        let now = Instant::now();
        for stopping in &mut left {
            if stopping.deadline.is_some_and(|deadline| deadline <= now)
                && let Some(process) = &stopping.process
            {
                let _ = sys::pidfd::send_signal(process.as_fd(), SIGKILL);
                stopping.deadline = None;
                // Uninterruptible sleep can hold even that up; don't wait for ever.
                if !sys::pidfd::poll_exit(process.as_fd(), KILLED.as_millis() as i32).unwrap_or(false) {
                    stopping.process = None;
                }
            }
        }
    }
}

fn has_ended(process: Option<&OwnedFd>) -> bool {
    process.is_none_or(|process| sys::pidfd::poll_exit(process.as_fd(), 0).unwrap_or(true))
}

fn timespec(duration: Duration) -> Timespec {
    Timespec { tv_sec: duration.as_secs().try_into().unwrap_or(i64::MAX), tv_nsec: duration.subsec_nanos().into() }
}

impl Stopping {
    fn signalled(id: String, state: &RunState, signal: i32, timeout: i64) -> Stopping {
        let process = process(state);
        let deadline = u64::try_from(timeout).ok().map(|seconds| Instant::now() + Duration::from_secs(seconds));
        if let Some(process) = &process {
            let _ = sys::pidfd::send_signal(process.as_fd(), signal);
        }
        Stopping { id, process, monitor: sys::pidfd::open(state.monitor).ok(), deadline }
    }

    /// The process has ended: its monitor records that, then everything is cleaned up.
    fn finish(self, engine: &Engine) -> Result<(), Error> {
        let folder = engine.runs().of(&self.id);
        let deadline = Instant::now() + KILLED;
        loop {
            let watch = crate::state::watch::Watch::folder(&folder);
            if !matches!(engine.runs().live(&self.id)?, Live::Running(_) | Live::Starting(_)) {
                break;
            }
            if Instant::now() >= deadline {
                let id = &self.id;
                return Err(Error::State(format!("container {id} did not stop within {} s", KILLED.as_secs())));
            }
            if let Ok(watch) = watch {
                let _ = watch.wait(Some(Duration::from_millis(500)));
            }
        }
        drop(self.monitor);
        cleanup::cleanup(engine, &self.id).map(drop)
    }
}
