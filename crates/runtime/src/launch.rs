//! The engine's side of a new container: clone, id maps, filter, and the conversation with the child.

use crate::cgroup::{self, Cgroups};
use crate::channel::{self, Order, Report};
use crate::child::process::set_oom_score;
use crate::child::{self, Child};
use crate::error::{Error, Tried};
use crate::namespaces::{self, Plan};
use crate::{Launch, Launched, Ready, command, hooks, idmap, seccomp, sources, spawn, time_offset, unsupported};
use oci::runtime::Spec;
use std::os::fd::{AsFd, OwnedFd};
use sys::namespace::Namespaces;
use sys::process::{Clone3, Cloned};

/// Clones the child; returns at once.
///
/// # Errors
/// When the config can't be understood, or the kernel refuses groups, namespaces or id maps. Nothing is left behind then.
pub fn launch(launch: &Launch<'_>) -> Result<Launched, Error> {
    let plan = namespaces::plan(launch.spec)?;
    if !plan.is_new(Namespaces::MOUNT) {
        return Err(Error::other("a container needs a mount namespace of its own"));
    }
    unsupported::check(launch.spec)?;
    let binds = sources::open(launch, &plan)?;
    let trampoline = sys::memory_file::sealed("minke-init", sys::inside::INIT).tried(|| "make a memory file")?;
    let (ours, theirs) = sys::fd_passing::pair().tried(|| "make a socket pair")?;
    let groups = cgroup::plan(launch.id, launch.spec, launch.groups, cgroup::version())?;
    let (cgroups, entry) = cgroup::create(&groups)?;
    // The cgroup namespace is unshared by the child once it is in its groups.
    let later = Namespaces::CGROUP | Namespaces::TIME;
    let wish = Clone3 { namespaces: plan.new.without(later), cgroup: entry.born_in(), sibling: false };
    let cloned = match plan.joins_before() || plan.is_new(Namespaces::TIME) {
        true => spawn::after(|| enter(&plan, launch.spec), wish),
        false => spawn::directly(wish),
    };
    match cloned {
        Ok(Cloned::Child) => {
            drop(ours);
            child::run(Child {
                launch,
                namespaces: &plan,
                cgroups: &cgroups,
                entry: &entry,
                channel: theirs.as_fd(),
                trampoline: trampoline.as_fd(),
                binds,
                has_filter: profile(launch.spec).is_some(),
            })
        }
        Ok(Cloned::Parent { pid, pidfd }) => {
            drop(theirs);
            let command = launch.spec.process.as_ref().and_then(|process| process.args.first()).cloned();
            let (command, netns) = (command.unwrap_or_default(), None);
            let mut launched =
                Launched { pid, pidfd, cgroups, channel: ours, command, limited: has_memory_limit(launch.spec), netns };
            match serve(&mut launched, launch, &plan) {
                Ok(()) => Ok(launched),
                Err(error) => {
                    // What we could not do may only be the consequence of the child's end.
                    let error = channel::last_words(&launched.channel).unwrap_or(error);
                    Err(launched.give_up(error))
                }
            }
        }
        Err(error) => {
            let _ = cgroup::remove(&cgroups);
            Err(error)
        }
    }
}

/// In the process between: what clone3 can't do.
fn enter(plan: &Plan, spec: &Spec) -> Result<(), Error> {
    if plan.is_exposed() {
        // Before we hide: afterwards our own /proc files are not ours any more.
        set_oom_score(spec)?;
        // What is cloned from here is hidden as well.
        sys::process::hide_from_ptrace().tried(|| "hide from other containers' processes")?;
    }
    plan.join_before()?;
    match (&spec.linux, plan.is_new(Namespaces::TIME)) {
        (Some(linux), true) => time_offset::make_namespace(linux),
        _ => Ok(()),
    }
}

fn profile(spec: &Spec) -> Option<&oci::runtime::Seccomp> {
    spec.linux.as_ref()?.seccomp.as_ref().filter(|profile| !profile.default_action.is_empty())
}

fn has_memory_limit(spec: &Spec) -> bool {
    let resources = spec.linux.as_ref().and_then(|linux| linux.resources.as_ref());
    resources.and_then(|resources| resources.memory.as_ref()?.limit).is_some_and(|limit| limit > 0)
}

