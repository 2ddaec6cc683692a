//! Locks of the run folder that aren't a container's: a file each, whose flock(2) ends with its process.

use rustix::fs::{FlockOperation, Mode, OFlags};
use rustix::io::Errno;
use std::io;
use std::os::fd::OwnedFd;
use std::path::Path;

/// Takes the lock `folder/name`; folder and file are made where missing. The file can't be opened by others: whoever can open a
/// thing can lock it.
pub fn take(folder: &Path, name: &str, how: FlockOperation) -> io::Result<OwnedFd> {
    let path = folder.join(name);
    let flags = OFlags::RDWR | OFlags::CREATE | OFlags::CLOEXEC;
    let open = || rustix::fs::open(&path, flags, Mode::RUSR | Mode::WUSR);
    let file = match open() {
        Err(Errno::NOENT) => {
            std::fs::create_dir_all(folder)?;
            open()
        }
        opened => opened,
    }?;
    rustix::io::retry_on_intr(|| rustix::fs::flock(&file, how))?;
    Ok(file)
}
