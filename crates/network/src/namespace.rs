//! Opening a netlink socket in another network namespace.

use crate::Error;
use rustix::fs::{Mode, OFlags, open};
use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

/// Runs `work` inside the namespace and returns what it made; a socket opened there stays there.
///
/// A thread that may enter its own namespace may come back to it, so then two setns(2) are enough. Otherwise (an ordinary user's,
/// whose own network namespace belongs to the machine) a thread goes and doesn't return.
pub fn visit<T: Send>(netns: BorrowedFd<'_>, work: impl FnOnce() -> Result<T, Error> + Send) -> Result<T, Error> {
    let own = own_namespace()?;
    match enter(own.as_fd()) {
        Ok(()) => {
            enter(netns)?;
            let result = work();
            enter(own.as_fd())?;
            result
        }
        Err(_) => visit_by_thread(netns, work),
    }
}

fn visit_by_thread<T: Send>(netns: BorrowedFd<'_>, work: impl FnOnce() -> Result<T, Error> + Send) -> Result<T, Error> {
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(128 * 1024);
        let spawned = thread.spawn_scoped(scope, || {
            enter(netns)?;
            work()
        });
        let spawned = spawned.map_err(Error::io("cannot start a thread"))?;
        spawned.join().unwrap_or_else(|_| {
            Err(Error::io("cannot work in the network namespace")(std::io::Error::other("the thread panicked")))
        })
    })
}

fn own_namespace() -> Result<OwnedFd, Error> {
    let path = "/proc/thread-self/ns/net";
    open(path, OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty())
        .map_err(|e| Error::io(format!("cannot open `{path}`"))(e.into()))
}

fn enter(netns: BorrowedFd<'_>) -> Result<(), Error> {
    move_into_link_name_space(netns, Some(LinkNameSpaceType::Network))
        .map_err(|e| Error::io("cannot enter the network namespace")(e.into()))
}
