//! Folders of containers, below the root folder that the caller names (`--root`):
//!
//! | file in `<root>/<id>/` | what |
//! |---|---|
//! | `lock` | held (flock) by whoever changes the container |
//! | `config.json` | the bundle's configuration as it was at create: later changes have no effect (runtime.md) |
//! | `state.json` | [`Record`], written when the process is there; renamed into place |
//! | `door` | socket at which a created container waits for its start; gone when it runs |
//!
//! A folder without `state.json` whose lock is free is what a killed `create` left: its process ended with it, and the next
//! `create` or `delete` of that id clears it away.

use crate::error::{Error, Tried};
use crate::record::Record;
use crate::status::{self, Status};
use rustix::fs::{FlockOperation, Mode, OFlags};
use std::fs;
use std::io::ErrorKind;
use std::os::fd::OwnedFd;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// Where all folders are.
#[derive(Debug, Clone)]
pub struct Root(PathBuf);

/// A container that is there.
#[derive(Debug)]
pub struct Container {
    pub(crate) folder: PathBuf,
    /// What is known of it.
    pub record: Record,
}

/// A container's folder while somebody changes it.
#[derive(Debug)]
pub(crate) struct Locked {
    pub(crate) folder: PathBuf,
    lock: OwnedFd,
}

pub(crate) const CONFIG: &str = "config.json";
pub(crate) const STATE: &str = "state.json";
pub(crate) const DOOR: &str = "door";

impl Root {
    /// Nothing is made yet.
    pub fn new(folder: impl Into<PathBuf>) -> Root {
        Root(folder.into())
    }

    pub(crate) fn path(&self, id: &str) -> Result<PathBuf, Error> {
        check_id(id)?;
        Ok(self.0.join(id))
    }

    /// A container by its id.
    pub fn find(&self, id: &str) -> Result<Container, Error> {
        let folder = self.path(id)?;
        let missing = || Error::NotFound(id.to_owned());
        let record = Record::read(&folder)?.ok_or_else(missing)?;
        Ok(Container { folder, record })
    }

    /// Ids of all, sorted.
    pub(crate) fn ids(&self) -> Result<Vec<String>, Error> {
        let entries = match fs::read_dir(&self.0) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries.at("list", &self.0)?,
        };
        let mut ids = Vec::new();
        for entry in entries {
            let entry = entry.at("list", &self.0)?;
            ids.extend(entry.file_name().into_string().ok().filter(|_| entry.path().join(STATE).is_file()));
        }
        ids.sort_unstable();
        Ok(ids)
    }

    /// Makes the folder of a new container, locked.
    pub(crate) fn claim(&self, id: &str) -> Result<Locked, Error> {
        let folder = self.path(id)?;
        make_private(&self.0)?;
        loop {
            match fs::DirBuilder::new().mode(0o700).create(&folder) {
                Ok(()) => {}
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                    let left = Locked::try_of(&folder)?.filter(|_| !folder.join(STATE).exists());
                    let Some(left) = left else { return Err(Error::Exists(id.to_owned())) };
                    left.remove()?;
                    continue;
                }
                Err(error) => return Err(error).at("make the folder", &folder),
            }
            // Somebody may have taken it for a leftover before it was locked.
            if let Some(locked) = Locked::try_of(&folder)? {
                return Ok(locked);
            }
        }
    }
}

impl Locked {
    /// Waits for others.
    pub(crate) fn of(container: &Container) -> Result<Locked, Error> {
        let lock = open_lock(&container.folder)?.ok_or_else(|| Error::NotFound(container.record.id.clone()))?;
        rustix::fs::flock(&lock, FlockOperation::LockExclusive).at("lock", &container.folder)?;
        // It may have been deleted, and made anew, meanwhile.
        match is_still_there(&lock, &container.folder) {
            true => Ok(Locked { folder: container.folder.clone(), lock }),
            false => Err(Error::NotFound(container.record.id.clone())),
        }
    }

    /// `None`: another has it, or it is gone.
    fn try_of(folder: &Path) -> Result<Option<Locked>, Error> {
        let Some(lock) = open_lock(folder)? else { return Ok(None) };
        let taken = rustix::fs::flock(&lock, FlockOperation::NonBlockingLockExclusive).is_ok();
        let locked = (taken && is_still_there(&lock, folder)).then(|| Locked { folder: folder.to_owned(), lock });
        Ok(locked)
    }

