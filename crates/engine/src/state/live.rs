//! Whether a container runs: facts in its run folder, not rows.
//!
//! `<runroot>/minke/containers/<id>/`, on a file system that a reboot empties:
//!
//! ```text
//! lock         flock held by whoever is responsible: the starting command, then the monitor for all its life; at the end
//!              the exit code is in it, for those who wait with it open
//! state.json   RunState: pid, cgroups, network, …
//! attach       the monitor's socket
//! exit         {"code":0,"finished":"…"}: it has ended, cleanup is due
//! stop         exists: somebody wants it to end, no restart
//! files/       hosts, resolv.conf, hostname, .containerenv
//! ```
//!
//! No folder: nothing runs. `exit` is there: ended, to be cleaned up. Lock held: starting or running. Lock free and no
//! `exit`: the monitor was killed. Folders come into being and vanish by rename (`<id>.new`, `<id>.gone`), so that one named
//! by a bare id is always whole. `<id>.cleanup` is locked by whoever makes a container or changes its state. The lock
//! `<runroot>/minke/making` is shared by those who make a folder: when nobody has it, an `<id>.new` is a killed command's.

use super::lock;
use crate::Error;
use monitor::exit::Exit;
use rustix::fs::{FlockOperation, Mode, OFlags};
use rustix::io::Errno;
use serde::{Deserialize, Serialize};
use std::fs;
use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

/// Content of `state.json`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct RunState {
    /// The monitor.
    pub monitor: i32,
    /// First process of the container; 0: none at the moment.
    pub pid: i32,
    /// Of `pid`: field 22 of /proc/PID/stat, in clock ticks since boot. Tells it from a later process of the same number.
    pub start_time: u64,
    /// RFC 3339; empty: set up but not started yet.
    pub started: String,
    /// Whose process it is, inside.
    pub uid: u32,
    /// Its group.
    pub gid: u32,
    /// To be removed.
    pub cgroups: runtime::cgroup::Cgroups,
    /// To be torn down.
    pub network: network::Status,
    /// pasta's process.
    pub pasta: Option<i32>,
    /// By the restart policy.
    pub restarts: u32,
    /// Between two runs.
    pub restarting: bool,
}

/// What a run folder says.
#[derive(Debug, Clone, PartialEq)]
pub enum Live {
    /// Nothing runs.
    Absent,
    /// Being set up.
    Starting(RunState),
    /// Its first process runs (or, between two runs, is about to).
    Running(RunState),
    /// Ended by itself or by a stop.
    Exited(Exit, RunState),
    /// Its monitor was killed.
    Dead(RunState),
}

impl Live {
    /// The state file's content, if there is any.
    pub fn state(&self) -> Option<&RunState> {
        match self {
            Live::Absent => None,
            Live::Starting(state) | Live::Running(state) | Live::Exited(_, state) | Live::Dead(state) => Some(state),
        }
    }

    /// Its first process runs.
    pub fn is_running(&self) -> bool {
        matches!(self, Live::Running(_))
    }
}

/// The folder of all run folders.
#[derive(Debug, Clone)]
pub struct Runs {
    folder: PathBuf,
}

/// A lock on a container's transitions; others wait. The file goes with it.
#[derive(Debug)]
pub struct Transition {
    _file: OwnedFd,
    path: PathBuf,
}

impl Runs {
    /// Below the store's run folder; made when first needed.
    pub fn new(run: &Path) -> Runs {
        Runs { folder: run.join("containers") }
    }

    /// That container's.
    pub fn of(&self, id: &str) -> PathBuf {
        self.folder.join(id)
    }

    /// Ids with a folder.
    pub fn ids(&self) -> Result<Vec<String>, Error> {
        let entries = match fs::read_dir(&self.folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries.map_err(|e| failed("read folder", &self.folder, e))?,
        };
        let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
        Ok(names.filter(|name| is_id(name)).collect())
    }

    /// Leftovers of killed processes: half-made and half-removed folders, locks.
    pub fn remove_strays(&self) {
        let Ok(entries) = fs::read_dir(&self.folder) else { return };
        for entry in entries.flatten() {
            let name = entry.file_name();
            let name = name.to_string_lossy();
            let path = entry.path();
            // While nobody makes a folder, a half-made one is abandoned.
            let abandoned = || self.making(FlockOperation::NonBlockingLockExclusive);
            if name.contains(".gone") {
                let _ = fs::remove_dir_all(&path);
            } else if name.ends_with(".new") {
                let _ = abandoned().and_then(|_alone| fs::remove_dir_all(&path));
            } else if let Some(id) = name.strip_suffix(".cleanup") {
                // Taking and dropping it removes it.
                drop(self.try_transition(id));
            }
        }
    }

