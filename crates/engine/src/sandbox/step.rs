//! A container without a monitor of its own: the calling process stays until it ends, and it dies with that process. For the
//! steps of builds, whose output is the caller's, or which have the terminal that the caller was started on.

use super::terminal::Connected;
use super::{How, Subject, launch};
use crate::state::live::RunState;
use crate::{Engine, Error};
use monitor::clients::Client;
use monitor::exit;
use monitor::protocol::Event;
use monitor::supervise::Wake;

/// Runs it to its end; its exit code (128 + signal). What it had outside of its root is gone afterwards.
pub(crate) fn run_step(engine: &Engine, subject: &Subject, warn: &mut dyn FnMut(&str)) -> Result<i32, Error> {
    let taken = || Error::State(format!("run folder {} is in use", subject.id));
    let lock = engine.runs().create(&subject.id)?.ok_or_else(taken)?;
    let how = How { attached: false, stdin_once: false, output_once: false, terminal_size: None, preserve_fds: 0 };
    let own_streams = subject.draft.as_ref().is_some_and(|draft| draft.own_streams);
    let mut connected = subject.spec.terminal.then(|| Connected::start(own_streams)).transpose()?;
    let mut state = RunState::default();
    let ended = launch::launch(engine, subject, how, &mut state, warn).and_then(|running| {
        let mut container = running.container;
        if let Some(socket) = connected.as_mut().and_then(|connected| connected.socket.take()) {
            container.clients.add(Client::new(socket, true));
        }
        let watched = container.watch(None).map_err(|source| Error::io("wait for", &subject.id, source))?;
        match watched {
            Wake::Exited(status) => {
                let code = exit::code(&status);
                container.farewell(&Event::Exited(code));
                Ok(code)
            }
            Wake::Idle => unreachable!("no idle time was given"),
        }
    });
    drop(connected);
    let mut errors = Vec::new();
    crate::container::cleanup::tear_down(engine, &subject.id, &state, &mut errors);
    drop(lock);
    if errors.is_empty() {
        engine.runs().remove(&subject.id)?;
    }
    match (ended, errors.is_empty()) {
        (Ok(_), false) => Err(Error::Several(errors)),
        (ended, _) => ended,
    }
}
