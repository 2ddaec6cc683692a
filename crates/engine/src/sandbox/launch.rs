//! One start: network leases, files, the process, its network, and the record of it all. Runs in the monitor.

use super::{How, Running, Subject, mounts};
use crate::network::{Begun, Who};
use crate::state::live::{self, Live, RunState};
use crate::{Engine, Error, Privilege};
use ::network::pasta::Starting;
use monitor::log::Log;
use monitor::stdio::{self, Inner};
use monitor::supervise::Container;
use runtime::{Launch, Launched, Overlay, Root, UserLookup};
use spec::log::LogDriver;
use spec::namespaces::{Namespace, NsMode};
use spec::{ResolvedSpec, RunFacts};
use std::collections::BTreeMap;
use std::fs;
use std::os::fd::{AsFd, BorrowedFd};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Starts the container. What it has acquired when it fails is in `state`, for the caller's cleanup.
pub(super) fn launch(
    engine: &Engine,
    subject: &Subject,
    how: How,
    state: &mut RunState,
    warn: &mut dyn FnMut(&str),
) -> Result<Running, Error> {
    let spec = &subject.spec;
    let folder = engine.runs().of(&subject.id);
    let (plan, warning) = crate::network::plan(engine, spec)?;
    if let Some(warning) = warning {
        warn(&warning);
    }
    let ports: Vec<_> = spec.network.ports.iter().map(crate::network::port).collect();
    let reserved = match plan.reserve(engine, &subject.id, spec, &ports)? {
        Some((status, reserved)) => {
            state.network = status;
            save(&folder, state)?;
            Some(reserved)
        }
        None => None,
    };
    // Before anything is started that belongs into the same place.
    let group = super::cgroup::prepare(engine, &subject.id, spec)?;
    go_on(&folder, &subject.id)?;
    let begun = plan.begin(engine, &subject.id, spec, &state.network)?;
    let who = Who { id: &subject.id, name: &subject.name, image: &subject.image_name, image_id: &subject.image_id };
    let files = crate::network::write_files(engine, &who, spec, &plan, &state.network)?;
    let mut log = Log::new(log_config(engine, subject));
    if !spec.log.path.is_empty() {
        log.open().map_err(|source| Error::io("open log", &spec.log.path, source))?;
    }
    let root = root(engine, subject)?;
    let mut facts = run_facts(engine, subject, how, files)?;
    facts.cgroups_path = group;
    facts.netns = begun.as_ref().map(Begun::path);
    let mut oci = spec.to_oci(&facts);
    if let Some(draft) = subject.draft.as_ref().filter(|draft| !draft.mounted) {
        super::stubs::make(&draft.stubs, &oci.mounts)?;
    }
    let (mut outer, inner) = streams(subject)?;
    go_on(&folder, &subject.id)?;
    let mut launched = {
        let launch = Launch {
            id: &subject.id,
            bundle: &folder,
            spec: &oci,
            root,
            user: user(subject),
            copy_up: mounts::fresh_volumes(spec, &facts.volumes),
            sub_paths: mounts::sub_paths(spec),
            names_in_folders: mounts::names_in_folders(&facts.artifacts),
            chown: spec.mounts.iter().filter(|m| m.chown).map(|m| m.destination.clone()).collect(),
            stdio: match &inner {
                Some(inner) => runtime::Stdio::Fds(inner.stdin.as_fd(), inner.stdout.as_fd(), inner.stderr.as_fd()),
                None if spec.terminal => {
                    let (rows, columns) = how.terminal_size.unwrap_or((0, 0));
                    runtime::Stdio::Terminal(rows, columns)
                }
                None => runtime::Stdio::Inherit,
            },
            preserve: preserved(how.preserve_fds),
            groups: runtime::cgroup::Groups::Needed,
            die_with_parent: true,
            init: spec.init,
            // The image's own is made where it lacks it, a wrong `-w` is an error.
            make_working_folder: spec.spec.process.work_dir.is_empty(),
            no_pivot: false,
            keep_keyring: false,
        };
        runtime::launch(&launch)?
    };
    drop(inner);
    oci.mounts.clear();
    record_process(state, &launched);
    save(&folder, state)?;
    // It is set up while the container mounts its root.
    let pasta = plan.setup(engine, &subject.id, &subject.spec, &state.network, begun, &launched)?;
    state.pasta = pasta.as_ref().map(Starting::pid);
    let ready = launched.ready()?;
    if let Some(terminal) = ready.terminal {
        outer = stdio::terminal(terminal).map_err(|source| Error::io("set up terminal of", &subject.id, source))?;
    }
    (state.uid, state.gid) = (ready.uid, ready.gid);
    launched.start()?;
    state.started = jiff::Timestamp::now().to_string();
    save(&folder, state)?;
    if let Some(pasta) = pasta
        && let Err(error) = await_pasta(pasta, &launched)
    {
        // For the one who waits it never began.
        state.started.clear();
        return Err(error);
    }
    write_pid_files(subject, launched.pid)?;
    let timeout = u64::from(spec.spec.life.timeout);
    let container = Container {
        pid: launched.pid,
        pidfd: launched.pidfd,
        stdio: outer,
        stdin_once: how.stdin_once,
        output_once: how.output_once,
        log,
        listener: None,
        clients: monitor::clients::Clients::default(),
        deadline: (timeout > 0).then(|| Instant::now() + Duration::from_secs(timeout)),
        input: monitor::supervise::Input::default(),
        pages: None,
    };
    Ok(Running { container, reserved })
}

