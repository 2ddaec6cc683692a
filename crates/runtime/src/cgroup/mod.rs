//! Control groups, v1, hybrid and v2.
//!
//! Only hierarchies that hold a limit get a group, unless more is asked for: each costs a tenth of a millisecond to make and to remove. A container's process
//! isn't moved by way of `cgroup.procs`, which waits for a grace period of the whole machine (7 ms): on v1 the child writes `0`
//! into `tasks` for itself, on v2 it is born in its group.

mod device_program;
mod devices;
mod freezer;
mod host;
mod plan;
pub mod usage;
mod v1;
mod v2;

use crate::error::{Error, Tried};
use rustix::fs::{Mode, OFlags};
use serde::{Deserialize, Serialize};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

pub use freezer::{freeze, is_frozen};
pub use host::{Version, can_limit, enter, group_of, may_reach, own, version};
pub(crate) use plan::{Group, plan};
pub use plan::{Groups, update};

/// Where a container's cgroups are.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Cgroups {
    /// One folder per hierarchy (v1), or one (v2).
    pub folders: Vec<PathBuf>,
}

impl Cgroups {
    /// Groups below these.
    ///
    /// # Errors
    /// A path that leads out, or where there is none.
    pub fn below(&self, path: &str) -> Result<Cgroups, Error> {
        let below = plan::below_root(path)?;
        let folders: Vec<PathBuf> =
            self.folders.iter().map(|folder| folder.join(&below)).filter(|folder| folder.is_dir()).collect();
        match folders.is_empty() {
            true => Err(Error::other(format!("the container has no control group `{path}`"))),
            false => Ok(Cgroups { folders }),
        }
    }
}

/// Groups that exist and the descriptors by which a child gets into them.
#[derive(Default)]
pub(crate) struct Entry {
    /// v1: `tasks` files to write `0` into.
    pub tasks: Vec<OwnedFd>,
    /// v2: the folder to be born in.
    pub folder: Option<OwnedFd>,
}

impl Entry {
    /// Opens the groups of a running container.
    pub(crate) fn open(cgroups: &Cgroups) -> Result<Self, Error> {
        let mut entry = Self::default();
        for folder in &cgroups.folders {
            entry.add(folder)?;
        }
        Ok(entry)
    }

    fn add(&mut self, folder: &Path) -> Result<(), Error> {
        let opened = |path: &Path, flags| rustix::fs::open(path, flags | OFlags::CLOEXEC, Mode::empty());
        match opened(&folder.join("tasks"), OFlags::WRONLY) {
            Ok(tasks) => self.tasks.push(tasks),
            Err(rustix::io::Errno::NOENT) => {
                let folder = opened(folder, OFlags::PATH | OFlags::DIRECTORY)
                    .tried(|| format!("open cgroup `{}`", folder.display()))?;
                self.folder = Some(folder);
            }
            Err(error) => return Err(Error::io(format!("open `{}/tasks`", folder.display()), error)),
        }
        Ok(())
    }

    /// In the child, which has one thread: enters the v1 groups.
    pub(crate) fn join(&self) -> Result<(), Error> {
        for tasks in &self.tasks {
            rustix::io::write(tasks, b"0").tried(|| "enter the container's cgroup")?;
        }
        Ok(())
    }

    /// For CLONE_INTO_CGROUP.
    pub(crate) fn born_in(&self) -> Option<BorrowedFd<'_>> {
        self.folder.as_ref().map(|folder| folder.as_fd())
    }
}

/// Makes the planned groups and writes their limits; what was made is removed again on error.
pub(crate) fn create(groups: &[Group]) -> Result<(Cgroups, Entry), Error> {
    let (mut made, mut entry) = (Cgroups::default(), Entry::default());
    let result = groups.iter().try_for_each(|group| {
        match group.create() {
            // An ordinary user without delegated groups: the engine has told that limits don't hold.
            Err(error) if group.optional && refused(&error) => return Ok(()),
            other => other?,
        }
        made.folders.push(group.folder.clone());
        group.write()?;
        entry.add(&group.folder)
    });
    match result {
        Ok(()) => Ok((made, entry)),
        Err(error) => {
            // The first error is the one to tell.
            let _ = remove(&made);
            Err(error)
        }
    }
}

