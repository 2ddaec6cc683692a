//! What the parent opens for the child's mounts: bind sources that the child may not be able to reach, parts of volumes, and
//! overlays (`:O` volumes, images). The child takes them by its copy of our descriptor table.

use crate::error::{Error, Tried};
use crate::mount_option::{self, Options};
use crate::namespaces::Plan;
use crate::{Launch, Overlay, overlay};
use oci::runtime::Mount;
use rustix::fs::{FileType, Mode, OFlags};
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};
use sys::mount::{Change, Depth, Propagation};
use sys::namespace::Namespaces;

/// Detached mounts (or a symbolic link that is to be copied) by index into `spec.mounts`.
pub(crate) fn open(launch: &Launch<'_>, plan: &Plan) -> Result<Vec<Option<OwnedFd>>, Error> {
    let mut opened: Vec<Option<OwnedFd>> = launch.spec.mounts.iter().map(|_| None).collect();
    for (index, mount) in launch.spec.mounts.iter().enumerate() {
        let options = mount_option::parse(&mount.options);
        let depth = options.bind.unwrap_or(Depth::Tree);
        let is_part = launch.sub_paths.contains_key(&mount.destination);
        let made = match elsewhere(mount) {
            _ if mount.kind.as_deref() == Some("overlay") => mount_overlay(launch, mount, &options)?,
            _ if mount.kind.as_deref() != Some("bind") && options.bind.is_none() => continue,
            Some((pid, path)) => copy_of_other(pid, path, depth, &mount.destination)?,
            None if is_part || plan.changes_users() => match open_one(launch, mount, &options) {
                // An ordinary user has no mounts to copy before there is a namespace of his own: the child does it.
                Err(error) if error.errno() == Some(libc::EPERM) => continue,
                other => other?,
            },
            None => continue,
        };
        if !is_link(&made)? {
            // Here, where it is allowed: the child's namespace must not get a peer of the host's mount.
            let slave = Change { propagation: Some(Propagation::Slave), ..Change::default() };
            sys::mount::change(made.as_fd(), slave, Depth::Tree)
                .tried(|| format!("bind for `{}`", mount.destination))?;
        }
        opened[index] = Some(made);
    }
    Ok(opened)
}

/// A detached copy of the host's file or folder; with `copy-symlink` a link itself.
pub(crate) fn open_one(launch: &Launch<'_>, mount: &Mount, options: &Options) -> Result<OwnedFd, Error> {
    let source = open_source(launch, mount)?;
    if options.copy_symlink && is_link(&source)? {
        return Ok(source);
    }
    sys::mount::detached_copy(&source, options.bind.unwrap_or(Depth::Tree)).tried(|| tried_on(mount))
}

/// The source of a bind mount: of a part of it what is below, as if the whole were the root.
pub(crate) fn open_source(launch: &Launch<'_>, mount: &Mount) -> Result<OwnedFd, Error> {
    let path = mount.source.as_deref().unwrap_or_default();
    let follow = match mount_option::parse(&mount.options).copy_symlink {
        true => OFlags::NOFOLLOW,
        false => OFlags::empty(),
    };
    let source = rustix::fs::open(path, OFlags::PATH | OFlags::CLOEXEC | follow, Mode::empty())
        .tried(|| format!("{}: open the source", tried_on(mount)))?;
    match launch.sub_paths.get(&mount.destination) {
        Some(part) => sys::path::open(&source, Path::new(part), OFlags::PATH, 0)
            .tried(|| format!("{}: find `{part}` in it", tried_on(mount))),
        None => Ok(source),
    }
}

/// For messages.
pub(crate) fn tried_on(mount: &Mount) -> String {
    let kind = mount.kind.as_deref().filter(|kind| !kind.is_empty()).unwrap_or("bind");
    match mount.source.as_deref() {
        Some(source) if kind == "bind" => format!("mount `{source}` on `{}`", mount.destination),
        _ => format!("mount {kind} on `{}`", mount.destination),
    }
}

pub(crate) fn is_link(file: &OwnedFd) -> Result<bool, Error> {
    let stat = rustix::fs::fstat(file).tried(|| "look at the source of a mount")?;
    Ok(FileType::from_raw_mode(stat.st_mode) == FileType::Symlink)
}

