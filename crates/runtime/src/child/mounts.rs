//! The config's `mounts`, in order, by the descriptor-based mount API: a mount is made detached, then attached to a place that
//! was resolved inside the root. (config.md "Mounts")

use super::{cgroup_mount, copy, user::Identity};
use crate::Launch;
use crate::cgroup::Cgroups;
use crate::error::{Error, Tried};
use crate::mount_option::{self, Options};
use crate::sources;
use crate::sources::tried_on;
use oci::runtime::Mount;
use rustix::fs::{FileType, Mode, OFlags};
use rustix::io::Errno;
use rustix::mount::{FsMountFlags, FsOpenFlags, MountAttrFlags};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;
use sys::mount::{Change, Depth, Propagation, attribute};

/// What mounting needs to know.
pub(super) struct Setup<'a> {
    pub launch: &'a Launch<'a>,
    pub cgroups: &'a Cgroups,
    pub root: BorrowedFd<'a>,
    pub binds: &'a mut Vec<Option<OwnedFd>>,
    pub own_cgroup_namespace: bool,
}

/// Returns what [`seal`] makes read-only once everything is in its place: a read-only /dev gets its nodes and mounts first.
pub(super) fn all(setup: &mut Setup<'_>) -> Result<Vec<OwnedFd>, Error> {
    let launch = setup.launch;
    let mut sealed = Vec::new();
    for (index, mount) in launch.spec.mounts.iter().enumerate() {
        let options = mount_option::parse(&mount.options);
        let kind = mount.kind.as_deref().unwrap_or_default();
        match kind {
            _ if matches!(kind, "bind" | "overlay") || options.bind.is_some() => {
                sealed.extend(bind(setup, index, mount, &options)?)
            }
            "cgroup" | "cgroup2" => cgroup_mount::mount(setup, mount, &options)?,
            "" => return Err(Error::other(format!("the mount on `{}` has no type", mount.destination))),
            _ => sealed.extend(fresh(setup, kind, mount, &options)?),
        }
    }
    Ok(sealed)
}

/// Makes these mounts read-only.
pub(super) fn seal(mounts: &[OwnedFd]) -> Result<(), Error> {
    let read_only = Change { set: attribute::RDONLY, ..Change::default() };
    mounts.iter().try_for_each(|mount| {
        sys::mount::change(mount.as_fd(), read_only, Depth::One).tried(|| "make a mount read-only")
    })
}

/// A new file system of this kind, detached, without the read-only attribute (it may have to be filled first).
pub(super) fn make(
    kind: &str,
    source: Option<&str>,
    options: &Options,
    data: &[&str],
    what: &str,
) -> Result<OwnedFd, Error> {
    let context = rustix::mount::fsopen(kind, FsOpenFlags::FSOPEN_CLOEXEC).tried(|| what)?;
    let context = context.as_fd();
    let failed = |error| Error::of_mount(context, what.to_owned(), error);
    if let Some(source) = source.filter(|source| !source.is_empty()) {
        rustix::mount::fsconfig_set_string(context, "source", source).map_err(failed)?;
    }
    for word in data {
        match word.split_once('=') {
            Some((key, value)) => rustix::mount::fsconfig_set_string(context, key, value),
            None => rustix::mount::fsconfig_set_flag(context, *word),
        }
        .map_err(|error| Error::of_mount(context, format!("{what} with option `{word}`"), error))?;
    }
    rustix::mount::fsconfig_create(context).map_err(failed)?;
    let attributes = MountAttrFlags::from_bits_retain((options.attributes.set & !attribute::RDONLY) as u32);
    rustix::mount::fsmount(context, FsMountFlags::FSMOUNT_CLOEXEC, attributes).map_err(failed)
}

