//! Making a network namespace, and working in another one for a moment.

use crate::Error;
use crate::pasta::Routes;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use sys::namespace::{self, Namespaces};

/// The thread's, not the process's.
const OWN: &str = "/proc/thread-self/ns/net";

/// Runs `work` inside the namespace and returns what it made; a socket opened there stays there.
///
/// A thread that may enter its own namespace may come back to it, so then two setns(2) are enough. Otherwise (an ordinary user's,
/// whose own network namespace belongs to the machine) a thread goes and doesn't return.
pub fn visit<T: Send>(netns: BorrowedFd<'_>, work: impl FnOnce() -> Result<T, Error> + Send) -> Result<T, Error> {
    let own = namespace::open(OWN).map_err(Error::io(format!("cannot open `{OWN}`")))?;
    match enter(own.as_fd()) {
        Ok(()) => namespace::within_network(netns, work).map_err(Error::io("cannot enter the network namespace"))?,
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

fn enter(netns: BorrowedFd<'_>) -> Result<(), Error> {
    namespace::join(netns, Namespaces::NET).map_err(Error::io("cannot enter the network namespace"))
}

/// Makes a namespace with `lo` up, without entering it; also hears of its routes, where that is possible.
///
/// # Errors
/// When the kernel refuses it.
pub fn new_namespace() -> Result<(OwnedFd, Option<Routes>), Error> {
    let what = "cannot make a network namespace";
    let make = || {
        namespace::unshare(Namespaces::NET)?;
        sys::interface::bring_loopback_up()?;
        Ok((namespace::open(OWN)?, Routes::watch().ok()))
    };
    // A thread's: an ordinary user couldn't come back from it.
    let thread =
        std::thread::Builder::new().stack_size(128 * 1024).spawn(make).map_err(Error::io("cannot start a thread"))?;
    let made = thread.join().unwrap_or_else(|_| Err(std::io::Error::other("the thread panicked")));
    made.map_err(Error::io(what))
}
