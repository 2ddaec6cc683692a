//! What the cloned child does until it becomes the container's command.
//!
//! It has a copy of the engine's memory and one thread. Everything happens by descriptors opened before the root is changed,
//! so nothing that the image holds can lead a mount or a write elsewhere.

mod cgroup_mount;
mod copy;
mod descent;
mod device;
mod init;
mod mask;
mod mounts;
pub(crate) mod process;
mod root;
pub(crate) mod terminal;
pub(crate) mod user;

pub(crate) use init::INIT_PATH;

use crate::cgroup::{Cgroups, Entry};
use crate::channel::{self, Order};
use crate::error::{Error, Tried};
use crate::namespaces::Plan;
use crate::{Launch, Stdio, command, hooks, idmap, sources};
use rustix::fs::{Mode, OFlags};
use std::convert::Infallible;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;
use sys::mount::Propagation;
use sys::namespace::Namespaces;
use sys::process as sys_process;

/// What the parent hands over by copying itself.
pub(crate) struct Child<'a> {
    pub launch: &'a Launch<'a>,
    pub namespaces: &'a Plan,
    pub cgroups: &'a Cgroups,
    pub entry: &'a Entry,
    pub channel: BorrowedFd<'a>,
    /// The sealed file of `sys::inside::INIT`.
    pub trampoline: BorrowedFd<'a>,
    /// What the parent opened, see [`sources::open`].
    pub binds: Vec<Option<OwnedFd>>,
    pub has_filter: bool,
}

/// Never returns: becomes the command, or reports why not and ends.
pub(crate) fn run(mut child: Child<'_>) -> ! {
    let Err(error) = become_container(&mut child);
    channel::report_failed(child.channel, &error);
    sys_process::exit_now(1)
}

fn become_container(child: &mut Child<'_>) -> Result<Infallible, Error> {
    let launch = child.launch;
    let overlay = enter_namespaces(child)?;
    let host = HostFiles::open()?;
    let root = root::mount(launch, overlay)?;
    let mut setup = mounts::Setup {
        launch,
        cgroups: child.cgroups,
        root: root.as_fd(),
        binds: &mut child.binds,
        own_cgroup_namespace: child.namespaces.is_new(Namespaces::CGROUP),
    };
    let sealed = mounts::all(&mut setup)?;
    device::all(launch.spec, root.as_fd())?;
    let identity = user::look_up(root.as_fd(), &launch.user, launch.spec)?;
    mounts::chown(launch, root.as_fd(), &identity)?;
    let terminal = match launch.stdio {
        Stdio::Terminal(rows, columns) => Some(terminal::make(root.as_fd(), &identity, (rows, columns))?),
        _ => None,
    };
    if let (Some(terminal), false) =
        (&terminal, launch.spec.mounts.iter().any(|mount| mount.destination == "/dev/console"))
    {
        terminal.bind_console(root.as_fd())?;
    }
    let process = launch.spec.process.clone().unwrap_or_default();
    process::check_working_folder(root.as_fd(), &process.cwd, launch.make_working_folder)?;
    if launch.init {
        init::bind(root.as_fd())?;
    }
    mounts::seal(&sealed)?;
    set_names_and_knobs(child, &host)?;
    mask::all(launch.spec, root.as_fd(), &host)?;
    hooks::run_inside(launch, hooks::Stage::CreateContainer)?;
    root::change_to(root.as_fd(), launch)?;
    command::check_presence(&process.args, &process.env)?;
    let master = terminal.as_ref().map(|terminal| terminal.master.as_fd());
    channel::report_ready(child.channel, identity.uid, identity.gid, master)?;
    let filter = match child.has_filter {
        true => channel::wait_for_filter(child.channel)?,
        false => Vec::new(),
    };
    let last = process::Last {
        spec: launch.spec,
        process: &process,
        identity: &identity,
        set_home: launch.user.set_home,
        stdio: &launch.stdio,
        slave: terminal.as_ref().map(|terminal| terminal.slave.as_fd()),
        preserve: &launch.preserve,
        filter: &filter,
        channel: child.channel,
        trampoline: child.trampoline,
        die_with_parent: launch.die_with_parent,
        init: launch.init,
        keep_groups: launch.user.keep_groups,
        keep_keyring: launch.keep_keyring,
    };
    process::become_command(&last, || {
        channel::wait_for_start(child.channel)?;
        hooks::run_inside(launch, hooks::Stage::StartContainer)
    })
}

/// Until the child is root of its own world. Returns an overlay that the parent mounted for us.
fn enter_namespaces(child: &mut Child<'_>) -> Result<Option<OwnedFd>, Error> {
    let launch = child.launch;
    sys_process::set_name(c"minke-child");
    if child.namespaces.is_exposed() {
        // Hidden from its first moment, so the engine can't open what it needs of us.
        channel::report_network(child.channel)?;
    } else {
        // Before the user changes: afterwards our own /proc files are not ours any more.
        process::set_oom_score(launch.spec)?;
    }
    if launch.die_with_parent {
        sys_process::die_with_parent(libc::SIGKILL).tried(|| "bind the child's life to the engine's")?;
    }
    let overlay = become_mapped(child)?;
    // Fails when we already lead a session (never after clone), which is as good.
    let _ = rustix::process::setsid();
    rustix::process::umask(Mode::empty());
    child.entry.join()?;
    child.namespaces.join_inside()?;
    if child.namespaces.is_new(Namespaces::CGROUP) {
        // Not with the clone: the namespace's root is the group we are in at this moment.
        sys::namespace::unshare(Namespaces::CGROUP).tried(|| "make a cgroup namespace")?;
    }
    if child.namespaces.is_new(Namespaces::NET) {
        sys::interface::bring_loopback_up().tried(|| "bring the loopback interface up")?;
    }
    if hooks::has_runtime_stage(launch.spec) {
        channel::report_created(child.channel)?;
        channel::wait_for(child.channel, Order::Go)?;
    }
    detach_from_host(child)?;
    Ok(overlay)
}

