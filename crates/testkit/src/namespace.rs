//! Running a closure inside another process's namespaces.
//!
//! A fresh thread joins them and ends with the closure, so nothing has to be joined back. Children that the closure
//! spawns live in the joined pid namespace, and their `Child::id` is nevertheless the pid as this process sees it.

use std::os::fd::{AsFd, OwnedFd};
use std::path::PathBuf;
use std::thread;

use rustix::process::{Pid, PidfdFlags, pidfd_open};
use rustix::thread::{
    LinkNameSpaceType, ThreadNameSpaceType, UnshareFlags, move_into_link_name_space, move_into_thread_name_spaces,
};

#[derive(Debug)]
enum Door {
    /// Some namespaces of a process.
    Process(OwnedFd, ThreadNameSpaceType),
    /// One network namespace.
    Link(OwnedFd),
}

/// Namespaces to run a closure in.
#[derive(Debug)]
pub struct Namespace {
    door: Door,
    /// cgroup v1 groups that a visitor joins, so that what it starts is counted there.
    tasks: Vec<PathBuf>,
}

impl Namespace {
    /// The network namespace behind an open `/proc/PID/ns/net`.
    pub(crate) fn behind(link: OwnedFd) -> Self {
        Self { door: Door::Link(link), tasks: Vec::new() }
    }

    /// The mount, network and pid namespaces of `pid`, on cgroup v1 also the one of cgroups. (On v2 a thread can't be in another
    /// group than its process: there commands go to their group, and into that namespace, by themselves.)
    pub(crate) fn of(pid: i32, tasks: Vec<PathBuf>) -> Self {
        let mut kinds = ThreadNameSpaceType::MOUNT | ThreadNameSpaceType::NETWORK | ThreadNameSpaceType::PROCESS_ID;
        kinds.set(ThreadNameSpaceType::CONTROL_GROUP, !tasks.is_empty());
        Self { door: Door::Process(open(pid), kinds), tasks }
    }

    /// The network namespace of `pid` alone.
    #[must_use]
    pub fn of_network(pid: i32) -> Self {
        Self { door: Door::Process(open(pid), ThreadNameSpaceType::NETWORK), tasks: Vec::new() }
    }

    /// Runs `body` inside. It must not start threads (the kernel forbids them after joining a pid namespace).
    ///
    /// # Panics
    /// When `body` does or the namespaces can't be joined.
    pub fn call<T: Send>(&self, body: impl FnOnce() -> T + Send) -> T {
        thread::scope(|scope| {
            let visit = scope.spawn(|| {
                self.join();
                body()
            });
            visit.join().unwrap_or_else(|cause| std::panic::resume_unwind(cause))
        })
    }

    fn join(&self) {
        for tasks in &self.tasks {
            std::fs::write(tasks, "0").unwrap_or_else(|err| panic!("{}: {err}", tasks.display()));
        }
        // A mount namespace can only be joined by a thread that shares its working folder with no other. Deprecated
        // because of CLONE_FILES, which isn't used here.
        #[allow(deprecated)]
        rustix::thread::unshare(UnshareFlags::FS).expect("unshare(CLONE_FS)");
        match &self.door {
            Door::Process(process, kinds) => move_into_thread_name_spaces(process.as_fd(), *kinds).expect("setns"),
            Door::Link(link) => {
                move_into_link_name_space(link.as_fd(), Some(LinkNameSpaceType::Network)).expect("setns");
            }
        }
    }
}

fn open(pid: i32) -> OwnedFd {
    let pid = Pid::from_raw(pid).expect("a pid isn't 0");
    pidfd_open(pid, PidfdFlags::empty()).unwrap_or_else(|err| panic!("pidfd_open {}: {err}", pid.as_raw_nonzero()))
}
