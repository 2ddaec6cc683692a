//! `exec`: one more process in a running container.

use crate::error::Error;
use crate::folder::{Container, Root};
use crate::foreground::{self, Ended};
use crate::status::Status;
use crate::{Pass, console, create};
use oci::runtime::{Process, Spec};
use runtime::{Execed, Stdio, UserLookup};
use std::path::Path;

/// What is asked for.
pub struct Exec<'a> {
    /// The process.
    pub wanted: Wanted<'a>,
    /// Listens for the terminal.
    pub console_socket: Option<&'a Path>,
    /// Gets the process's number.
    pub pid_file: Option<&'a Path>,
    /// Descriptors for the process.
    pub pass: Pass,
    /// Nobody waits for its end.
    pub detach: bool,
    /// Below the container's groups, existing ones.
    pub cgroup: Option<&'a str>,
    /// Also into a paused container: it runs when that does.
    pub ignore_paused: bool,
}

/// Which process.
pub enum Wanted<'a> {
    /// As a whole.
    Process(Box<Process>),
    /// Like the container's own, with these differences.
    Like {
        /// Its command.
        args: &'a [String],
        /// Of the container's process; changes it.
        change: &'a dyn Fn(&mut Process),
        /// `""`, or `uid[:gid]`, names of the container's accounts among them.
        user: &'a str,
    },
}

/// Runs it; `None` if it was detached.
pub fn exec(root: &Root, id: &str, wish: &Exec<'_>) -> Result<Option<Ended>, Error> {
    let container = root.find(id)?;
    let good: &[Status] = match wish.ignore_paused {
        true => &[Status::Created, Status::Running, Status::Paused],
        false => &[Status::Created, Status::Running],
    };
    container.must("exec in", good)?;
    let mut spec = container.config()?;
    let user = process(&mut spec, wish)?;
    let terminal = spec.process.as_ref().is_some_and(|process| process.terminal);
    if terminal && wish.detach && wish.console_socket.is_none() {
        return Err(Error::Invalid("a detached process needs --console-socket for its terminal".into()));
    }
    let done = begin(&container, &spec, user, wish)?;
    if let Some(path) = wish.pid_file {
        create::write_pid(path, done.pid)?;
    }
    let own = match (done.terminal, wish.console_socket) {
        (Some(master), Some(socket)) => console::hand_over(&master, socket).map(|()| None)?,
        (own, _) => own,
    };
    match wish.detach {
        true => Ok(None),
        false => foreground::attend(&done.pidfd, own).map(Some),
    }
}

/// Puts the wanted process into the configuration; the user's words, if they are to be looked up.
fn process(spec: &mut Spec, wish: &Exec<'_>) -> Result<UserLookup, Error> {
    let mut lookup = UserLookup { set_home: true, ..UserLookup::default() };
    let mut process = match &wish.wanted {
        Wanted::Process(process) => (**process).clone(),
        Wanted::Like { args, change, user } => {
            let mut process = spec.process.take().unwrap_or_default();
            (process.args, process.terminal) = (args.to_vec(), false);
            (*user).clone_into(&mut lookup.user);
            change(&mut process);
            process
        }
    };
    if process.args.is_empty() {
        return Err(Error::Invalid("no command was given (`args` of the process is empty)".into()));
    }
    if process.cwd.is_empty() {
        "/".clone_into(&mut process.cwd);
    }
    wish.pass.tell(&mut process);
    spec.process = Some(process);
    Ok(lookup)
}

fn begin(container: &Container, spec: &Spec, user: UserLookup, wish: &Exec<'_>) -> Result<Execed, Error> {
    let process = spec.process.as_ref();
    let stdio = match process.filter(|process| process.terminal) {
        None => Stdio::Inherit,
        Some(process) => {
            let size = process.console_size.clone().unwrap_or_default();
            Stdio::Terminal(size.height, size.width)
        }
    };
    let mut cgroups = container.record.cgroups.clone();
    if let Some(below) = wish.cgroup {
        cgroups = cgroups.below(below)?;
    }
    let exec = runtime::Exec {
        pid: container.record.pid,
        spec,
        user,
        stdio,
        cgroups: &cgroups,
        preserve: wish.pass.descriptors()?,
    };
    Ok(runtime::exec(&exec)?)
}
