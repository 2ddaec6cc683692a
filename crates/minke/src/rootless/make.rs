//! Makes the namespace: this process leaves its own, a helper outside writes the maps.

use super::find;
use super::keep::Keeping;
use super::ranges::Ranges;
use std::io::{self, Read, Write};
use std::os::fd::OwnedFd;
use sys::id_map::{Setgroups, write, write_with_helpers};
use sys::namespace::{Namespaces, unshare};
use sys::process::{Fork, exit_now, fork};

/// Moves this process into a new user namespace with those maps. Where that isn't possible the user's own id alone is mapped,
/// and the reason comes back; otherwise the namespace is kept for later commands.
pub fn namespace(wanted: &Ranges, keeping: &Keeping<'_>) -> Result<Option<String>, String> {
    let complaint = if wanted.subordinate() {
        with_helpers(wanted, keeping)?
    } else {
        leave(keeping)?;
        let user = &wanted.user;
        Some(format!("/etc/subuid and /etc/subgid give {user} no ids"))
    };
    if complaint.is_some() {
        // Already in the new namespace, whose maps are still empty.
        own_maps(wanted)?;
    }
    Ok(complaint)
}

/// This process is the first in the new namespace.
fn leave(keeping: &Keeping<'_>) -> Result<(), String> {
    unshare(Namespaces::USER).map_err(no_namespaces)?;
    let own = rustix::process::getpid().as_raw_nonzero().get();
    find::record(keeping.folder, own, own);
    Ok(())
}

fn own_maps(wanted: &Ranges) -> Result<(), String> {
    let own = wanted.single();
    let pid = rustix::process::getpid().as_raw_nonzero().get();
    write(pid, &own.uids, &own.gids, Setgroups::Deny).map_err(|error| format!("map the user's own id: {error}"))
}

/// newuidmap must be run by a process that stays outside: a child forked before. Returns its complaint, if it has one.
fn with_helpers(wanted: &Ranges, keeping: &Keeping<'_>) -> Result<Option<String>, String> {
    let pipe = || rustix::pipe::pipe_with(rustix::pipe::PipeFlags::CLOEXEC);
    let failed = |error: rustix::io::Errno| format!("make a pipe: {error}");
    let (go_read, go_write) = pipe().map_err(failed)?;
    let (done_read, done_write) = pipe().map_err(failed)?;
    let parent = rustix::process::getpid().as_raw_nonzero().get();
    match fork().map_err(|error| format!("fork: {error}"))? {
        Fork::Child => {
            drop((go_write, done_read));
            help((parent, wanted, keeping), go_read, done_write)
        }
        Fork::Parent(child) => {
            drop((go_read, done_write));
            let moved = leave(keeping);
            // Without a word the child ends by itself: its end of the pipe closes.
            let complaint =
                moved.and_then(|()| talk(go_write, done_read).map_err(|e| format!("wait for newuidmap: {e}")));
            let child = rustix::process::Pid::from_raw(child);
            let _ = rustix::process::waitpid(child, rustix::process::WaitOptions::empty());
            let complaint = complaint?;
            Ok((!complaint.is_empty()).then_some(complaint))
        }
    }
}

/// Tells the child that the namespace is there, and reads until it closes: nothing means success.
fn talk(go: OwnedFd, done: OwnedFd) -> io::Result<String> {
    std::fs::File::from(go).write_all(b"!")?;
    let mut complaint = String::new();
    std::fs::File::from(done).read_to_string(&mut complaint)?;
    Ok(complaint)
}

/// The child outside. The namespace with all its ids is worth keeping; a poor one isn't, as its user may be about to cure it.
fn help((parent, wanted, keeping): (i32, &Ranges, &Keeping<'_>), go: OwnedFd, done: OwnedFd) -> ! {
    let mut byte = [0];
    if std::fs::File::from(go).read(&mut byte).is_ok_and(|n| n == 1) {
        match write_with_helpers(parent, &wanted.uids, &wanted.gids) {
            Ok(()) => keeping.start(parent),
            Err(error) => drop(std::fs::File::from(done).write_all(error.to_string().as_bytes())),
        }
    }
    exit_now(0)
}

fn no_namespaces(error: io::Error) -> String {
    let cure = match std::fs::read_to_string("/proc/sys/kernel/unprivileged_userns_clone").as_deref() {
        Ok("0\n") => "allow them with: sysctl kernel.unprivileged_userns_clone=1",
        _ => {
            "look at the limits in /proc/sys/user/max_user_namespaces and /proc/sys/kernel/apparmor_restrict_unprivileged_userns"
        }
    };
    format!("make a user namespace: {error}; ordinary users need one: {cure}")
}
