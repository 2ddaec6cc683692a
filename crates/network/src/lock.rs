//! The lock of a run directory's networks: shared by whoever attaches a container, exclusive for whoever makes or removes a
//! bridge or judges what is stray. And the turn of the one process that waits until bridges may go.

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

    /// The turn to wait for idle bridges; `None`: another process has it. Says nothing about what attaches meanwhile.
    pub fn turn(run: &Path) -> Result<Option<Self>, Error> {
        let path = run.join("networks").join(".idle");
        let file = File::options().create(true).append(true).open(&path);
        let file = file.map_err(Error::io(format!("cannot open `{}`", path.display())))?;
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => Ok(Some(Self { file })),
            Err(rustix::io::Errno::WOULDBLOCK) => Ok(None),
            Err(error) => Err(Error::io(format!("cannot lock `{}`", path.display()))(error.into())),
        }
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