/// A `stop` that found no process yet waits for this.
fn go_on(folder: &Path, id: &str) -> Result<(), Error> {
    match folder.join("stop").exists() {
        true => Err(Error::State(format!("container {id} was stopped while it was being started"))),
        false => Ok(()),
    }
}

fn save(folder: &Path, state: &RunState) -> Result<(), Error> {
    live::write_state(folder, state).map_err(|source| Error::io("write state in", folder, source))
}

fn record_process(state: &mut RunState, launched: &Launched) {
    state.monitor = rustix::process::getpid().as_raw_nonzero().get();
    state.pid = launched.pid;
    state.start_time = start_time(launched.pid).unwrap_or(0);
    state.cgroups = launched.cgroups.clone();
    state.restarting = false;
}

/// Clock ticks between boot and the process's start.
pub(crate) fn start_time(pid: i32) -> Option<u64> {
    sys::process::stat(pid).map(|stat| stat.start_time)
}

/// A container that began before its pasta was ready ends with a pasta that fails.
fn await_pasta(pasta: Starting, launched: &Launched) -> Result<(), Error> {
    pasta.finish(Some(launched.pidfd.as_fd())).map_err(|error| {
        let _ = rustix::process::pidfd_send_signal(&launched.pidfd, rustix::process::Signal::KILL);
        error.into()
    })
}

fn log_config(engine: &Engine, subject: &Subject) -> monitor::log::Config {
    log_config_of(engine, &subject.id, &subject.spec)
}

/// Where and how a container's output is kept.
pub(crate) fn log_config_of(engine: &Engine, id: &str, spec: &spec::ResolvedSpec) -> monitor::log::Config {
    let log = &spec.log;
    let path = match (log.path.as_str(), log.folder.as_str()) {
        ("", "") => engine.store().container_dir(id).join("ctr.log"),
        ("", folder) => Path::new(folder).join(id).join("ctr.log"),
        (path, _) => PathBuf::from(path),
    };
    monitor::log::Config {
        driver: match log.driver {
            LogDriver::K8sFile => monitor::log::Driver::K8sFile,
            LogDriver::JsonFile => monitor::log::Driver::JsonFile,
            LogDriver::None => monitor::log::Driver::None,
            LogDriver::Passthrough | LogDriver::PassthroughTty => monitor::log::Driver::Passthrough,
        },
        path,
        max_size: log.max_size,
        max_file: log.max_files.max(1),
        tag: log.tag.clone(),
    }
}

/// Our ends and the container's; none with a terminal or passthrough.
fn streams(subject: &Subject) -> Result<(stdio::Stdio, Option<Inner>), Error> {
    let spec = &subject.spec;
    if spec.terminal || matches!(spec.log.driver, LogDriver::Passthrough | LogDriver::PassthroughTty) {
        return Ok((stdio::Stdio::default(), None));
    }
    let (outer, inner) = stdio::pipes(spec.stdin).map_err(|source| Error::io("make pipes for", &subject.id, source))?;
    Ok((outer, Some(inner)))
}

fn preserved(count: u32) -> Vec<BorrowedFd<'static>> {
    sys::descriptor::inherited(3, count)
}

