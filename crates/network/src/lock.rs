//! The lock of a run directory's networks: shared by whoever attaches a container, exclusive for whoever makes or removes a
//! bridge or judges what is stray.

use crate::Error;
use rustix::fs::{FlockOperation, flock};
use std::fs::{self, File};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// Held until dropped; the kernel ends it with its process.
pub struct Lock {
    file: File,
}

impl Lock {
    /// Waits for the lock beside others who attach.
    pub fn shared(run: &Path) -> Result<Self, Error> {
        Self::take(run, FlockOperation::LockShared)
    }

    /// Waits until nobody else has it.
    pub fn exclusive(run: &Path) -> Result<Self, Error> {
        Self::take(run, FlockOperation::LockExclusive)
    }

    /// Becomes exclusive. Not in one step: others may have had it in between.
    pub fn upgrade(&self) -> Result<(), Error> {
        flock(&self.file, FlockOperation::LockExclusive).map_err(|e| Error::io("cannot lock the networks")(e.into()))
    }

    /// Becomes shared again. Not in one step either, but the kernel converts without waiting for readers.
    pub fn downgrade(&self) -> Result<(), Error> {
        flock(&self.file, FlockOperation::LockShared).map_err(|e| Error::io("cannot lock the networks")(e.into()))
    }

    fn take(run: &Path, how: FlockOperation) -> Result<Self, Error> {
        let folder = run.join("networks");
        let path = folder.join(".lock");
        // Others must not be able to open it: whoever can, can lock it. (std opens with O_CLOEXEC.)
        let open = || File::options().create(true).append(true).mode(0o600).open(&path);
        let file = open().or_else(|_| fs::create_dir_all(&folder).and_then(|()| open()));
        let file = file.map_err(Error::io(format!("cannot open `{}`", path.display())))?;
        flock(&file, how).map_err(|e| Error::io(format!("cannot lock `{}`", path.display()))(e.into()))?;
        Ok(Self { file })
    }
}
