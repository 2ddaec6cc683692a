//! The parent's part of user namespaces: id maps, and mounts that only somebody with rights over the host's file systems can
//! prepare (idmapped layers and bind mounts).

use crate::error::{Error, Tried};
use crate::namespaces::Plan;
use crate::{Launch, Overlay, Root, mount_option, overlay, sources};
use oci::runtime::{IdMapping, Mount, Spec};
use rustix::fs::{Mode, OFlags};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;
use sys::id_map::{IdRange, Setgroups};
use sys::mount::{Change, Depth, Propagation};
use sys::namespace::Namespaces;

/// Whether the child has to wait for its parent.
pub(crate) fn is_needed(launch: &Launch<'_>, plan: &Plan) -> bool {
    plan.changes_users() || !mounts_of(launch.spec).is_empty()
}

/// Whether the parent mounts the overlay: with shifted owners, or because nobody in the new user namespace is who owns the
/// overlay's folders (an ordinary user's `--userns=auto`).
pub(crate) fn has_overlay(launch: &Launch<'_>) -> bool {
    matches!(&launch.root, Root::Overlay(overlay) if overlay.idmap || is_stranger(launch.spec))
}

/// Rights over a folder need both of its ids in the namespace (capable_wrt_inode_uidgid).
fn is_stranger(spec: &Spec) -> bool {
    let Some(linux) = &spec.linux else { return false };
    let lacks = |maps: &[IdMapping], own: u32| !maps.is_empty() && inside(maps, own).is_none();
    lacks(&linux.uid_mappings, rustix::process::geteuid().as_raw())
        || lacks(&linux.gid_mappings, rustix::process::getegid().as_raw())
}

/// The container's id for one of the host.
fn inside(mappings: &[IdMapping], id: u32) -> Option<u32> {
    let holds = |map: &&IdMapping| id >= map.host_id && id - map.host_id < map.size;
    mappings.iter().find(holds).map(|map| map.container_id + (id - map.host_id))
}

/// Indexes of idmapped bind mounts. Those that follow the container's own maps are as they are when it has none.
pub(crate) fn mounts_of(spec: &Spec) -> Vec<usize> {
    let mapped = spec.linux.as_ref().is_some_and(|linux| linux.namespaces.iter().any(|wish| wish.kind == "user"));
    let wanted = |mount: &Mount| {
        let follows = || mount.options.iter().any(|word| matches!(word.as_str(), "idmap" | "ridmap"));
        !mount.uid_mappings.is_empty() || (mapped && follows())
    };
    (0..spec.mounts.len()).filter(|&index| wanted(&spec.mounts[index])).collect()
}

fn ranges(mappings: &[IdMapping]) -> Vec<IdRange> {
    let range = |map: &IdMapping| IdRange { inside: map.container_id, outside: map.host_id, count: map.size };
    mappings.iter().map(range).collect()
}

/// Writes the maps of the child's new user namespace.
pub(crate) fn write(pid: i32, spec: &Spec) -> Result<(), Error> {
    let linux = spec.linux.as_ref().ok_or_else(|| Error::other("a new user namespace needs id mappings"))?;
    let (uids, gids) = (ranges(&linux.uid_mappings), ranges(&linux.gid_mappings));
    if uids.is_empty() || gids.is_empty() {
        return Err(Error::other("a new user namespace needs id mappings for users and groups"));
    }
    let single = |ranges: &[IdRange], own: u32| matches!(ranges, [one] if one.count == 1 && one.outside == own);
    let own = (rustix::process::geteuid().as_raw(), rustix::process::getegid().as_raw());
    let alone = own.0 != 0 && single(&uids, own.0) && single(&gids, own.1);
    let setgroups = if alone { Setgroups::Deny } else { Setgroups::Allow };
    match sys::id_map::write(pid, &uids, &gids, setgroups) {
        Err(error) if error.raw_os_error() == Some(libc::EPERM) && !alone => {
            sys::id_map::write_with_helpers(pid, &uids, &gids)
        }
        other => other,
    }
    .tried(|| "write the id mappings of the new user namespace")
}

/// The mounts that go to the child with the news that its maps are written: the overlay first, then the bind mounts in order.
pub(crate) fn prepare(launch: &Launch<'_>, userns: BorrowedFd<'_>) -> Result<Vec<OwnedFd>, Error> {
    let mut mounts = Vec::new();
    if let (Root::Overlay(overlay), true) = (&launch.root, has_overlay(launch)) {
        mounts.push(match overlay.idmap {
            true => shifted_overlay(overlay, launch.spec, userns)?,
            false => overlay::mount(overlay)?,
        });
    }
    for index in mounts_of(launch.spec) {
        mounts.push(shifted_bind(launch, &launch.spec.mounts[index], userns)?);
    }
    Ok(mounts)
}