/// What the child waits for while it sets itself up.
fn serve(launched: &mut Launched, launch: &Launch<'_>, plan: &Plan) -> Result<(), Error> {
    let pid = launched.pid;
    // Now: once the child has changed its user an ordinary engine can't open this any more.
    launched.netns = match plan.is_exposed() {
        true => match channel::next_report(&launched.channel)? {
            Report::Network(netns) => Some(netns),
            other => return Err(launched.unexpected(other)),
        },
        false if plan.is_new(Namespaces::NET) => {
            let path = format!("/proc/{pid}/ns/net");
            Some(sys::namespace::open(path).tried(|| "open the container's network namespace")?)
        }
        // A joined one is entered by the child when it gets there; who made it knows it.
        false => None,
    };
    if idmap::is_needed(launch, plan) {
        if plan.is_new(Namespaces::USER) {
            idmap::write(pid, launch.spec)?;
        }
        let mounts = match plan.joined(Namespaces::USER) {
            Some(userns) => idmap::prepare(launch, userns)?,
            None => {
                let userns = sys::namespace::open(format!("/proc/{pid}/ns/user"));
                idmap::prepare(launch, userns.tried(|| "open the new user namespace")?.as_fd())?
            }
        };
        let mounts: Vec<_> = mounts.iter().map(OwnedFd::as_fd).collect();
        channel::order(&launched.channel, Order::Mapped, &mounts)?;
    }
    if hooks::has_runtime_stage(launch.spec) {
        match channel::next_report(&launched.channel)? {
            Report::Created => {}
            other => return Err(launched.unexpected(other)),
        }
        let subject = hooks::Subject { id: launch.id, pid, bundle: launch.bundle, spec: launch.spec };
        hooks::run(hooks::Stage::CreateRuntime, &subject)?;
        channel::order(&launched.channel, Order::Go, &[])?;
    }
    if let Some(profile) = profile(launch.spec) {
        channel::order_filter(&launched.channel, &seccomp::compile(profile)?)?;
    }
    Ok(())
}

impl Launched {
    /// The child's network namespace, if it is a new one.
    pub fn netns(&self) -> Result<OwnedFd, Error> {
        let netns = self.netns.as_ref().ok_or_else(|| Error::other("no network namespace was opened"))?;
        netns.try_clone().tried(|| "copy the descriptor of the network namespace")
    }

    /// Waits until its root is in place.
    ///
    /// # Errors
    /// What the child could not do. It is dead and its cgroups are removed then.
    pub fn ready(&mut self) -> Result<Ready, Error> {
        match channel::next_report(&self.channel) {
            Ok(Report::Ready { uid, gid, terminal }) => Ok(Ready { terminal, uid, gid }),
            Ok(other) => {
                let error = self.unexpected(other);
                Err(self.give_up(error))
            }
            Err(error) => Err(self.give_up(error)),
        }
    }

    /// Lets it exec; returns when it has (or with the error of exec). The child is killed and its cgroups removed on error.
    pub fn start(&mut self) -> Result<(), Error> {
        // A child that has failed can't hear this, but its report is there.
        let _ = channel::order(&self.channel, Order::Start, &[]);
        match channel::next_report(&self.channel) {
            Ok(Report::Closed) => Ok(()),
            Ok(other) => {
                let error = self.unexpected(other);
                Err(self.give_up(error))
            }
            Err(error) => Err(self.give_up(error)),
        }
    }

    /// Leaves it waiting for [`start_waiting`] over a connection to `door`, a listening packet socket, however long that takes.
    pub fn leave(self, door: OwnedFd) -> Result<(), Error> {
        channel::order(&self.channel, Order::Later, &[door.as_fd()]).map_err(|error| {
            let error = channel::last_words(&self.channel).unwrap_or(error);
            self.give_up(error)
        })
    }

    fn unexpected(&self, report: Report) -> Error {
        match report {
            Report::Failed(error) => error,
            Report::ExecFailed(number) => command::exec_failed(&self.command, number),
            Report::Closed if self.limited => Error::other(
                "the container's first process died while it was set up: the memory limit could be too low",
            ),
            Report::Closed => Error::other("the container's first process died while it was set up"),
            Report::Network(_) | Report::Created | Report::Ready { .. } => {
                Error::other("the container's first process is out of step")
            }
        }
    }

    /// Kills and reaps the child and removes its groups; the error goes through.
    fn give_up(&self, error: Error) -> Error {
        let _ = sys::pidfd::send_signal(self.pidfd.as_fd(), libc::SIGKILL);
        let _ = sys::pidfd::wait(self.pidfd.as_fd());
        let _ = cgroup::remove(&self.cgroups);
        error
    }
}

/// Lets a container exec that was left waiting ([`Launched::leave`]); returns when it has. `connection` is one to its door,
/// `command` what it executes, for messages.
///
/// # Errors
/// What kept it from that; it is dead then.
pub fn start_waiting(connection: &OwnedFd, command: &str) -> Result<(), Error> {
    channel::order(connection, Order::Start, &[])?;
    match channel::next_report(connection)? {
        Report::Closed => Ok(()),
        Report::Failed(error) => Err(error),
        Report::ExecFailed(number) => Err(command::exec_failed(command, number)),
        Report::Network(_) | Report::Created | Report::Ready { .. } => {
            Err(Error::other("the container's first process is out of step"))
        }
    }
}

impl Cgroups {
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.folders.is_empty()
    }
}
