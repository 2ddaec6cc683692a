//! Folders that stay from one build to the next: `cache-mounts/<hex>/data`, named by the digest of their id.

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
    path: PathBuf,
    is_new: bool,
    _lock: OwnedFd,
}

impl CacheFolder {
    /// Where.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Nobody has used it before.
    pub fn is_new(&self) -> bool {
        self.is_new
    }
}

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
            make_dir(&folder)?;
            let lock = open_dir(&folder).at("open folder", &folder)?;
            match how {
                Use::OwnOne if !try_lock(&lock) => continue,
                Use::OwnOne => {}
                Use::Shared => flock(&lock, FlockOperation::LockShared, &folder)?,
                Use::Alone => flock(&lock, FlockOperation::LockExclusive, &folder)?,
            }
            let path = folder.join("data");
            let is_new = !path.exists();
            make_dir(&path)?;
            return Ok(CacheFolder { path, is_new, _lock: lock });
        }
        Err(rustix::io::Errno::BUSY).at("find an unused folder for the cache mount", Path::new(id))
    }
}

fn flock(lock: &OwnedFd, operation: FlockOperation, folder: &Path) -> Result<(), Error> {
    rustix::io::retry_on_intr(|| rustix::fs::flock(lock, operation)).at("lock folder", folder)
}
