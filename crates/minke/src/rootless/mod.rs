//! The user namespace of an ordinary user: all processes and containers of one user and run folder share it.
//!
//! The first command makes it; it lives as long as any process in it (one is there for that alone, for a while), and later
//! commands find it by the file `<runroot>/minke/userns/current` (pid and inode number of the namespace). See
//! user_namespaces(7), subuid(5).

mod find;
mod keep;
mod make;
mod ranges;

use keep::Keeping;
use rustix::fs::{FlockOperation, Mode, OFlags};
use rustix::process::DumpableBehavior;
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;
use sys::namespace::{Namespaces, join, unshare};

/// Enters the namespace, making it if there is none alive. Returns whether only one id is mapped.
///
/// The caller must be single-threaded. An error is one line, with what to do where that is known.
pub fn enter(uid: u32, gid: u32, run_root: &Path) -> Result<bool, String> {
    let run = run_root.join("minke");
    let folder = run.join("userns");
    // The outer one first: what is in another's folder could change at any moment.
    make_private(&run)?;
    make_private(&folder)?;
    let lock = rustix::fs::open(
        folder.join("lock"),
        OFlags::CREATE | OFlags::RDWR | OFlags::CLOEXEC,
        Mode::from_raw_mode(0o600),
    )
    .map_err(|error| format!("open `{}`: {error}", folder.join("lock").display()))?;
    // Two first commands at once must not make two namespaces.
    rustix::fs::flock(&lock, FlockOperation::LockExclusive)
        .map_err(|error| format!("lock `{}`: {error}", folder.display()))?;
    let wanted = ranges::of(uid, gid);
    let (users, may_live) = join_users(&folder, run_root)?;
    let found = if may_live { find::alive(&folder, &wanted) } else { None };
    let joined = found.is_some_and(|namespace| join(namespace.as_fd(), Namespaces::USER).is_ok());
    let mut why = None;
    if !joined {
        why = make::namespace(&wanted, &Keeping { folder: &folder, users: users.as_fd() })?;
    }
    // Held until this process ends.
    std::mem::forget(users);
    // The user's groups stay: a container may be told to keep them (`--group-add keep-groups`), others get their own.
    sys::credential::become_root(true).map_err(|error| format!("become root of the user namespace: {error}"))?;
    // open_tree(2) of a volume asks for rights over the mount namespace this process is in. (What the host mounts and unmounts
    // later still arrives: the kernel makes the copy a slave.)
    unshare(Namespaces::MOUNT).map_err(|error| format!("make a mount namespace: {error}"))?;
    // Changing ids made this process's /proc files root's; later commands of this user must be able to join its namespace.
    rustix::process::set_dumpable_behavior(DumpableBehavior::Dumpable)
        .map_err(|error| format!("make this process visible to its user: {error}"))?;
    let single = has_single_id()?;
    if single {
        warn_single(&wanted.user, why.as_deref().unwrap_or("running containers of this user have one id"));
    }
    Ok(single)
}

/// Whether this process's user namespace has one id only.
pub fn has_single_id() -> Result<bool, String> {
    let map = sys::id_map::read("/proc/self/uid_map").map_err(|error| format!("read /proc/self/uid_map: {error}"))?;
    Ok(map.iter().map(|range| u64::from(range.count)).sum::<u64>() <= 1)
}

/// Joins those that may be in the namespace: commands and the keeper, which hold a shared lock for their lives. Also: whether there
/// are others of them, or containers; that spares a look at all processes of the machine.
fn join_users(folder: &Path, run_root: &Path) -> Result<(OwnedFd, bool), String> {
    let path = folder.join("users");
    let failed = |error: rustix::io::Errno| format!("lock `{}`: {error}", path.display());
    let flags = OFlags::CREATE | OFlags::RDWR | OFlags::CLOEXEC;
    let users = rustix::fs::open(&path, flags, Mode::from_raw_mode(0o600)).map_err(failed)?;
    let alone = rustix::fs::flock(&users, FlockOperation::NonBlockingLockExclusive).is_ok();
    rustix::fs::flock(&users, FlockOperation::LockShared).map_err(failed)?;
    let containers = std::fs::read_dir(run_root.join("minke/containers"));
    let may_live = !alone || containers.is_ok_and(|mut entries| entries.next().is_some());
    Ok((users, may_live))
}

fn warn_single(user: &str, why: &str) {
    log::warn!(
        "only one user id is available inside containers: {why}. Files of other users in images lose their owners, and \
         processes can't change their user. To have more: usermod --add-subuids 100000-165535 --add-subgids \
         100000-165535 {user}, and install newuidmap (Debian: uidmap)"
    );
}

fn make_private(folder: &Path) -> Result<(), String> {
    sys::private_folder::make(folder).map_err(|error| {
        format!(
            "make folder `{}`: {error} (--runroot or XDG_RUNTIME_DIR can name a folder of your own)",
            folder.display()
        )
    })
}
