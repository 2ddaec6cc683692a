//! The monitor process: start, watch, restart or record the end, clean up when nobody else does.

use super::handover::{self, Message};
use super::{How, Running, Subject, launch};
use crate::state::live::{self, Live, RunState};
use crate::{Engine, Error, Options};
use monitor::clients::{Client, Clients};
use monitor::exit::{self, Exit};
use monitor::handover::Handover;
use monitor::protocol::Event;
use monitor::restart::{Pause, Policy};
use monitor::supervise::{Container, Wake};
use spec::life::Restart;
use std::os::fd::{AsRawFd, OwnedFd};
use std::time::{Duration, Instant};

/// A container that has run so long is worth a program of its own.
const SETTLED: Duration = Duration::from_secs(1);

/// The life of a forked monitor. Never returns into the command's code.
pub(super) fn process(engine: &Engine, subject: &Subject, lock: OwnedFd, socket: OwnedFd, how: How) -> ! {
    let _ = rustix::process::setsid();
    let _ = sys::signal::set_mask(&sys::signal::Mask::of(&[]));
    engine.forget_database();
    let mut monitor = Monitor {
        engine,
        subject,
        how,
        lock,
        clients: Clients::default(),
        pause: Pause::default(),
        state: RunState::default(),
        last: None,
        fresh: true,
    };
    monitor.clients.add(Client::new(socket, true));
    monitor.run();
    let clean = matches!(engine.runs().live(&subject.id), Ok(Live::Absent));
    if !clean || engine.has_untidy_database() {
        // With what can't be done here, the lock goes too: the record of the end is what counts now.
        let error = handover::exec_last_duties(&engine.settled_options(), Some(&subject.id));
        log::debug!("last duties of the monitor are left to the next command: {error}");
    } else {
        crate::upkeep::empty_trash(engine);
    }
    sys::process::exit_now(0)
}

/// Entry of the hidden `minke monitor` personality, in which a monitor goes on after it has executed itself; returns the
/// process's exit code.
pub fn monitor_main(args: &[std::ffi::OsString]) -> i32 {
    sys::process::set_name(c"minke");
    let args: Vec<&str> = args.iter().filter_map(|arg| arg.to_str()).collect();
    let result = match args.as_slice() {
        ["last", text] => last_duties(text),
        [number] => handover::receive(number).map_err(failed).and_then(resume),
        _ => Err(Error::Invalid("`minke monitor` is started by minke itself".to_owned())),
    };
    match result {
        Ok(()) => 0,
        Err(error) => {
            log::error!("monitor: {}", error.chain());
            125
        }
    }
}

fn failed(source: std::io::Error) -> Error {
    Error::io("go on as monitor of", "the container", source)
}

/// The settled container's second half of life; the engine is opened when there is something to do.
fn resume(message: Message) -> Result<(), Error> {
    let lock = sys::descriptor::adopt(message.lock).map_err(failed)?;
    let reserved: Vec<OwnedFd> = message
        .reserved
        .iter()
        .map(|number| sys::descriptor::adopt(*number))
        .collect::<Result<_, _>>()
        .map_err(failed)?;
    let Message { options, id, folder, how, restart, pause, container, .. } = message;
    let begun = Instant::now() - SETTLED;
    let mut container = container.take().map_err(failed)?;
    container.pages = sys::memory::ProgramPages::find().ok();
    let code = match container.watch(None).map_err(failed)? {
        Wake::Exited(status) => exit::code(&status),
        Wake::Idle => unreachable!("no idle time was given"),
    };
    drop(reserved);
    let state = read_state(&folder).unwrap_or_default();
    let engine = Engine::open(options);
    let again = policy(restart).again(code, state.restarts) && !folder.join("stop").exists();
    let subject = match (&engine, again) {
        (Ok(engine), true) => Subject::load(engine, &id).ok(),
        _ => None,
    };
    let (Ok(engine), Some(subject)) = (&engine, &subject) else {
        end(&folder, &state, code, container);
        let engine = engine?;
        tidy(&engine, &id);
        drop(lock);
        return Ok(());
    };
    let mut monitor =
        Monitor { engine, subject, how, lock, clients: Clients::default(), pause, state, last: None, fresh: false };
    monitor.again(container, code, begun.elapsed());
    tidy(engine, &id);
    Ok(())
}