/// A mount of type overlay, made here, where its folders can be reached.
fn mount_overlay(launch: &Launch<'_>, mount: &Mount, options: &Options) -> Result<OwnedFd, Error> {
    let made = overlay::mount(&overlay_of(mount, options))?;
    let Some(part) = launch.sub_paths.get(&mount.destination) else { return Ok(made) };
    // Copies of parts can be made of attached mounts only (before Linux 6.15).
    made_elsewhere("clone for a part of an overlay", Namespaces::MOUNT, || {
        cut_off(Propagation::Slave)?;
        let what = || format!("{}: find `{part}` in it", tried_on(mount));
        let place = rustix::fs::open("/", OFlags::PATH | OFlags::CLOEXEC, Mode::empty()).tried(what)?;
        sys::mount::attach(&made, &place).tried(what)?;
        let found = sys::path::open(&made, Path::new(part), OFlags::PATH, 0).tried(what)?;
        sys::mount::detached_copy(&found, Depth::One).tried(what)
    })
}

fn overlay_of(mount: &Mount, options: &Options) -> Overlay {
    let values = |key: &str| -> Vec<PathBuf> {
        options.data.iter().filter_map(|word| word.strip_prefix(key)).map(PathBuf::from).collect()
    };
    let value = |key: &str| values(key).pop().unwrap_or_default();
    let has = |flag: &str| options.data.iter().any(|word| word == flag);
    Overlay {
        lower: values("lowerdir+="),
        upper: value("upperdir="),
        work: value("workdir="),
        merged: PathBuf::from(&mount.destination),
        userxattr: has("userxattr"),
        volatile: has("volatile"),
        idmap: false,
    }
}

/// `/proc/PID/root/PATH`: the process that sees the source, and where.
fn elsewhere(mount: &Mount) -> Option<(&str, &Path)> {
    let (pid, path) = mount.source.as_deref()?.strip_prefix("/proc/")?.split_once("/root/")?;
    let is_number = !pid.is_empty() && pid.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then_some((pid, Path::new(path)))
}

/// Mounts can be copied in their own mount namespace only.
fn copy_of_other(pid: &str, path: &Path, depth: Depth, destination: &str) -> Result<OwnedFd, Error> {
    let copy = || -> std::io::Result<OwnedFd> {
        sys::namespace::join(sys::namespace::open(format!("/proc/{pid}/ns/mnt"))?.as_fd(), Namespaces::MOUNT)?;
        let root = rustix::fs::open("/", OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
        sys::mount::detached_copy(&sys::path::open(&root, path, OFlags::PATH, 0)?, depth)
    };
    let what = || format!("share `/{}` of process {pid} as `{destination}`", path.display());
    made_elsewhere("clone for sharing a mount", Namespaces::default(), || copy().tried(what))
}

/// A mount that a process of its own makes, which is gone then: in these new namespaces, or in those it joins.
pub(crate) fn made_elsewhere(
    what: &str,
    namespaces: Namespaces,
    make: impl FnOnce() -> Result<OwnedFd, Error>,
) -> Result<OwnedFd, Error> {
    let (ours, theirs) = sys::fd_passing::pair().tried(|| what)?;
    let wish = sys::process::Clone3 { namespaces, ..Default::default() };
    match sys::process::clone3(wish).tried(|| what)? {
        sys::process::Cloned::Child => {
            let _ = match make() {
                Ok(mount) => sys::fd_passing::send(&theirs, b"M", &[mount.as_fd()]),
                Err(error) => sys::fd_passing::send(&theirs, &error.to_wire(), &[]),
            };
            sys::process::exit_now(0)
        }
        sys::process::Cloned::Parent { pidfd, .. } => {
            drop(theirs);
            let message = sys::fd_passing::receive(&ours, 4096).tried(|| what);
            let _ = sys::pidfd::wait(pidfd.as_fd());
            let message = message?;
            message.fds.into_iter().next().ok_or_else(|| Error::from_wire(&message.bytes))
        }
    }
}

/// In a new mount namespace: what is mounted stays there.
pub(crate) fn cut_off(propagation: Propagation) -> Result<(), Error> {
    let change = Change { propagation: Some(propagation), ..Change::default() };
    sys::mount::change_at(c"/", change, Depth::Tree).map_err(|error| {
        let what = "cut the mounts off from the host's";
        match error.raw_os_error() {
            Some(libc::EINVAL) => Error::io(
                format!("{what} (`/` is no mount point, as in a chroot: `mount --bind DIR DIR` before `chroot DIR` makes it one)"),
                error,
            ),
            _ => Error::io(what, error),
        }
    })
}