/// Waits for the id maps and for the mounts that only the parent may prepare; then becomes root of the new user namespace.
fn become_mapped(child: &mut Child<'_>) -> Result<Option<OwnedFd>, Error> {
    let launch = child.launch;
    if !idmap::is_needed(launch, child.namespaces) {
        return Ok(None);
    }
    let mut fds = channel::wait_for(child.channel, Order::Mapped)?.fds.into_iter();
    if child.namespaces.changes_users() {
        sys::credential::become_root(launch.user.keep_groups).tried(|| "become root of the user namespace")?;
        if !child.namespaces.is_exposed() {
            // The change of user hid us; the engine still has to open our /proc files.
            sys_process::allow_ptrace().tried(|| "be visible to the engine")?;
        }
    }
    let overlay = if idmap::has_overlay(launch) { fds.next() } else { None };
    for index in idmap::mounts_of(launch.spec) {
        child.binds[index] = fds.next();
    }
    Ok(overlay)
}

/// Keeps our mounts from spreading to the host. Sources of shared bind mounts are copied before that: copies stay peers.
fn detach_from_host(child: &mut Child<'_>) -> Result<(), Error> {
    let spec = child.launch.spec;
    for (index, mount) in spec.mounts.iter().enumerate() {
        let options = crate::mount_option::parse(&mount.options);
        if matches!(options.propagation, Some((Propagation::Shared, _))) && child.binds[index].is_none() {
            child.binds[index] = Some(sources::open_one(child.launch, mount, &options)?);
        }
    }
    let word = spec.linux.as_ref().and_then(|linux| linux.rootfs_propagation.as_deref()).unwrap_or_default();
    let propagation = match word {
        "private" | "rprivate" | "unbindable" | "runbindable" => Propagation::Private,
        _ => Propagation::Slave,
    };
    sources::cut_off(propagation)
}

/// Host name, domain name, sysctl.
fn set_names_and_knobs(child: &Child<'_>, host: &HostFiles) -> Result<(), Error> {
    let spec = child.launch.spec;
    if let Some(name) = &spec.hostname {
        sys::namespace::set_hostname(name).tried(|| format!("set the host name `{name}`"))?;
    }
    if let Some(name) = &spec.domainname {
        sys::namespace::set_domainname(name).tried(|| format!("set the domain name `{name}`"))?;
    }
    for (key, value) in spec.linux.iter().flat_map(|linux| &linux.sysctl) {
        set_sysctl(host, key, value)?;
    }
    Ok(())
}

fn set_sysctl(host: &HostFiles, key: &str, value: &str) -> Result<(), Error> {
    let what = || format!("set sysctl `{key}` to `{value}`");
    // `net.ipv4.conf.eth0/1.x`: with slashes first, dots are part of names (sysctl(8)).
    let slash_first = key.find('/').is_some_and(|slash| key.find('.').is_none_or(|dot| slash < dot));
    let path = if slash_first { key.to_owned() } else { swap_separators(key) };
    let path = format!("sys/{path}");
    let file = sys::path::open_without_links(&host.proc, Path::new(&path), OFlags::WRONLY, 0).tried(what)?;
    rustix::io::write(file, value.as_bytes()).tried(what)?;
    Ok(())
}

fn swap_separators(key: &str) -> String {
    let swap = |letter| match letter {
        '.' => '/',
        '/' => '.',
        other => other,
    };
    key.chars().map(swap).collect()
}

/// Things of the host that are needed while the container's root is built.
pub(crate) struct HostFiles {
    /// The host's /proc, checked to be one. Its `sys` shows the namespaces of whoever writes.
    pub proc: OwnedFd,
    /// /dev/null, checked to be it.
    pub null: OwnedFd,
}

impl HostFiles {
    fn open() -> Result<Self, Error> {
        let open = |path: &str| {
            rustix::fs::open(path, OFlags::PATH | OFlags::CLOEXEC, Mode::empty())
                .tried(|| format!("open `{path}` of the host"))
        };
        let (proc, null) = (open("/proc")?, open("/dev/null")?);
        let magic = rustix::fs::fstatfs(&proc).tried(|| "look at `/proc` of the host")?.f_type;
        if magic as u32 != rustix::fs::PROC_SUPER_MAGIC as u32 {
            return Err(Error::other("`/proc` of the host is not a proc file system"));
        }
        // A mask made of anything else would give the container a file of the host (CVE-2025-31133).
        let stat = rustix::fs::fstat(&null).tried(|| "look at `/dev/null` of the host")?;
        if stat.st_rdev != rustix::fs::makedev(1, 3)
            || rustix::fs::FileType::from_raw_mode(stat.st_mode) != rustix::fs::FileType::CharacterDevice
        {
            return Err(Error::other("`/dev/null` of the host is not the null device"));
        }
        Ok(Self { proc, null })
    }
}
