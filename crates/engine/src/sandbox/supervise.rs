//! The monitor process: start, watch, restart or record the end, clean up when nobody else does.

use super::{How, Running, Subject, launch};
use crate::state::live::{self, RunState};
use crate::{Engine, Error};
use monitor::clients::{Client, Clients};
use monitor::exit::{self, Exit};
use monitor::protocol::Event;
use monitor::restart::{Pause, Policy};
use monitor::supervise::Wake;
use spec::life::Restart;
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

/// Entry of the hidden `minke monitor` personality; returns the process's exit code.
pub fn monitor_main(_args: &[std::ffi::OsString]) -> i32 {
    125
}

/// The life of a forked monitor. Never returns into the command's code.
pub(super) fn process(engine: &Engine, subject: &Subject, lock: OwnedFd, socket: OwnedFd, how: How) -> ! {
    let _ = rustix::process::setsid();
    let _ = sys::signal::reset_all();
    sys::signal::ignore(13);
    engine.forget_database();
    let mut monitor = Monitor { engine, subject, how, clients: Clients::default(), pause: Pause::default() };
    monitor.clients.add(Client::new(socket, true));
    monitor.run();
    monitor.tidy();
    drop(lock);
    sys::process::exit_now(0)
}

struct Monitor<'a> {
    engine: &'a Engine,
    subject: &'a Subject,
    how: How,
    /// Between runs; while one lasts they are with it.
    clients: Clients,
    pause: Pause,
}

impl Monitor<'_> {
    fn run(&mut self) {
        let folder = self.engine.runs().of(&self.subject.id);
        let mut state = RunState::default();
        let mut first = true;
        loop {
            let running = match self.start(&mut state) {
                Ok(running) => running,
                Err(error) => return self.failed(&state, &error),
            };
            if std::mem::take(&mut first) {
                self.let_go_of_streams();
            }
            let begun = Instant::now();
            let (mut container, code) = match self.watch(running) {
                Ok(ended) => ended,
                // Nothing is known any more of the container: it is killed with us.
                Err(_) => return,
            };
            let oom = exit::oom_killed(&state.cgroups.folders);
            let again = policy(self.subject.spec.restart).again(code, state.restarts) && !folder.join("stop").exists();
            let event = Event::Exited(code);
            if !again {
                // Whoever sees the record may clean up; whoever hears the event will.
                let _ = Exit { oom, ..Exit::now(code) }.write(&folder);
                container.farewell(&event);
                return;
            }
            container.farewell(&event);
            drop(container);
            self.between_runs(&mut state, begun.elapsed());
            if folder.join("stop").exists() {
                let _ = Exit { oom, ..Exit::now(code) }.write(&folder);
                return;
            }
            // From now on there is nobody whose input could end.
            self.how.stdin_once = false;
        }
    }

    fn start(&mut self, state: &mut RunState) -> Result<Running, Error> {
        let clients = &mut self.clients;
        let mut running = launch::launch(self.engine, self.subject, self.how, state, &mut |warning| {
            clients.tell(&Event::Warning(warning));
        })?;
        let folder = self.engine.runs().of(&self.subject.id);
        running.container.listener = monitor::attach::listen(&folder).ok();
        running.container.clients = std::mem::take(&mut self.clients);
        running.container.clients.tell(&Event::Started(running.container.pid));
        if !self.how.attached {
            running.container.clients = Clients::default();
        }
        Ok(running)
    }

    /// The start failed: the command cleans up by what is recorded.
    fn failed(&mut self, state: &RunState, error: &Error) {
        let folder = self.engine.runs().of(&self.subject.id);
        let message = error.chain();
        let _ = live::write_state(&folder, state);
        let _ = Exit { error: message.clone(), ..Exit::now(error.exit_code()) }.write(&folder);
        self.clients.tell(&Event::Failed(error.exit_code(), &message));
        self.clients.wait_for_primary();
    }

    /// The caller of the command waits for the end of its streams: they mustn't stay open in here.
    fn let_go_of_streams(&self) {
        if let Ok(null) = rustix::fs::open("/dev/null", rustix::fs::OFlags::RDWR, rustix::fs::Mode::empty()) {
            let _ = rustix::stdio::dup2_stdin(&null);
            let _ = rustix::stdio::dup2_stdout(&null);
            let _ = rustix::stdio::dup2_stderr(&null);
        }
        // Neither must descriptors that were passed in.
        let count = self.how.preserve_fds;
        sys::descriptor::close_inherited(3, count);
        let _ = std::env::set_current_dir("/");
    }

    fn watch(&mut self, running: Running) -> std::io::Result<(monitor::supervise::Container, i32)> {
        let Running { mut container, reserved, .. } = running;
        let status = match container.watch(None)? {
            Wake::Exited(status) => status,
            Wake::Idle => unreachable!("no idle time was given"),
        };
        drop(reserved);
        Ok((container, exit::code(&status)))
    }

    /// What one run had is torn down; then the pause, which a stop ends at once.
    fn between_runs(&mut self, state: &mut RunState, ran: Duration) {
        let folder = self.engine.runs().of(&self.subject.id);
        let _ = std::fs::remove_file(folder.join("attach"));
        // What can't be removed now is in the last run's state, for the final cleanup.
        crate::container::cleanup::tear_down(self.engine, &self.subject.id, state, &mut Vec::new());
        let restarts = state.restarts + 1;
        let started = std::mem::take(&mut state.started);
        *state = RunState { monitor: state.monitor, restarts, restarting: true, started, ..RunState::default() };
        let _ = live::write_state(&folder, state);
        let pause = self.pause.next(ran);
        if !pause.is_zero() {
            let _ = crate::state::watch::wait_for_file(&folder, "stop", Some(pause));
        }
    }

    /// When the command is gone and has left the cleanup to us; and what nobody should wait for.
    fn tidy(&mut self) {
        let id = &self.subject.id;
        if !matches!(self.engine.runs().live(id), Ok(live::Live::Absent)) {
            let _ = crate::container::cleanup::cleanup(self.engine, id);
        }
        if self.engine.store().needs_reclaim() {
            let _ = self.engine.store().reclaim();
        }
        if let Some(database) = self.engine.open_database() {
            let _ = database.tidy();
        }
    }
}

/// The monitor's word for it.
fn policy(restart: Restart) -> Policy {
    match restart {
        Restart::No => Policy::No,
        Restart::OnFailure { tries } => Policy::OnFailure(tries),
        Restart::Always => Policy::Always,
        Restart::UnlessStopped => Policy::UnlessStopped,
    }
}
