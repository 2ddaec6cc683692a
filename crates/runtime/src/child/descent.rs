//! Down into a tree and back with one descriptor, however deep it is.

use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;
use std::ffi::CStr;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

/// Where somebody is in a tree.
pub(super) struct Descent {
    here: OwnedFd,
    /// Devices and inodes of the folders on the way, to be sure of coming back to them.
    above: Vec<(u64, u64)>,
}

impl Descent {
    /// At this folder, whose descriptor needn't be one to read from.
    pub(super) fn at(top: impl AsFd) -> io::Result<Descent> {
        Ok(Descent { here: open_folder(top, c".")?, above: Vec::new() })
    }

    /// The folder, to be read.
    pub(super) fn here(&self) -> BorrowedFd<'_> {
        self.here.as_fd()
    }

    /// Into a folder of it. No link is followed.
    pub(super) fn down(&mut self, name: &CStr) -> io::Result<()> {
        let below = open_folder(&self.here, name)?;
        self.above.push(identity(&self.here)?);
        self.here = below;
        Ok(())
    }

    /// Back into the folder above.
    ///
    /// # Errors
    /// ESTALE: somebody has moved the folder, so that it is in another by now.
    pub(super) fn up(&mut self) -> io::Result<()> {
        let above = open_folder(&self.here, c"..")?;
        if self.above.pop() != Some(identity(&above)?) {
            return Err(Errno::STALE.into());
        }
        self.here = above;
        Ok(())
    }
}

fn open_folder(folder: impl AsFd, name: &CStr) -> io::Result<OwnedFd> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    Ok(rustix::fs::openat(folder, name, flags, Mode::empty())?)
}

fn identity(folder: &OwnedFd) -> io::Result<(u64, u64)> {
    let stat = rustix::fs::fstat(folder)?;
    Ok((stat.st_dev, stat.st_ino))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_back_is_the_way_down() {
        let top = std::env::temp_dir().join(format!("minke-descent-{}", std::process::id()));
        std::fs::create_dir_all(top.join("a/b")).unwrap();
        std::fs::create_dir_all(top.join("elsewhere")).unwrap();
        std::os::unix::fs::symlink("/", top.join("link")).unwrap();
        let mut descent = Descent::at(std::fs::File::open(&top).unwrap()).unwrap();
        assert!(descent.down(c"link").is_err());
        descent.down(c"a").unwrap();
        descent.down(c"b").unwrap();
        descent.up().unwrap();
        descent.down(c"b").unwrap();
        std::fs::rename(top.join("a/b"), top.join("elsewhere/b")).unwrap();
        assert_eq!(descent.up().unwrap_err().raw_os_error(), Some(Errno::STALE.raw_os_error()));
        std::fs::remove_dir_all(top).unwrap();
    }
}