fn root(engine: &Engine, subject: &Subject) -> Result<Root, Error> {
    let spec = &subject.spec;
    let mapped = !spec.uid_map.is_empty();
    let store = engine.store();
    // Who has one id owns everything, whatever it is called inside.
    let dirs = if let Some(draft) = &subject.draft {
        if draft.mounted {
            return Ok(Root::Folder(draft.dirs.merged.clone()));
        }
        draft.dirs.clone()
    } else if mapped && matches!(engine.privilege(), Privilege::User { single_id: false, .. }) {
        let ids = |map: &[spec::users::IdRange]| -> Vec<(u32, u32, u32)> {
            map.iter().map(|range| (range.container_id, range.host_id, range.size)).collect()
        };
        store.mapped_root(&subject.id, &subject.layers, &ids(&spec.uid_map), &ids(&spec.gid_map))?
    } else {
        // A killed `create` may have stored the record but not made the folders.
        store.root(&subject.id, &subject.layers).or_else(|_| store.create_root(&subject.id, &subject.layers))?
    };
    Ok(Root::Overlay(Overlay {
        lower: dirs.lower,
        upper: dirs.upper,
        work: dirs.work,
        merged: dirs.merged,
        userxattr: dirs.userxattr,
        // It is never mounted a second time.
        volatile: spec.remove && spec.restart == spec::life::Restart::No,
        idmap: mapped && !engine.privilege().is_rootless(),
    }))
}

const KEEP_GROUPS: &str = "keep-groups";

/// `--group-add` without the word that stands for the groups of whoever starts it.
pub(crate) fn groups(spec: &ResolvedSpec) -> Vec<String> {
    spec.groups.iter().filter(|group| *group != KEEP_GROUPS).cloned().collect()
}

/// `--group-add keep-groups`.
pub(crate) fn keeps_groups(spec: &ResolvedSpec) -> bool {
    spec.groups.iter().any(|group| group == KEEP_GROUPS)
}

fn user(subject: &Subject) -> UserLookup {
    let spec = &subject.spec;
    UserLookup {
        user: spec.user.clone(),
        groups: groups(spec),
        keep_groups: keeps_groups(spec),
        passwd_line: spec.passwd_line.clone(),
        group_line: spec.group_line.clone(),
        set_home: !spec.env.iter().any(|variable| variable.starts_with("HOME=")),
    }
}

fn run_facts(engine: &Engine, subject: &Subject, how: How, files: spec::facts::Files) -> Result<RunFacts, Error> {
    let spec = &subject.spec;
    let volumes = mounts::volumes(engine, spec)?;
    let overlays = mounts::overlays(engine, &subject.id, spec, &volumes)?;
    let joined = joined(engine, spec)?;
    let shm = (spec.namespaces.ipc.mode == NsMode::Container)
        .then(|| joined.get(&spec.namespaces.ipc.value))
        .flatten()
        .map(|pid| PathBuf::from(format!("/proc/{pid}/root/dev/shm")));
    Ok(RunFacts {
        id: subject.id.clone(),
        name: subject.name.clone(),
        root: PathBuf::from("/"),
        volumes,
        overlays,
        artifacts: mounts::artifacts(engine, spec)?,
        files,
        shm,
        joined,
        netns: None,
        cgroups_path: None,
        selinux: None,
        terminal_size: how.terminal_size,
        localtime: localtime(&spec.timezone),
    })
}

/// Pids of the containers whose namespaces are joined, by id.
fn joined(engine: &Engine, spec: &spec::ResolvedSpec) -> Result<BTreeMap<String, i32>, Error> {
    let spaces = &spec.namespaces;
    let all: [&Namespace; 6] =
        [&spec.network.mode, &spaces.pid, &spaces.uts, &spaces.ipc, &spaces.cgroup, &spaces.user];
    let mut pids = BTreeMap::new();
    for namespace in all.into_iter().filter(|namespace| namespace.mode == NsMode::Container) {
        let Live::Running(state) = engine.runs().live(&namespace.value)? else {
            return Err(Error::State(format!(
                "cannot join the namespace of container {}, which isn't running: container state improper",
                namespace.value
            )));
        };
        pids.insert(namespace.value.clone(), state.pid);
    }
    Ok(pids)
}

/// The zone's file for /etc/localtime.
fn localtime(zone: &str) -> Option<PathBuf> {
    let path = match zone {
        "" => return None,
        "local" => fs::canonicalize("/etc/localtime").ok()?,
        zone => Path::new("/usr/share/zoneinfo").join(zone),
    };
    path.exists().then_some(path)
}

fn write_pid_files(subject: &Subject, pid: i32) -> Result<(), Error> {
    let life = &subject.spec.spec.life;
    let own = rustix::process::getpid().as_raw_nonzero().get();
    for (path, pid) in [(&life.pid_file, pid), (&life.monitor_pid_file, own)] {
        if !path.is_empty() {
            fs::write(path, pid.to_string()).map_err(|source| Error::io("write pid file", path, source))?;
        }
    }
    Ok(())
}
