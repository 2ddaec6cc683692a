//! One more process in a running container.

use crate::cgroup::Entry;
use crate::channel::{self, Order, Report};
use crate::child::process::{Last, become_command, set_oom_score};
use crate::child::{terminal, user};
use crate::error::{Error, Tried};
use crate::{Exec, Execed, Stdio, command, seccomp, spawn};
use oci::runtime::Spec;
use rustix::fs::{Mode, OFlags};
use std::convert::Infallible;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use sys::namespace::Namespaces;
use sys::process::{Clone3, Cloned};

/// Joins the container's namespaces and cgroups and execs; returns once exec took place.
///
/// # Errors
/// Whatever kept the process from running; `kind` tells a missing command from other reasons. Nothing is left behind then.
pub fn exec(exec: &Exec<'_>) -> Result<Execed, Error> {
    let what = || format!("join the container of process {}", exec.pid);
    let target = sys::pidfd::open(exec.pid).tried(what)?;
    let kinds = kinds(exec)?;
    let filter = match exec.spec.linux.as_ref().and_then(|linux| linux.seccomp.as_ref()) {
        Some(profile) if !profile.default_action.is_empty() => seccomp::compile(profile)?,
        _ => Vec::new(),
    };
    let entry = Entry::open(exec.cgroups)?;
    let trampoline = sys::memory_file::sealed("minke-init", sys::inside::INIT).tried(|| "make a memory file")?;
    let (ours, theirs) = sys::fd_passing::pair().tried(|| "make a socket pair")?;
    let wish = Clone3 { cgroup: entry.born_in(), ..Clone3::default() };
    match spawn::after(|| enter(exec.spec, target.as_fd(), kinds), wish)? {
        Cloned::Child => {
            drop(ours);
            let (target, channel) = (target.as_fd(), theirs.as_fd());
            let child = Child { exec, kinds, filter: &filter, entry: &entry, target, channel };
            let Err(error) = become_process(&child, trampoline.as_fd());
            channel::report_failed(theirs.as_fd(), &error);
            sys::process::exit_now(1)
        }
        Cloned::Parent { pid, pidfd } => {
            drop(theirs);
            match wait_for_exec(exec, &ours) {
                Ok(terminal) => Ok(Execed { pid, pidfd, terminal }),
                Err(error) => {
                    let _ = sys::pidfd::send_signal(pidfd.as_fd(), libc::SIGKILL);
                    let _ = sys::pidfd::wait(pidfd.as_fd());
                    Err(error)
                }
            }
        }
    }
}

/// What the new process knows.
struct Child<'a> {
    exec: &'a Exec<'a>,
    kinds: Namespaces,
    filter: &'a [sys::seccomp::Instruction],
    entry: &'a Entry,
    /// A pidfd of the container's first process.
    target: BorrowedFd<'a>,
    channel: BorrowedFd<'a>,
}

/// All kinds that the config names; a user namespace only when it is not our own (the kernel refuses to join that).
fn kinds(exec: &Exec<'_>) -> Result<Namespaces, Error> {
    let named = exec.spec.linux.iter().flat_map(|linux| &linux.namespaces);
    let kinds =
        named.filter_map(|wish| Namespaces::from_oci(&wish.kind)).fold(Namespaces::NONE, |all, kind| all | kind);
    let user = |pid: &str| std::fs::read_link(format!("/proc/{pid}/ns/user")).tried(|| "look at user namespaces");
    match user("self")? == user(&exec.pid.to_string())? {
        true => Ok(kinds.without(Namespaces::USER)),
        false => Ok(kinds | Namespaces::USER),
    }
}

fn enter(spec: &Spec, target: BorrowedFd<'_>, kinds: Namespaces) -> Result<(), Error> {
    // Before we hide: afterwards our own /proc files are not ours any more.
    set_oom_score(spec)?;
    // The container's processes see ours from the moment it is cloned: hands off (CVE-2016-9962, CVE-2022-29162 and kin).
    sys::process::hide_from_ptrace().tried(|| "hide from the container's processes")?;
    sys::namespace::join(target, kinds.without(Namespaces::CGROUP)).tried(|| "join the container's namespaces")
}

fn become_process(child: &Child<'_>, trampoline: BorrowedFd<'_>) -> Result<Infallible, Error> {
    let &Child { exec, kinds, filter, entry, target, channel } = child;
    sys::process::set_name(c"minke-exec");
    entry.join()?;
    if kinds.contains(Namespaces::CGROUP) {
        // Only now: from inside that namespace we could not have been cloned into a group of the host's.
        sys::namespace::join(target, Namespaces::CGROUP).tried(|| "join the container's cgroup namespace")?;
    }
    if kinds.contains(Namespaces::USER) {
        sys::credential::become_root(exec.user.keep_groups).tried(|| "become root of the container")?;
    }
    let _ = rustix::process::setsid();
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let root = rustix::fs::open("/", flags, Mode::empty()).tried(|| "open the container's root")?;
    let identity = user::look_up(root.as_fd(), &exec.user, exec.spec)?;
    let terminal = match exec.stdio {
        Stdio::Terminal(rows, columns) => Some(terminal::make(root.as_fd(), &identity, (rows, columns))?),
        _ => None,
    };
    let master = terminal.as_ref().map(|terminal| terminal.master.as_fd());
    channel::report_ready(channel, identity.uid, identity.gid, master)?;
    let process = exec.spec.process.clone().unwrap_or_default();
    let last = Last {
        spec: exec.spec,
        process: &process,
        identity: &identity,
        set_home: exec.user.set_home,
        stdio: &exec.stdio,
        slave: terminal.as_ref().map(|terminal| terminal.slave.as_fd()),
        preserve: &exec.preserve,
        filter,
        channel,
        trampoline,
        die_with_parent: false,
        init: false,
        keep_groups: exec.user.keep_groups,
        keep_keyring: false,
    };
    become_command(&last, || channel::wait_for(channel, Order::Start).map(drop))
}

fn wait_for_exec(exec: &Exec<'_>, channel: &OwnedFd) -> Result<Option<OwnedFd>, Error> {
    // All the child waits for: no need to hear that it is ready first. One that has failed can't hear it; its report is there.
    let _ = channel::order(channel, Order::Start, &[]);
    let name = || exec.spec.process.as_ref().and_then(|process| process.args.first()).cloned().unwrap_or_default();
    let mut master = None;
    loop {
        match channel::next_report(channel)? {
            Report::Ready { terminal, .. } => master = terminal,
            Report::Closed => return Ok(master),
            Report::Failed(error) => return Err(error),
            Report::ExecFailed(number) => return Err(command::exec_failed(&name(), number)),
            Report::Network(_) | Report::Created => {}
        }
    }
}
