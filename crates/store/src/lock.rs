//! Who may change what: the store's lock, the mark of writers, and the locks by which strays are told from work in progress.
//!
//! All are `flock`s, so a killed process holds none.

use crate::error::{At, Error};
use crate::location::Store;
use rustix::fd::{AsFd, OwnedFd};
use rustix::fs::{FlockOperation, Mode, OFlags};
use std::fs::File;
use std::path::{Path, PathBuf};

/// Held while records change ([`Store::lock`]) or must not change ([`Store::lock_shared`]).
pub(crate) struct Lock(#[allow(dead_code)] OwnedFd);

impl Store {
    /// For commit, tag and remove. Held for some renames only, never while data is written.
    pub(crate) fn lock(&self) -> Result<Lock, Error> {
        self.take(FlockOperation::LockExclusive)
    }

    /// Like [`Store::lock`], but `None` if somebody else holds it.
    pub(crate) fn try_lock(&self) -> Result<Option<Lock>, Error> {
        match self.take(FlockOperation::NonBlockingLockExclusive) {
            Err(Error::Io { source, .. }) if source.kind() == std::io::ErrorKind::WouldBlock => Ok(None),
            lock => lock.map(Some),
        }
    }

    /// For making a container's root: layers can't go away meanwhile.
    pub(crate) fn lock_shared(&self) -> Result<Lock, Error> {
        self.take(FlockOperation::LockShared)
    }

    fn take(&self, operation: FlockOperation) -> Result<Lock, Error> {
        let path = self.lock_path();
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::CLOEXEC;
        let fd = rustix::fs::open(&path, flags, Mode::from_raw_mode(0o600)).at("open store lock", &path)?;
        retry(|| rustix::fs::flock(&fd, operation)).at("lock store", &path)?;
        Ok(Lock(fd))
    }

    /// Marks this process as one that stores content no image refers to yet, until [`Store::written`] or its death.
    pub fn writing(&self) -> Result<(), Error> {
        let mut guard = self.writing.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if guard.is_none() {
            *guard = Some(self.writers_lock(FlockOperation::LockShared)?);
        }
        Ok(())
    }

    /// Everything stored so far belongs to an image.
    pub(crate) fn written(&self) {
        *self.writing.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = None;
    }

    /// The lock that writers share; whoever gets it exclusively knows that there are none.
    pub(crate) fn writers_lock(&self, operation: FlockOperation) -> Result<OwnedFd, Error> {
        let path = self.folder("layers");
        let fd = open_dir(&path).at("open folder", &path)?;
        retry(|| rustix::fs::flock(&fd, operation)).at("lock folder", &path)?;
        Ok(fd)
    }

    /// A new folder in `tmp/`, locked as long as the returned descriptor lives.
    pub(crate) fn temporary_folder(&self) -> Result<(PathBuf, OwnedFd), Error> {
        loop {
            let path = self.path2("tmp", &format!("{}-{}", std::process::id(), random_name()));
            // The widest mode, so that what is left of it tells the umask.
            rustix::fs::mkdir(&path, Mode::from_raw_mode(0o777)).at("create temporary folder", &path)?;
            crate::step::point();
            if let Some(fd) = claim(&path).at("lock temporary folder", &path)? {
                return Ok((path, fd));
            }
        }
    }

    /// A new file in `tmp/`, locked as long as it is open.
    pub(crate) fn temporary_file(&self) -> Result<(PathBuf, File), Error> {
        loop {
            let path = self.path2("tmp", &format!("{}-{}", std::process::id(), random_name()));
            let flags = OFlags::RDWR | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
            let fd = rustix::fs::open(&path, flags, Mode::from_raw_mode(0o600)).at("create file", &path)?;
            crate::step::point();
            // Between its creation and its lock it may have been taken for a stray.
            if try_lock(&fd) && is_at(&fd, &path).at("look at", &path)? {
                return Ok((path, fd.into()));
            }
        }
    }

    /// Writes a whole file beside and renames it into place, so that readers see the old or the new one.
    pub(crate) fn write_atomically(&self, path: &Path, content: &[u8]) -> Result<(), Error> {
        let (temporary, mut file) = self.temporary_file()?;
        if let Err(e) = std::io::Write::write_all(&mut file, content) {
            let _ = rustix::fs::unlink(&temporary);
            return Err(e).at("write file", path);
        }
        crate::step::point();
        rustix::fs::rename(&temporary, path).at("rename file to", path)
    }
}

/// Locks a folder or file of `tmp/`: `None` if another holds it or it is gone.
pub(crate) fn claim(path: &Path) -> rustix::io::Result<Option<OwnedFd>> {
    let fd = match rustix::fs::open(path, OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC, Mode::empty()) {
        Ok(fd) => fd,
        Err(rustix::io::Errno::NOENT) => return Ok(None),
        Err(e) => return Err(e),
    };
    match rustix::fs::flock(&fd, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => {}
        Err(rustix::io::Errno::WOULDBLOCK) => return Ok(None),
        Err(e) => return Err(e),
    }
    Ok(is_at(&fd, path)?.then_some(fd))
}

/// Locks a folder, waiting for whoever holds it: `None` if it is no longer there afterwards.
pub(crate) fn claim_folder(path: &Path) -> rustix::io::Result<Option<OwnedFd>> {
    let fd = match open_dir(path) {
        Ok(fd) => fd,
        Err(rustix::io::Errno::NOENT) => return Ok(None),
        Err(e) => return Err(e),
    };
    retry(|| rustix::fs::flock(&fd, FlockOperation::LockExclusive))?;
    Ok(is_at(&fd, path)?.then_some(fd))
}

/// False if it was renamed away between open and lock.
pub(crate) fn is_at(fd: &OwnedFd, path: &Path) -> rustix::io::Result<bool> {
    let mine = rustix::fs::fstat(fd)?;
    Ok(rustix::fs::lstat(path).is_ok_and(|there| there.st_ino == mine.st_ino && there.st_dev == mine.st_dev))
}

pub(crate) fn open_dir(path: &Path) -> rustix::io::Result<OwnedFd> {
    rustix::fs::open(path, OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())
}

pub(crate) fn try_lock(fd: impl AsFd) -> bool {
    rustix::fs::flock(fd, FlockOperation::NonBlockingLockExclusive).is_ok()
}

/// 16 hex digits that nobody else uses.
pub(crate) fn random_name() -> String {
    let mut bytes = [0; 8];
    // Without randomness the clock will do: names are made with O_EXCL or a mkdir.
    if rustix::rand::getrandom(&mut bytes, rustix::rand::GetRandomFlags::empty()).is_err() {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        bytes = (now.as_nanos() as u64).to_ne_bytes();
    }
    format!("{:016x}", u64::from_ne_bytes(bytes))
}

fn retry<T>(mut f: impl FnMut() -> rustix::io::Result<T>) -> rustix::io::Result<T> {
    rustix::io::retry_on_intr(&mut f)
}
