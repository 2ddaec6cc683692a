//! `exec`: one more process in a running container.

use super::resolve_name;
use crate::state::live::{Live, RunState};
use crate::{Engine, Error};
use monitor::attach::Keys;
use monitor::protocol::Event;
use spec::ResolvedSpec;
use std::os::fd::AsFd;

/// What to execute.
#[derive(Debug, Clone, Default)]
pub struct ExecSpec {
    /// argv.
    pub command: Vec<String>,
    /// `KEY=value`, on top of the container's.
    pub env: Vec<String>,
    /// `--user`; `None`: the container's.
    pub user: Option<String>,
    /// `--workdir`; `None`: the container's.
    pub workdir: Option<String>,
    /// `--privileged`.
    pub privileged: bool,
    /// `-t`.
    pub terminal: bool,
    /// `-i`.
    pub stdin: bool,
}

/// How.
#[derive(Debug, Clone, Default)]
pub struct ExecOptions {
    /// `-d`.
    pub detach: bool,
    /// `--detach-keys`; `None`: from containers.conf.
    pub detach_keys: Option<String>,
    /// `--preserve-fds`.
    pub preserve_fds: u32,
    /// `--cidfile` of exec: gets the session's id.
    pub cidfile: Option<std::path::PathBuf>,
}

/// What became of the command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Executed {
    /// It ended with this code.
    Exited(i32),
    /// It runs on: left by the keys.
    Left,
    /// It was started detached; the session's id, 64 hex digits.
    Detached(String),
}

/// Runs a command in a running container. Errors of the command itself have exit code 126 or 127.
pub fn exec(engine: &Engine, name: &str, spec: &ExecSpec, options: &ExecOptions) -> Result<Executed, Error> {
    let id = resolve_name(engine, name)?;
    let live = engine.runs().live(&id)?;
    let Live::Running(state) = live else {
        super::cleanup::reconcile(engine, Some(&id));
        return Err(Error::State(
            "can only create exec sessions on running containers: container state improper".to_owned(),
        ));
    };
    let resolved = engine.database()?.full(&id)?.ok_or_else(|| Error::NoSuchContainer(name.to_owned()))?.spec;
    let keys = super::session::keys(engine, options.detach_keys.as_deref())?;
    let session = crate::state::names::id();
    if let Some(path) = &options.cidfile {
        std::fs::write(path, &session).map_err(|source| Error::io("write", path, source))?;
    }
    let oci = process(engine, &id, &resolved, spec);
    crate::sandbox::cgroup::join_scope(engine, &state)?;
    let job = Job { state: &state, oci: &oci, resolved: &resolved, spec, options };
    if options.detach {
        return job.detached().map(|()| Executed::Detached(session));
    }
    Ok(job.attached(keys)?.map_or(Executed::Left, Executed::Exited))
}

/// The container's configuration with the new process in it.
fn process(engine: &Engine, id: &str, resolved: &ResolvedSpec, spec: &ExecSpec) -> oci::runtime::Spec {
    let facts = spec::RunFacts {
        id: id.to_owned(),
        cgroups_path: crate::sandbox::cgroup::path(engine, id, resolved),
        ..spec::RunFacts::default()
    };
    let mut oci = resolved.to_oci(&facts);
    let process = oci.process.get_or_insert_default();
    process.terminal = spec.terminal;
    process.args = spec.command.clone();
    for variable in &spec.env {
        set(&mut process.env, variable);
    }
    if spec.terminal && !process.env.iter().any(|v| v.starts_with("TERM=")) {
        process.env.push("TERM=xterm".to_owned());
    }
    if let Some(workdir) = &spec.workdir {
        process.cwd = workdir.clone();
    }
    let user = spec.user.as_deref().unwrap_or(&resolved.user);
    if spec.privileged {
        let all = all_capabilities();
        process.capabilities = Some(oci::runtime::Capabilities {
            bounding: all.clone(),
            effective: all.clone(),
            inheritable: Vec::new(),
            permitted: all,
            ambient: Vec::new(),
        });
        // The system call filter stays: it is the container's, as in Podman.
        process.no_new_privileges = false;
    } else if spec.user.is_some() && !is_root(user) {
        // As for a container's own user: rights only by its files.
        if let Some(sets) = &mut process.capabilities {
            (sets.effective, sets.permitted, sets.ambient) = (Vec::new(), Vec::new(), Vec::new());
        }
    } else if spec.user.is_some()
        && is_root(user)
        && let Some(sets) = &mut process.capabilities
    {
        (sets.effective, sets.permitted) = (sets.bounding.clone(), sets.bounding.clone());
    }
    oci
}

fn is_root(user: &str) -> bool {
    matches!(user.split(':').next(), Some("" | "0" | "root"))
}

/// Replaces or adds `KEY=value`.
fn set(env: &mut Vec<String>, variable: &str) {
    let key = &variable[..=variable.find('=').unwrap_or(variable.len() - 1)];
    env.retain(|existing| !existing.starts_with(key));
    env.push(variable.to_owned());
}

/// Those the engine itself has: nobody can give more.
fn all_capabilities() -> Vec<String> {
    let own = sys::capability::get().map(|sets| sets.permitted).unwrap_or_default();
    own.iter()
        .filter_map(|number| sys::capability::NAMES.get(number as usize))
        .map(|name| format!("CAP_{name}"))
        .collect()
}

