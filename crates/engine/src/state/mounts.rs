//! Images that somebody has mounted: `<runroot>/minke/mounts/<id>/`, on a file system that a reboot empties.
//!
//! ```text
//! mounts/lock           flock: held while anything here changes
//! mounts/<id>/merged/   where the image is mounted
//! mounts/<id>/count     how often it was mounted; each unmount takes one, the last takes the mount
//! ```
//!
//! That it is mounted is a fact of the kernel: a folder without a mount says nothing.

use super::lock;
use crate::Error;
use rustix::fs::{AtFlags, CWD, FlockOperation, StatxAttributes, StatxFlags};
use std::fs;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

/// The folder of all mounts.
#[derive(Debug)]
pub struct Mounts {
    folder: PathBuf,
}

impl Mounts {
    /// `run`: `<runroot>/minke`.
    pub fn new(run: &Path) -> Mounts {
        Mounts { folder: run.join("mounts") }
    }

    /// Counts one more; `mount` is called if it isn't mounted yet, then `check`, whose error undoes that. Where it is.
    pub fn add(
        &self,
        id: &str,
        mount: impl FnOnce(&Path) -> Result<(), Error>,
        check: impl FnOnce() -> Result<(), Error>,
    ) -> Result<PathBuf, Error> {
        let place = self.place(id);
        let _lock = self.lock()?;
        if is_mounted(&place) {
            self.note(id, self.count(id) + 1)?;
            return Ok(place);
        }
        fs::create_dir_all(&place).map_err(|error| Error::io("create", &place, error))?;
        let mounted = mount(&place).and_then(|()| check()).and_then(|()| self.note(id, 1));
        if mounted.is_err() {
            let _ = self.remove(id);
        }
        mounted.map(|()| place)
    }

    /// Takes one, or (`all`) what there is; whether there was any.
    pub fn take(&self, id: &str, all: bool) -> Result<bool, Error> {
        let place = self.place(id);
        // Most images aren't: then there may be no folder for the lock either.
        if !is_mounted(&place) {
            return Ok(false);
        }
        let _lock = self.lock()?;
        if !is_mounted(&place) {
            return Ok(false);
        }
        match self.count(id) {
            count if count > 1 && !all => self.note(id, count - 1)?,
            _ => self.remove(id)?,
        }
        Ok(true)
    }

    fn remove(&self, id: &str) -> Result<(), Error> {
        let (folder, place) = (self.folder.join(id), self.place(id));
        runtime::unmount_view(&place)?;
        // Never by going into folders: something may still be mounted there.
        let _ = fs::remove_file(folder.join("count"));
        let gone = fs::remove_dir(&place).and_then(|()| fs::remove_dir(&folder));
        gone.map_err(|error| Error::io("remove", &folder, error))
    }

    /// Ids and places of what is mounted, sorted.
    pub fn all(&self) -> Vec<(String, PathBuf)> {
        let entries = fs::read_dir(&self.folder).into_iter().flatten().flatten();
        let ids = entries.filter_map(|entry| entry.file_name().into_string().ok());
        let mut mounted: Vec<_> = ids.map(|id| (id.clone(), self.place(&id))).collect();
        mounted.retain(|(_, place)| is_mounted(place));
        mounted.sort();
        mounted
    }

    fn place(&self, id: &str) -> PathBuf {
        self.folder.join(id).join("merged")
    }

    /// A count that can't be read is of a command that was killed between two steps.
    fn count(&self, id: &str) -> u32 {
        fs::read_to_string(self.folder.join(id).join("count")).ok().and_then(|text| text.parse().ok()).unwrap_or(0)
    }

    fn note(&self, id: &str, count: u32) -> Result<(), Error> {
        let file = self.folder.join(id).join("count");
        fs::write(&file, count.to_string()).map_err(|error| Error::io("write", &file, error))
    }

    fn lock(&self) -> Result<OwnedFd, Error> {
        let lock = lock::take(&self.folder, "lock", FlockOperation::LockExclusive);
        lock.map_err(|error| Error::io("lock", self.folder.join("lock"), error))
    }
}

fn is_mounted(place: &Path) -> bool {
    let look = rustix::fs::statx(CWD, place, AtFlags::SYMLINK_NOFOLLOW, StatxFlags::empty());
    look.is_ok_and(|found| found.stx_attributes.contains(StatxAttributes::MOUNT_ROOT))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_mounted_leaves_nothing() {
        let run = tempfile::tempdir().unwrap();
        let mounts = Mounts::new(run.path());
        let refused = || Err(Error::Invalid("no".to_owned()));
        assert!(mounts.add("x", |_| refused(), || Ok(())).is_err());
        assert!(mounts.add("x", |_| Ok(()), refused).is_err());
        assert!(!run.path().join("mounts/x").exists());
    }
}