    /// Makes a container's folder with its lock held. `None`: there is one already.
    pub fn create(&self, id: &str) -> Result<Option<OwnedFd>, Error> {
        let new = self.folder.join(format!("{id}.new"));
        let _making =
            self.making(FlockOperation::LockShared).map_err(|e| failed("lock what is made in", &self.folder, e))?;
        let made = fs::create_dir(&new).or_else(|error| match error.kind() {
            io::ErrorKind::AlreadyExists => Ok(()),
            _ => Err(error),
        });
        made.map_err(|e| failed("create folder", &new, e))?;
        let lock = new.join("lock");
        let file = open(&lock).and_then(|file| {
            rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive)?;
            Ok(file)
        });
        let file = file.map_err(|e| failed("lock", &lock, e))?;
        let folder = self.of(id);
        match rustix::fs::renameat_with(
            rustix::fs::CWD,
            &new,
            rustix::fs::CWD,
            &folder,
            rustix::fs::RenameFlags::NOREPLACE,
        ) {
            Ok(()) => Ok(Some(file)),
            Err(Errno::EXIST) => {
                let _ = fs::remove_dir_all(&new);
                Ok(None)
            }
            Err(error) => Err(failed("rename to", &folder, error.into())),
        }
    }

    /// The lock that those share who make a folder, for as long as it has its name `<id>.new`.
    fn making(&self, how: FlockOperation) -> io::Result<OwnedFd> {
        let run = self.folder.parent().unwrap_or(&self.folder);
        let lock = lock::take(run, "making", how)?;
        // The file can be there without the folder.
        if !self.folder.is_dir() {
            fs::create_dir_all(&self.folder)?;
        }
        Ok(lock)
    }

    /// Reads the facts.
    pub fn live(&self, id: &str) -> Result<Live, Error> {
        let folder = self.of(id);
        let read = || -> io::Result<Live> {
            // The lock first: a monitor writes `exit` before it lets go.
            let Some(held) = held(&folder)? else { return Ok(Live::Absent) };
            let exit = Exit::read(&folder)?;
            let state = read_state(&folder)?;
            Ok(match (exit, held) {
                (Some(exit), _) => Live::Exited(exit, state.unwrap_or_default()),
                (None, false) => Live::Dead(state.unwrap_or_default()),
                (None, true) => match state {
                    Some(state) if !state.started.is_empty() => Live::Running(state),
                    state => Live::Starting(state.unwrap_or_default()),
                },
            })
        };
        read().map_err(|e| failed("read state in", &folder, e))
    }

    /// The lock of a container's folder, to read its end from when the folder is gone (see [`monitor::exit::noted`]).
    pub fn lock_file(&self, id: &str) -> Option<fs::File> {
        fs::File::open(self.of(id).join("lock")).ok()
    }

    /// Removes a container's folder.
    pub fn remove(&self, id: &str) -> Result<(), Error> {
        let folder = self.of(id);
        let gone = self.folder.join(format!("{id}.gone{}", std::process::id()));
        match fs::rename(&folder, &gone) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            result => result.map_err(|e| failed("remove folder", &folder, e))?,
        }
        match fs::remove_dir_all(&gone) {
            // Another command has helped.
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            result => result.map_err(|e| failed("remove folder", &gone, e)),
        }
    }

    /// Waits for the right to change a container's state.
    pub fn transition(&self, id: &str) -> Result<Transition, Error> {
        self.lock_transition(id, FlockOperation::LockExclusive).map(|lock| {
            // Only the non-blocking kind can be refused.
            lock.unwrap_or_else(|| unreachable!())
        })
    }

    /// The same without waiting. `None`: somebody has it.
    pub fn try_transition(&self, id: &str) -> Result<Option<Transition>, Error> {
        self.lock_transition(id, FlockOperation::NonBlockingLockExclusive)
    }

    fn lock_transition(&self, id: &str, operation: FlockOperation) -> Result<Option<Transition>, Error> {
        let path = self.folder.join(format!("{id}.cleanup"));
        loop {
            let file = match open(&path) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    fs::create_dir_all(&self.folder).map_err(|e| failed("create folder", &self.folder, e))?;
                    continue;
                }
                file => file.map_err(|e| failed("open", &path, e))?,
            };
            match rustix::fs::flock(&file, operation) {
                Ok(()) => {}
                Err(Errno::INTR) => continue,
                Err(Errno::AGAIN) => return Ok(None),
                Err(error) => return Err(failed("lock", &path, error.into())),
            }
            // Whoever had it before has removed the file: what we locked may no longer be the one by that name.
            let same = rustix::fs::fstat(&file)
                .and_then(|ours| Ok(ours.st_ino == rustix::fs::stat(&path)?.st_ino))
                .unwrap_or(false);
            if same {
                return Ok(Some(Transition { _file: file, path }));
            }
        }
    }
}

