//! Folders that stay from one build to the next: `cache-mounts/<hex>/data`, named by the digest of their id, which stands
//! in `id` beside it. `begun` says that it has what it is to begin with.

use crate::error::{At, Error};
use crate::location::{Store, make_dir};
use crate::lock::{open_dir, try_lock};
use oci::Digest;
use rustix::fd::OwnedFd;
use rustix::fs::FlockOperation;
use std::path::{Path, PathBuf};

/// Who may use it at the same time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Use {
    /// Everybody.
    Shared,
    /// One after the other: waits.
    Alone,
    /// One each: another folder if this one is in use.
    OwnOne,
}

/// A folder in use until it is dropped.
#[derive(Debug)]
pub struct CacheFolder {
    folder: PathBuf,
    is_new: bool,
    _lock: OwnedFd,
}

impl CacheFolder {
    /// Where.
    pub fn path(&self) -> PathBuf {
        self.folder.join("data")
    }

    /// It isn't known to have all that it is to begin with: nobody has used it before, or who made it was killed.
    pub fn is_new(&self) -> bool {
        self.is_new
    }

    /// Now it is.
    pub fn begun(&self) -> Result<(), Error> {
        let mark = self.folder.join(MARK);
        std::fs::write(&mark, b"").at("write", &mark)
    }
}

/// Beside `data`: it has its owner, mode and first content.
const MARK: &str = "begun";

/// So many may be in use at once with [`Use::OwnOne`].
const MOST: usize = 1000;

impl Store {
    /// Makes it if it isn't there.
    pub fn cache_folder(&self, id: &str, how: Use) -> Result<CacheFolder, Error> {
        let hex = Digest::sha256(id.as_bytes()).hex().to_owned();
        make_dir(&self.folder("cache-mounts"))?;
        for number in 0..MOST {
            let name = if number == 0 { hex.clone() } else { format!("{hex}-{number}") };
            let folder = self.path2("cache-mounts", &name);
            let Some(lock) = claim(&folder, how)? else { continue };
            make_dir(&folder.join("data"))?;
            let mark = folder.join("id");
            std::fs::write(&mark, id).at("write", &mark)?;
            // When it was used last: by that it is decided what goes.
            let now = rustix::fs::Timespec { tv_sec: 0, tv_nsec: rustix::fs::UTIME_NOW };
            let times = rustix::fs::Timestamps { last_access: now, last_modification: now };
            rustix::fs::futimens(&lock, &times).at("note the use of", &folder)?;
            let is_new = !folder.join(MARK).exists();
            return Ok(CacheFolder { folder, is_new, _lock: lock });
        }
        Err(rustix::io::Errno::BUSY).at("find an unused folder for the cache mount", Path::new(id))
    }
}

impl Store {
    /// Moves it into the trash, unless it is in use.
    pub(crate) fn discard_cache_folder(&self, name: &str) -> Result<bool, Error> {
        let folder = self.path2("cache-mounts", name);
        let Ok(lock) = open_dir(&folder) else { return Ok(false) };
        if !try_lock(&lock) {
            return Ok(false);
        }
        self.discard(&folder)?;
        Ok(true)
    }
}

/// Nobody has it now.
pub(crate) fn is_unused(folder: &Path) -> bool {
    open_dir(folder).is_ok_and(|lock| try_lock(&lock))
}

/// Makes the folder and locks it; `None`: somebody else has it. It may have been thrown away before the lock was had: then
/// there is a new one.
fn claim(folder: &Path, how: Use) -> Result<Option<OwnedFd>, Error> {
    loop {
        make_dir(folder)?;
        let lock = match open_dir(folder) {
            Err(rustix::io::Errno::NOENT) => continue,
            opened => opened.at("open folder", folder)?,
        };
        match how {
            Use::OwnOne if !try_lock(&lock) => return Ok(None),
            Use::OwnOne => {}
            Use::Shared => flock(&lock, FlockOperation::LockShared, folder)?,
            Use::Alone => flock(&lock, FlockOperation::LockExclusive, folder)?,
        }
        let here = rustix::fs::stat(folder).map(|stat| (stat.st_dev, stat.st_ino)).ok();
        let held = rustix::fs::fstat(&lock).at("look at", folder)?;
        if here == Some((held.st_dev, held.st_ino)) {
            return Ok(Some(lock));
        }
    }
}

fn flock(lock: &OwnedFd, operation: FlockOperation, folder: &Path) -> Result<(), Error> {
    rustix::io::retry_on_intr(|| rustix::fs::flock(lock, operation)).at("lock folder", folder)
}

#[cfg(test)]
mod tests {
    use super::Use;
    use crate::testing::Fixture;

    #[test]
    fn a_folder_is_new_until_it_has_begun() {
        let fixture = Fixture::new();
        let folder = |how| fixture.store.cache_folder("id", how).unwrap();
        assert!(folder(Use::Alone).is_new());
        let killed = folder(Use::Alone);
        assert!(killed.is_new() && killed.path().is_dir());
        killed.begun().unwrap();
        let other = folder(Use::OwnOne);
        assert!(other.is_new() && other.path() != killed.path());
        drop(killed);
        assert!(!folder(Use::Shared).is_new());
    }
}