    /// Deletes it, the record first.
    pub(crate) fn remove(self) -> Result<(), Error> {
        match fs::remove_file(self.folder.join(STATE)) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                return Err(error).at("remove", &self.folder.join(STATE));
            }
            _ => {}
        }
        fs::remove_dir_all(&self.folder).at("remove", &self.folder)
    }
}

impl Drop for Locked {
    /// Said, not only closed: the container's process is a fork of the one that made it, and has the lock open as well.
    fn drop(&mut self) {
        let _ = rustix::fs::flock(&self.lock, FlockOperation::Unlock);
    }
}

impl Container {
    /// What it is doing.
    pub fn status(&self) -> Status {
        status::of(self)
    }

    /// Its configuration, as it was when it was made.
    pub fn config(&self) -> Result<oci::runtime::Spec, Error> {
        crate::config::read(&self.folder.join(CONFIG)).map(|config| config.spec)
    }

    /// Numbers of its processes, in this pid namespace; of one that has no control group only the first.
    pub fn pids(&self) -> Result<Vec<i32>, Error> {
        match self.record.cgroups.is_empty() {
            true => Ok(status::lives(&self.record).then_some(self.record.pid).into_iter().collect()),
            false => Ok(runtime::cgroup::pids(&self.record.cgroups)?),
        }
    }

    pub(crate) fn must(&self, what: &'static str, good: &[Status]) -> Result<(), Error> {
        let status = self.status();
        match good.contains(&status) {
            true => Ok(()),
            false => Err(Error::State { what, id: self.record.id.clone(), status }),
        }
    }
}

fn open_lock(folder: &Path) -> Result<Option<OwnedFd>, Error> {
    let path = folder.join("lock");
    let flags = OFlags::RDWR | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    match rustix::fs::open(&path, flags, Mode::from_raw_mode(0o600)) {
        Err(rustix::io::Errno::NOENT) => Ok(None),
        opened => opened.at("open", &path).map(Some),
    }
}

fn is_still_there(lock: &OwnedFd, folder: &Path) -> bool {
    let same = |named: rustix::fs::Stat| rustix::fs::fstat(lock).is_ok_and(|held| held.st_ino == named.st_ino);
    rustix::fs::stat(folder.join("lock")).is_ok_and(same)
}

fn make_private(folder: &Path) -> Result<(), Error> {
    if folder.is_dir() {
        return Ok(());
    }
    fs::create_dir_all(folder).at("make the folder", folder)?;
    fs::set_permissions(folder, fs::Permissions::from_mode(0o700)).at("close", folder)
}

/// Letters, digits and `_+-.`; never a path.
fn check_id(id: &str) -> Result<(), Error> {
    let good = |letter: char| letter.is_ascii_alphanumeric() || "_+-.".contains(letter);
    let why = match id {
        "" => "empty container ID".to_owned(),
        "." | ".." => format!("container ID `{id}` is a folder's name"),
        id if id.len() > 255 => "a container ID has at most 255 letters".to_owned(),
        id => match id.chars().find(|letter| !good(*letter)) {
            Some(letter) => format!("invalid character `{}` in the container ID `{id}`", letter.escape_default()),
            None => return Ok(()),
        },
    };
    Err(Error::Invalid(why))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_no_paths() {
        for id in ["", ".", "..", "a/b", "a b", "ä", "a\nb"] {
            assert!(check_id(id).is_err(), "{id:?}");
        }
        assert!(check_id("A_1+b-c.d").is_ok());
    }

    #[test]
    fn an_id_is_given_once_and_leftovers_go() {
        let place = tempfile::tempdir().unwrap();
        let root = Root::new(place.path().join("root"));
        let claimed = root.claim("x").unwrap();
        assert!(matches!(root.claim("x"), Err(Error::Exists(_))), "somebody is making it");
        fs::write(claimed.folder.join("door"), "").unwrap();
        drop(claimed);
        let again = root.claim("x").unwrap();
        assert!(!again.folder.join("door").exists());
        fs::write(again.folder.join(STATE), "").unwrap();
        drop(again);
        assert!(matches!(root.claim("x"), Err(Error::Exists(_))), "it was made");
        assert_eq!(root.ids().unwrap(), ["x"]);
    }
}