impl Drop for Transition {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}

/// Replaces `state.json`.
pub fn write_state(folder: &Path, state: &RunState) -> io::Result<()> {
    let text = serde_json::to_vec(state).map_err(io::Error::other)?;
    let new = folder.join("state.new");
    fs::write(&new, text)?;
    fs::rename(&new, folder.join("state.json"))
}

fn read_state(folder: &Path) -> io::Result<Option<RunState>> {
    match fs::read(folder.join("state.json")) {
        Ok(text) => Ok(serde_json::from_slice(&text).ok()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Whether somebody holds the folder's lock; `None`: there is no folder.
fn held(folder: &Path) -> io::Result<Option<bool>> {
    let flags = OFlags::RDONLY | OFlags::CLOEXEC;
    let file = match rustix::fs::open(folder.join("lock"), flags, Mode::empty()) {
        Ok(file) => file,
        Err(Errno::NOENT) => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    match rustix::fs::flock(&file, FlockOperation::NonBlockingLockShared) {
        Ok(()) => Ok(Some(false)),
        Err(Errno::AGAIN) => Ok(Some(true)),
        Err(error) => Err(error.into()),
    }
}

fn open(path: &Path) -> io::Result<OwnedFd> {
    let flags = OFlags::RDWR | OFlags::CREATE | OFlags::CLOEXEC;
    Ok(rustix::fs::open(path, flags, Mode::RUSR | Mode::WUSR)?)
}

fn is_id(name: &str) -> bool {
    name.len() == 64 && name.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn failed(what: &'static str, path: &Path, source: io::Error) -> Error {
    Error::Io { what, path: path.to_owned(), source }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::MetadataExt;

    fn runs() -> (tempfile::TempDir, Runs) {
        let folder = tempfile::tempdir().unwrap();
        let runs = Runs::new(folder.path());
        (folder, runs)
    }

    #[test]
    fn a_life() {
        let ((_folder, runs), id) = (runs(), "a".repeat(64));
        assert_eq!(runs.live(&id).unwrap(), Live::Absent);
        let lock = runs.create(&id).unwrap().unwrap();
        assert!(runs.create(&id).unwrap().is_none());
        assert!(matches!(runs.live(&id).unwrap(), Live::Starting(_)));
        let state = RunState { pid: 7, started: "now".into(), ..RunState::default() };
        write_state(&runs.of(&id), &state).unwrap();
        assert_eq!(runs.live(&id).unwrap(), Live::Running(state.clone()));
        drop(lock);
        assert_eq!(runs.live(&id).unwrap(), Live::Dead(state));
        Exit::now(3).write(&runs.of(&id)).unwrap();
        assert!(matches!(runs.live(&id).unwrap(), Live::Exited(exit, _) if exit.code == 3));
        assert_eq!(runs.ids().unwrap(), std::slice::from_ref(&id));
        runs.remove(&id).unwrap();
        runs.remove(&id).unwrap();
        assert_eq!(runs.live(&id).unwrap(), Live::Absent);
    }

    #[test]
    fn what_a_killed_command_left_goes_unless_another_is_making_one() {
        let (_folder, runs) = runs();
        let half = runs.of("x.new");
        fs::create_dir_all(&half).unwrap();
        let making = runs.making(FlockOperation::LockShared).unwrap();
        let mode = fs::metadata(runs.folder.with_file_name("making")).unwrap().mode();
        assert_eq!(mode & 0o077, 0, "others could hold the lock for ever");
        runs.remove_strays();
        assert!(half.exists());
        drop(making);
        runs.remove_strays();
        assert!(!half.exists());
    }

    #[test]
    fn transitions_exclude_each_other_and_leave_no_file() {
        let (_folder, runs) = runs();
        let first = runs.transition("x").unwrap();
        assert!(runs.try_transition("x").unwrap().is_none());
        assert!(runs.try_transition("y").unwrap().is_some());
        drop(first);
        assert!(runs.try_transition("x").unwrap().is_some());
        assert_eq!(fs::read_dir(&runs.folder).unwrap().count(), 0);
    }
}
