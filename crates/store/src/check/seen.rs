//! Whether a file or folder is still the one that was looked at: others remove and replace them meanwhile.

use crate::error::{At, Error};
use crate::lock::is_at;
use rustix::fd::OwnedFd;
use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;
use std::path::{Path, PathBuf};

/// One that is held open, so that no other gets its inode.
pub(super) struct Seen {
    path: PathBuf,
    file: OwnedFd,
}

impl Seen {
    /// `None` if there is none.
    pub(super) fn open(path: &Path) -> Result<Option<Seen>, Error> {
        let flags = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        match rustix::fs::open(path, flags, Mode::empty()) {
            Err(Errno::NOENT) => Ok(None),
            file => Ok(Some(Seen { path: path.to_owned(), file: file.at("look at", path)? })),
        }
    }

    pub(super) fn is_there(&self) -> Result<bool, Error> {
        is_at(&self.file, &self.path).at("look at", &self.path)
    }
}
