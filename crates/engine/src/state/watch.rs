//! Waiting for changes in a folder without polling: inotify(7).

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::inotify;
use rustix::io::Errno;
use std::io;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::time::{Duration, Instant};

/// A watched folder.
#[derive(Debug)]
pub struct Watch {
    inotify: OwnedFd,
}

impl Watch {
    /// Wakes when a file in `folder` comes, goes or is written, and when the folder goes.
    pub fn folder(folder: &Path) -> io::Result<Watch> {
        use inotify::{CreateFlags, WatchFlags};
        let watch = Watch { inotify: inotify::init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK)? };
        watch.add(
            folder,
            WatchFlags::CREATE
                | WatchFlags::MOVED_TO
                | WatchFlags::MOVED_FROM
                | WatchFlags::DELETE
                | WatchFlags::DELETE_SELF
                | WatchFlags::MOVE_SELF
                | WatchFlags::ONLYDIR,
        )?;
        Ok(watch)
    }

    /// Wakes also when this file is written.
    pub fn also_file(&self, file: &Path) -> io::Result<()> {
        self.add(file, inotify::WatchFlags::MODIFY | inotify::WatchFlags::MOVE_SELF)
    }

    fn add(&self, path: &Path, flags: inotify::WatchFlags) -> io::Result<()> {
        inotify::add_watch(&self.inotify, path, flags)?;
        Ok(())
    }

    /// Waits for the next change; `false`: the time has passed.
    pub fn wait(&self, limit: Option<Duration>) -> io::Result<bool> {
        let limit = limit.map(|limit| Timespec {
            tv_sec: i64::try_from(limit.as_secs()).unwrap_or(i64::MAX),
            tv_nsec: limit.subsec_nanos().into(),
        });
        let mut fds = [PollFd::new(&self.inotify, PollFlags::IN)];
        let changed = match poll(&mut fds, limit.as_ref()) {
            Ok(count) => count > 0,
            Err(Errno::INTR) => true,
            Err(error) => return Err(error.into()),
        };
        let mut events = [0; 4096];
        while changed && matches!(rustix::io::read(&self.inotify, &mut events), Ok(1..)) {}
        Ok(changed)
    }
}

/// Waits until `folder/name` is there or the folder is gone; `false`: the time has passed.
pub fn wait_for_file(folder: &Path, name: &str, limit: Option<Duration>) -> io::Result<bool> {
    let deadline = limit.map(|limit| Instant::now() + limit);
    let watch = Watch::folder(folder)?;
    loop {
        if folder.join(name).exists() || !folder.exists() {
            return Ok(true);
        }
        let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
        if left.is_some_and(|left| left.is_zero()) {
            return Ok(false);
        }
        watch.wait(left)?;
    }
}