/// Cleans up when the command that started the container is gone or detached; without a container only the database.
fn last_duties(text: &str) -> Result<(), Error> {
    let parsed = serde_json::from_str::<(Options, Option<String>)>(text);
    let (options, id) = parsed.map_err(|error| Error::Invalid(error.to_string()))?;
    let engine = Engine::open(options)?;
    match id {
        Some(id) => tidy(&engine, &id),
        None => {
            engine.tidy_database();
            // If somebody was in the way it stays untidy, and the next command will see to it, not one more process after this.
            engine.forget_database();
        }
    }
    Ok(())
}

fn read_state(folder: &std::path::Path) -> Option<RunState> {
    serde_json::from_slice(&std::fs::read(folder.join("state.json")).ok()?).ok()
}

struct Monitor<'a> {
    engine: &'a Engine,
    subject: &'a Subject,
    how: How,
    lock: OwnedFd,
    /// Between runs; while one lasts they are with it.
    clients: Clients,
    pause: Pause,
    state: RunState,
    /// How the run before ended, if there was one.
    last: Option<i32>,
    /// Still with the command's streams.
    fresh: bool,
}

impl Monitor<'_> {
    /// Starts and watches until it isn't to be started again.
    fn run(&mut self) {
        loop {
            let running = match self.start() {
                Ok(running) => running,
                Err(error) => return self.failed(&error),
            };
            if std::mem::take(&mut self.fresh) {
                self.let_go_of_streams();
            }
            let begun = Instant::now();
            // An error: nothing is known any more of the container; it is killed with us.
            let Ok((container, code)) = self.watch(running) else { return };
            let folder = self.engine.runs().of(&self.subject.id);
            let wanted = policy(self.subject.spec.restart).again(code, self.state.restarts);
            if !wanted || folder.join("stop").exists() {
                return end(&folder, &self.state, code, container);
            }
            if !self.pause(container, code, begun.elapsed()) {
                return;
            }
        }
    }

    /// After an end that isn't the last.
    fn again(&mut self, container: Container, code: i32, ran: Duration) {
        if self.pause(container, code, ran) {
            self.run();
        }
    }

    fn start(&mut self) -> Result<Running, Error> {
        let clients = &mut self.clients;
        let warn = &mut |warning: &str| clients.tell(&Event::Warning(warning));
        let mut running = launch::launch(self.engine, self.subject, self.how, &mut self.state, warn)?;
        let folder = self.engine.runs().of(&self.subject.id);
        let container = &mut running.container;
        container.listener = monitor::attach::listen(&folder).ok();
        container.clients = std::mem::take(&mut self.clients);
        container.clients.tell(&Event::Started(container.pid));
        if !self.how.attached {
            container.clients = Clients::default();
        }
        Ok(running)
    }

    /// The start failed: the command cleans up by what is recorded.
    fn failed(&mut self, error: &Error) {
        let folder = self.engine.runs().of(&self.subject.id);
        let message = error.chain();
        let _ = live::write_state(&folder, &self.state);
        let exit = match self.last.filter(|_| folder.join("stop").exists()) {
            // Stopped before it ran again.
            Some(code) => Exit::now(code),
            None => Exit { error: message.clone(), ..Exit::now(error.start_exit_code()) },
        };
        let _ = exit.write(&folder);
        self.clients.tell(&Event::Failed(error.start_exit_code(), &message));
        self.clients.wait_for_primary();
    }

    /// The caller of the command waits for the end of its streams: they mustn't stay open in here.
    fn let_go_of_streams(&self) {
        if let Ok(null) = rustix::fs::open("/dev/null", rustix::fs::OFlags::RDWR, rustix::fs::Mode::empty()) {
            let _ = rustix::stdio::dup2_stdin(&null);
            let _ = rustix::stdio::dup2_stdout(&null);
            let _ = rustix::stdio::dup2_stderr(&null);
        }
        // Neither must descriptors that were passed in, nor the folder it was called in.
        sys::descriptor::close_inherited(3, self.how.preserve_fds);
        let _ = std::env::set_current_dir("/");
    }

    fn watch(&mut self, running: Running) -> std::io::Result<(Container, i32)> {
        let Running { mut container, reserved } = running;
        let reserved = reserved.map(|reserved| reserved.sockets).unwrap_or_default();
        let mut settled = Some(Instant::now() + SETTLED);
        loop {
            match container.watch(settled)? {
                Wake::Exited(status) => return Ok((container, exit::code(&status))),
                Wake::Idle => {
                    self.exec(&container, &reserved);
                    settled = None;
                }
            }
        }
    }

    /// Goes on as a new program. When that can't be, it goes on as it is.
    fn exec(&self, container: &Container, reserved: &[OwnedFd]) {
        let message = Message {
            options: self.engine.settled_options(),
            id: self.subject.id.clone(),
            folder: self.engine.runs().of(&self.subject.id),
            how: self.how,
            restart: self.subject.spec.restart,
            pause: self.pause,
            container: Handover::of(container),
            lock: self.lock.as_raw_fd(),
            reserved: reserved.iter().map(AsRawFd::as_raw_fd).collect(),
        };
        let error = handover::exec(&message, container, &self.lock, reserved);
        log::debug!("the monitor stays in the command's memory: {error}");
    }

    /// What one run had is torn down; then the pause, which a stop ends at once. `false`: it was stopped.
    fn pause(&mut self, mut container: Container, code: i32, ran: Duration) -> bool {
        let folder = self.engine.runs().of(&self.subject.id);
        let oom = exit::oom_killed(&self.state.cgroups.folders);
        self.last = Some(code);
        container.farewell(&Event::Exited(code));
        drop(container);
        let _ = std::fs::remove_file(folder.join("attach"));
        // What can't be removed now is removed with the container's own folders at the end.
        crate::container::cleanup::tear_down(self.engine, &self.subject.id, &self.state, &mut Vec::new());
        self.state = RunState {
            monitor: self.state.monitor,
            restarts: self.state.restarts + 1,
            restarting: true,
            started: std::mem::take(&mut self.state.started),
            ..RunState::default()
        };
        let _ = live::write_state(&folder, &self.state);
        let pause = self.pause.next(ran);
        if !pause.is_zero() {
            let _ = crate::state::watch::wait_for_file(&folder, "stop", Some(pause));
        }
        if folder.join("stop").exists() {
            let _ = Exit { oom, ..Exit::now(code) }.write(&folder);
            return false;
        }
        // From now on there is nobody whose input could end.
        self.how = How { stdin_once: false, output_once: false, attached: false, preserve_fds: 0, ..self.how };
        true
    }
}

/// The last end: on record first, since whoever sees the record may clean up and whoever hears of it will.
fn end(folder: &std::path::Path, state: &RunState, code: i32, mut container: Container) {
    let oom = exit::oom_killed(&state.cgroups.folders);
    let _ = Exit { oom, ..Exit::now(code) }.write(folder);
    container.farewell(&Event::Exited(code));
}

/// When the command is gone and has left the cleanup to us; and what nobody should wait for.
fn tidy(engine: &Engine, id: &str) {
    if left_to_us(engine, id) {
        let _ = crate::container::cleanup::cleanup(engine, id);
    }
    reclaim(engine);
    engine.tidy_database();
}

/// The command died before it had cleaned up.
fn left_to_us(engine: &Engine, id: &str) -> bool {
    !matches!(engine.runs().live(id), Ok(Live::Absent))
}

fn reclaim(engine: &Engine) {
    crate::upkeep::empty_trash(engine);
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