/// An overlay whose read-only layers are shifted copies of the folders; made here, where `trusted.overlay` attributes can be
/// read. The upper folder isn't shifted (the kernel could not make files in it for us): it holds the ids of the host.
///
/// Before Linux 6.15 layers must be attached somewhere, so a process with a mount namespace of its own puts each shifted layer
/// over itself, mounts the overlay and is gone.
fn shifted_overlay(overlay: &Overlay, spec: &Spec, userns: BorrowedFd<'_>) -> Result<OwnedFd, Error> {
    own_upper(overlay, spec)?;
    sources::made_elsewhere("clone for shifting layers", Namespaces::MOUNT, || mount_over(overlay, userns))
}

fn mount_over(overlay: &Overlay, userns: BorrowedFd<'_>) -> Result<OwnedFd, Error> {
    sources::cut_off(Propagation::Slave)?;
    for layer in &overlay.lower {
        let what = || format!("cover `{}`", layer.display());
        let copy = shifted(layer, Depth::One, userns)?;
        let place = rustix::fs::open(layer, OFlags::PATH | OFlags::CLOEXEC, Mode::empty()).tried(what)?;
        sys::mount::attach(&copy, &place).tried(what)?;
    }
    overlay::mount(overlay)
}

/// The upper folder is what the container sees as `/`: it gets the owner of the image's root, in the ids of the host.
fn own_upper(overlay: &Overlay, spec: &Spec) -> Result<(), Error> {
    use std::os::unix::fs::MetadataExt;
    let what = || format!("give `{}` to the container", overlay.upper.display());
    let Some((linux, lower)) = spec.linux.as_ref().zip(overlay.lower.first()) else { return Ok(()) };
    let (upper, image) = (overlay.upper.metadata().tried(what)?, lower.metadata().tried(what)?);
    let owner = (outside(&linux.uid_mappings, image.uid()), outside(&linux.gid_mappings, image.gid()));
    let (Some(uid), Some(gid)) = owner else { return Ok(()) };
    // Done before, or changed from inside.
    if upper.uid() != image.uid() || (upper.uid(), upper.gid()) == (uid, gid) {
        return Ok(());
    }
    std::os::unix::fs::chown(&overlay.upper, Some(uid), Some(gid)).tried(what)
}

/// The host's id for one of the container.
fn outside(mappings: &[IdMapping], id: u32) -> Option<u32> {
    let holds = |map: &&IdMapping| id >= map.container_id && id - map.container_id < map.size;
    mappings.iter().find(holds).map(|map| map.host_id + (id - map.container_id))
}

fn shifted(path: &Path, depth: Depth, userns: BorrowedFd<'_>) -> Result<OwnedFd, Error> {
    let what = || format!("shift the owners of `{}`", path.display());
    let source = rustix::fs::open(path, OFlags::PATH | OFlags::CLOEXEC, Mode::empty()).tried(what)?;
    shifted_copy(&source, what, depth, userns)
}

fn shifted_copy(
    source: &OwnedFd,
    what: impl Fn() -> String + Copy,
    depth: Depth,
    userns: BorrowedFd<'_>,
) -> Result<OwnedFd, Error> {
    let copy = sys::mount::detached_copy(source, depth).tried(what)?;
    let private = Change { propagation: Some(Propagation::Private), ..Change::default() };
    sys::mount::change(copy.as_fd(), private, depth).tried(what)?;
    sys::mount::set_id_map(copy.as_fd(), userns, depth).tried(what)?;
    Ok(copy)
}

fn shifted_bind(launch: &Launch<'_>, mount: &Mount, container: BorrowedFd<'_>) -> Result<OwnedFd, Error> {
    let options = mount_option::parse(&mount.options);
    let depth = options.id_map.unwrap_or(Depth::One);
    let source = sources::open_source(launch, mount)?;
    let what = || format!("shift the owners of `{}`", mount.source.as_deref().unwrap_or_default());
    if mount.uid_mappings.is_empty() {
        return shifted_copy(&source, what, depth, container);
    }
    let own = user_namespace(&ranges(&mount.uid_mappings), &ranges(&mount.gid_mappings))?;
    shifted_copy(&source, what, depth, own.as_fd())
}

/// A user namespace that exists only as a descriptor: the process that made it is gone.
fn user_namespace(uids: &[IdRange], gids: &[IdRange]) -> Result<OwnedFd, Error> {
    let what = || "make a user namespace for an idmapped mount";
    let wish = sys::process::Clone3 { namespaces: Namespaces::USER, ..Default::default() };
    match sys::process::clone3(wish).tried(what)? {
        sys::process::Cloned::Child => loop {
            // Ended by the parent.
            rustix::event::pause();
        },
        sys::process::Cloned::Parent { pid, pidfd } => {
            let written = sys::id_map::write(pid, uids, gids, Setgroups::Allow);
            let opened = written.and_then(|()| sys::namespace::open(format!("/proc/{pid}/ns/user")));
            let _ = sys::pidfd::send_signal(pidfd.as_fd(), libc::SIGKILL);
            let _ = sys::pidfd::wait(pidfd.as_fd());
            opened.tried(what)
        }
    }
}