/// Returns the mount if it is to be sealed.
fn fresh(setup: &Setup<'_>, kind: &str, mount: &Mount, options: &Options) -> Result<Option<OwnedFd>, Error> {
    let what = tried_on(mount);
    let is_new = kind == "tmpfs" && is_missing(setup.root, &mount.destination);
    let target = match kind {
        // Through a link in the image /proc would land elsewhere and its masks with it (CVE-2025-52881 and its kin).
        "proc" | "sysfs" => plain_folder(setup.root, &mount.destination)?,
        _ => folder(setup.root, &mount.destination)?,
    };
    let mut data: Vec<&str> = options.data.iter().map(String::as_str).collect();
    let like_place = match kind {
        "tmpfs" if !is_new => attributes_of(&target, &data, options.copy_up)?,
        _ => Vec::new(),
    };
    data.extend(like_place.iter().map(String::as_str));
    let made = match make(kind, mount.source.as_deref(), options, &data, &what) {
        // gid=5 (tty) has no meaning in a user namespace that doesn't map it.
        Err(_) if kind == "devpts" && data.iter().any(|word| word.starts_with("gid=")) => {
            data.retain(|word| !word.starts_with("gid="));
            make(kind, mount.source.as_deref(), options, &data, &what)?
        }
        Err(error) if error.errno() == Some(libc::EPERM) => match copy_of_host(kind, &what)? {
            Some(copy) => copy,
            // Nothing to share where the host has none.
            None if kind == "mqueue" => return Ok(None),
            None => return Err(error),
        },
        other => other?,
    };
    if options.copy_up && kind == "tmpfs" {
        copy::up(&target, &made).tried(|| format!("copy the content of `{}` up", mount.destination))?;
    }
    let read_only = options.attributes.set & attribute::RDONLY != 0;
    if read_only && kind != "tmpfs" {
        seal(std::slice::from_ref(&made))?;
    }
    finish(&made, &target, options, &what)?;
    Ok((read_only && kind == "tmpfs").then_some(made))
}

/// A user namespace that doesn't own the network, process or IPC namespace can't have a file system of its own for it: then
/// it's the host's that it shares. The host's /sys stays read-only.
fn copy_of_host(kind: &str, what: &str) -> Result<Option<OwnedFd>, Error> {
    let (path, read_only) = match kind {
        "sysfs" => ("/sys", attribute::RDONLY),
        "proc" => ("/proc", 0),
        "mqueue" if Path::new("/dev/mqueue").exists() => ("/dev/mqueue", 0),
        _ => return Ok(None),
    };
    let host = rustix::fs::open(path, OFlags::PATH | OFlags::CLOEXEC, Mode::empty()).tried(|| what)?;
    let copy = sys::mount::detached_copy(&host, Depth::Tree).tried(|| what)?;
    let set = read_only | attribute::NOSUID | attribute::NODEV | attribute::NOEXEC;
    let change = Change { set, clear: 0, propagation: Some(Propagation::Private) };
    sys::mount::change(copy.as_fd(), change, Depth::Tree).tried(|| what)?;
    Ok(Some(copy))
}

/// Nothing is there yet that a mount would cover.
fn is_missing(root: BorrowedFd<'_>, path: &str) -> bool {
    sys::path::open(root, Path::new(path), OFlags::PATH, 0).is_err()
}

/// Mode, and with its content the owner, of the folder that a tmpfs covers: as options, unless they are given. (Over nothing
/// it has the kernel's default, which anybody may write to.)
fn attributes_of(place: &OwnedFd, given: &[&str], with_owner: bool) -> Result<Vec<String>, Error> {
    let stat = rustix::fs::fstat(place).tried(|| "look at the place of a tmpfs")?;
    let mut all = vec![format!("mode={:o}", stat.st_mode & 0o7777)];
    if with_owner {
        all.extend([format!("uid={}", stat.st_uid), format!("gid={}", stat.st_gid)]);
    }
    let key = |word: &str| word.split_once('=').map(|(key, _)| key.to_owned());
    Ok(all.into_iter().filter(|own| !given.iter().any(|word| key(word) == key(own))).collect())
}

pub(super) fn finish(mount: &OwnedFd, target: &OwnedFd, options: &Options, what: &str) -> Result<(), Error> {
    sys::mount::attach(mount, target).tried(|| what)?;
    if let Some((propagation, depth)) = options.propagation {
        let change = Change { propagation: Some(propagation), ..Change::default() };
        sys::mount::change(mount.as_fd(), change, depth).tried(|| format!("{what}: set the propagation"))?;
    }
    if !options.recursive_attributes.is_empty() {
        sys::mount::change(mount.as_fd(), options.recursive_attributes, Depth::Tree)
            .tried(|| format!("{what}: set recursive attributes"))?;
    }
    Ok(())
}

/// A place for a mount; folders are made where missing.
pub(super) fn folder(root: BorrowedFd<'_>, path: &str) -> Result<OwnedFd, Error> {
    sys::path::make_folder(root, Path::new(path), 0o755).tried(|| format!("make the mount point `{path}`"))
}

/// As [`folder`], but no component may be a symbolic link.
fn plain_folder(root: BorrowedFd<'_>, path: &str) -> Result<OwnedFd, Error> {
    folder(root, path)?;
    sys::path::open_without_links(root, Path::new(path), OFlags::PATH | OFlags::DIRECTORY, 0)
        .tried(|| format!("open `{path}`, which must not be a symbolic link"))
}