struct Job<'a> {
    state: &'a RunState,
    oci: &'a oci::runtime::Spec,
    resolved: &'a ResolvedSpec,
    spec: &'a ExecSpec,
    options: &'a ExecOptions,
}

impl Job<'_> {
    fn launch(&self, stdio: runtime::Stdio<'_>) -> Result<runtime::Execed, Error> {
        let user = self.spec.user.clone().unwrap_or_else(|| self.resolved.user.clone());
        let env = self.oci.process.as_ref().map_or(&[][..], |process| &process.env);
        let exec = runtime::Exec {
            pid: self.state.pid,
            spec: self.oci,
            user: runtime::UserLookup {
                user,
                groups: crate::sandbox::groups(self.resolved),
                keep_groups: crate::sandbox::keeps_groups(self.resolved),
                passwd_line: None,
                group_line: None,
                set_home: !env.iter().any(|variable| variable.starts_with("HOME=")),
            },
            stdio,
            cgroups: &self.state.cgroups,
            preserve: sys::descriptor::inherited(3, self.options.preserve_fds),
        };
        runtime::exec(&exec).map_err(Error::Runtime)
    }

    /// With our own streams, or a terminal of the container's between them.
    fn attached(&self, keys: Keys) -> Result<Option<i32>, Error> {
        let failed = |source| Error::io("relay streams of", "exec session", source);
        let mask = monitor::attach::signals();
        if self.spec.terminal {
            let (rows, columns) = monitor::attach::size().unwrap_or((0, 0));
            sys::signal::block(&mask).map_err(failed)?;
            let signals = sys::signal::signalfd(&mask).map_err(failed)?;
            let mut execed = self.launch(runtime::Stdio::Terminal(rows, columns))?;
            let Some(terminal) = execed.terminal.take() else {
                return Err(Error::State("the exec session got no terminal".to_owned()));
            };
            let session = monitor::attach::Terminal { terminal, signals, keys, stdin: self.spec.stdin };
            session.run(execed.pidfd.as_fd()).map_err(failed)
        } else {
            let null = rustix::fs::open(
                "/dev/null",
                rustix::fs::OFlags::RDONLY | rustix::fs::OFlags::CLOEXEC,
                rustix::fs::Mode::empty(),
            );
            let null = null.map_err(|errno| Error::io("open", "/dev/null", errno.into()))?;
            let stdin = if self.spec.stdin { rustix::stdio::stdin() } else { null.as_fd() };
            let stdio = runtime::Stdio::Fds(stdin, rustix::stdio::stdout(), rustix::stdio::stderr());
            let execed = self.launch(stdio)?;
            let exit = sys::pidfd::wait(execed.pidfd.as_fd()).map_err(failed)?;
            Ok(Some(exit.code()))
        }
    }

    /// A process of our own waits for it, so that we needn't.
    fn detached(&self) -> Result<(), Error> {
        let failed = |source| Error::io("start", "detached exec session", source);
        let (ours, theirs) = monitor::protocol::pair().map_err(failed)?;
        match sys::process::fork().map_err(failed)? {
            sys::process::Fork::Child => self.reap_detached(&theirs),
            sys::process::Fork::Parent(_) => {
                drop(theirs);
                let mut buffer = vec![0; monitor::protocol::MAX];
                let packet = monitor::protocol::receive(&ours, &mut buffer, rustix::net::RecvFlags::empty())
                    .map_err(|errno| failed(errno.into()))?;
                match Event::decode(packet) {
                    Some(Event::Started(_)) => Ok(()),
                    Some(Event::Failed(exit_code, text)) => Err(Error::Start { message: text.to_owned(), exit_code }),
                    _ => Err(Error::State("the detached exec session was killed before its start".to_owned())),
                }
            }
        }
    }

    fn reap_detached(&self, socket: &std::os::fd::OwnedFd) -> ! {
        use std::os::fd::AsRawFd;
        let _ = rustix::process::setsid();
        let first = 3 + i32::try_from(self.options.preserve_fds).unwrap_or(0);
        let _ = sys::descriptor::close_from_but(first, &[socket.as_raw_fd()]);
        if let Ok(null) = rustix::fs::open("/dev/null", rustix::fs::OFlags::RDWR, rustix::fs::Mode::empty()) {
            let _ = rustix::stdio::dup2_stdin(&null);
            let _ = rustix::stdio::dup2_stdout(&null);
            let _ = rustix::stdio::dup2_stderr(&null);
        }
        let stdio = if self.spec.terminal { runtime::Stdio::Terminal(24, 80) } else { runtime::Stdio::Inherit };
        let launched = self.launch(stdio);
        let mut packet = Vec::new();
        match &launched {
            Ok(execed) => Event::Started(execed.pid).encode(&mut packet),
            Err(error) => Event::Failed(error.exit_code(), &error.chain()).encode(&mut packet),
        }
        let _ = monitor::protocol::send(socket, &packet, rustix::net::SendFlags::empty());
        let _ = rustix::net::shutdown(socket, rustix::net::Shutdown::Both);
        if let Ok(execed) = launched {
            let _ = sys::pidfd::wait(execed.pidfd.as_fd());
        }
        sys::process::exit_now(0)
    }
}