fn refused(error: &Error) -> bool {
    matches!(error.errno(), Some(libc::EACCES | libc::EPERM | libc::EROFS))
}

/// The groups there are of that `cgroupsPath`, whoever made them: for a launch that was killed before it could note its own.
pub fn find(path: &str) -> Cgroups {
    let Ok(relative) = plan::below_root(path) else { return Cgroups::default() };
    let root = Path::new(host::ROOT);
    let mut roots = match version() {
        Version::None => Vec::new(),
        Version::V1 => std::fs::read_dir(root).into_iter().flatten().flatten().map(|entry| entry.path()).collect(),
        Version::V2 => vec![root.to_owned()],
    };
    roots.extend(host::delegated());
    let folders = roots.into_iter().map(|root| root.join(&relative)).filter(|folder| folder.is_dir());
    Cgroups { folders: folders.collect() }
}

/// How long dying processes may keep a group busy.
const PATIENCE: Duration = Duration::from_secs(10);

/// Removes them, children first; kills what is still inside and retries while the kernel counts dying processes. Idempotent.
pub fn remove(cgroups: &Cgroups) -> Result<(), Error> {
    let mut first = Ok(());
    for folder in &cgroups.folders {
        let result = remove_tree(folder);
        if first.is_ok() {
            first = result;
        }
    }
    first
}

fn remove_tree(folder: &Path) -> Result<(), Error> {
    let start = Instant::now();
    let mut pause = Duration::from_micros(200);
    loop {
        let error = match std::fs::remove_dir(folder) {
            Ok(()) => return Ok(()),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
            Err(error) => error,
        };
        if error.raw_os_error() != Some(libc::EBUSY) || start.elapsed() > PATIENCE {
            return Err(Error::io(format!("remove cgroup `{}`", folder.display()), error));
        }
        for child in children(folder) {
            remove_tree(&child)?;
        }
        kill_all(folder);
        // v1 has no file to poll for "empty"; a doubling pause costs a tenth of what was waited for anyway.
        std::thread::sleep(pause);
        pause = (pause * 2).min(Duration::from_millis(50));
    }
}

fn children(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir())).map(|entry| entry.path()).collect()
}

fn kill_all(folder: &Path) {
    // Linux 5.14, v2 only: atomic even against forks.
    if std::fs::write(folder.join("cgroup.kill"), "1").is_ok() {
        return;
    }
    for pid in pids_in(folder).unwrap_or_default() {
        // 0 stands for a process of another pid namespace; killing it would kill us.
        if pid > 0 {
            let _ = sys::signal::kill(pid, libc::SIGKILL);
        }
    }
}

/// Pids in them.
pub fn pids(cgroups: &Cgroups) -> Result<Vec<i32>, Error> {
    let mut all = Vec::new();
    for folder in &cgroups.folders {
        collect_pids(folder, &mut all)?;
    }
    all.sort_unstable();
    all.dedup();
    Ok(all)
}

fn collect_pids(folder: &Path, all: &mut Vec<i32>) -> Result<(), Error> {
    match pids_in(folder) {
        Ok(mut pids) => all.append(&mut pids),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(Error::io(format!("read `{}/cgroup.procs`", folder.display()), error)),
    }
    children(folder).iter().try_for_each(|child| collect_pids(child, all))
}

fn pids_in(folder: &Path) -> std::io::Result<Vec<i32>> {
    let text = std::fs::read_to_string(folder.join("cgroup.procs"))?;
    Ok(text.lines().filter_map(|line| line.parse().ok()).collect())
}