/// Returns the mount if it is to be sealed: its files are given to the container's user before.
fn bind(setup: &mut Setup<'_>, index: usize, mount: &Mount, options: &Options) -> Result<Option<OwnedFd>, Error> {
    let what = tried_on(mount);
    let copy = match setup.binds[index].take() {
        Some(prepared) => prepared,
        None => sources::open_one(setup.launch, mount, options)?,
    };
    if sources::is_link(&copy)? {
        return link(setup.root, mount, &copy).map(|()| None);
    }
    let stat = rustix::fs::fstat(&copy).tried(|| what.as_str())?;
    let target = match FileType::from_raw_mode(stat.st_mode) {
        FileType::Directory => {
            let target = folder(setup.root, &mount.destination)?;
            if setup.launch.copy_up.contains(&mount.destination) {
                let what = || format!("fill the volume on `{}`", mount.destination);
                copy::up(&target, &copy).tried(what)?;
                copy::like(&target, &copy).tried(what)?;
            }
            target
        }
        _ => file(setup, mount)?,
    };
    let mut change = options.attributes;
    let sealed_later = change.set & attribute::RDONLY != 0 && setup.launch.chown.contains(&mount.destination);
    if sealed_later {
        change.set &= !attribute::RDONLY;
    }
    // Nothing said: what happens to the host's mounts stays out.
    let spread = if options.propagation.is_none() { Some(Propagation::Private) } else { None };
    if let Some(propagation) = spread {
        let private = Change { propagation: Some(propagation), ..Change::default() };
        sys::mount::change(copy.as_fd(), private, Depth::Tree).tried(|| what.as_str())?;
    }
    // `rw` and its like only say that nothing is to be set; clearing may be forbidden (locked flags of a user namespace).
    if change.set == 0
        && change.clear & !(attribute::RDONLY | attribute::NODEV | attribute::NOSUID | attribute::NOEXEC) == 0
    {
        change = Change::default();
    }
    if !change.is_empty() {
        set_attributes(copy.as_fd(), change).tried(|| format!("{what}: set attributes"))?;
    }
    finish(&copy, &target, options, &what)?;
    Ok(sealed_later.then_some(copy))
}

/// A place for a file, which is made where missing.
fn file(setup: &Setup<'_>, mount: &Mount) -> Result<OwnedFd, Error> {
    let mut place = Path::new(&mount.destination).to_owned();
    if let Some(name) = setup.launch.names_in_folders.get(&mount.destination)
        && sys::path::open(setup.root, &place, OFlags::PATH | OFlags::DIRECTORY, 0).is_ok()
    {
        place.push(name);
    }
    sys::path::make_file(setup.root, &place, 0o644).tried(|| format!("make the mount point `{}`", place.display()))
}

/// `copy-symlink`: a link with the same target.
fn link(root: BorrowedFd<'_>, mount: &Mount, source: &OwnedFd) -> Result<(), Error> {
    let what = || format!("copy the symbolic link to `{}`", mount.destination);
    let target = rustix::fs::readlinkat(source, c"", Vec::new()).tried(what)?;
    let (folder, name) = sys::path::make_parent(root, Path::new(&mount.destination)).tried(what)?;
    match rustix::fs::symlinkat(&target, &folder, name) {
        Err(Errno::EXIST) if rustix::fs::readlinkat(&folder, name, Vec::new()).is_ok_and(|own| own == target) => Ok(()),
        Err(Errno::EXIST) => Err(Error::other(format!("{}: something else is there", what()))),
        other => other.tried(what),
    }
}

/// Tries to set and clear; a user namespace may not clear what is locked, then only sets.
pub(super) fn set_attributes(mount: BorrowedFd<'_>, change: Change) -> std::io::Result<()> {
    match sys::mount::change(mount, change, Depth::One) {
        Err(error) if error.raw_os_error() == Some(libc::EPERM) && change.clear != 0 => {
            let only_set = Change { clear: 0, set: change.set & !attribute::ATIME, ..change };
            sys::mount::change(mount, only_set, Depth::One)
        }
        other => other,
    }
}

/// `:U`: everything in these mounts belongs to the container's user from now on.
pub(super) fn chown(launch: &Launch<'_>, root: BorrowedFd<'_>, identity: &Identity) -> Result<(), Error> {
    for path in &launch.chown {
        copy::chown_tree(root, Path::new(path), identity.uid, identity.gid)
            .tried(|| format!("give `{path}` to {}:{}", identity.uid, identity.gid))?;
    }
    Ok(())
}
