//! /dev: the nodes and links that every container has and those of the config (config-linux.md "Devices").

use crate::error::{Error, Tried};
use oci::runtime::{Device, Spec};
use rustix::fs::{AtFlags, FileType, Mode, OFlags};
use rustix::io::Errno;
use rustix::process::{Gid, Uid};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;
use sys::mount::{Change, Depth, Propagation};

/// Name, major, minor.
const DEFAULT: [(&str, u32, u32); 6] =
    [("null", 1, 3), ("zero", 1, 5), ("full", 1, 7), ("random", 1, 8), ("urandom", 1, 9), ("tty", 5, 0)];

const LINKS: [(&str, &str); 6] = [
    ("fd", "/proc/self/fd"),
    ("stdin", "/proc/self/fd/0"),
    ("stdout", "/proc/self/fd/1"),
    ("stderr", "/proc/self/fd/2"),
    ("core", "/proc/kcore"),
    ("ptmx", "pts/ptmx"),
];

pub(super) fn all(spec: &Spec, root: BorrowedFd<'_>) -> Result<(), Error> {
    // A /dev of the host's is complete, and not ours to change.
    let dev = spec.mounts.iter().rfind(|mount| mount.destination == "/dev");
    let foreign = dev.is_some_and(|mount| {
        mount.kind.as_deref() == Some("bind")
            || mount.options.iter().any(|option| option == "bind" || option == "rbind")
    });
    if !foreign {
        make_default(root)?;
    }
    // `/dev/ptmx` is always the link to the container's own terminals: the host's would open the host's (as runc does).
    let devices = spec.linux.iter().flat_map(|linux| &linux.devices);
    for device in devices.filter(|device| device.path != "/dev/ptmx") {
        make_one(root, device)?;
    }
    Ok(())
}

fn make_default(root: BorrowedFd<'_>) -> Result<(), Error> {
    let dev = sys::path::make_folder(root, Path::new("/dev"), 0o755).tried(|| "open `/dev`")?;
    for (name, major, minor) in DEFAULT {
        let mode = Mode::from_raw_mode(0o666);
        match rustix::fs::mknodat(&dev, name, FileType::CharacterDevice, mode, rustix::fs::makedev(major, minor)) {
            Err(Errno::EXIST) => {}
            Err(Errno::PERM) => bind(&dev, name, &format!("/dev/{name}"), rustix::fs::makedev(major, minor))?,
            other => other.tried(|| format!("make the device `/dev/{name}`"))?,
        }
    }
    for (name, target) in LINKS {
        match rustix::fs::symlinkat(target, &dev, name) {
            Err(Errno::EXIST) => {}
            other => other.tried(|| format!("make the link `/dev/{name}`"))?,
        }
    }
    Ok(())
}

/// Without the right to make nodes: the host's own node, when it is the device that is meant.
fn bind(folder: &OwnedFd, name: &str, source: &str, number: u64) -> Result<(), Error> {
    let what = || format!("bind the host's device `{source}`");
    let host = rustix::fs::open(source, OFlags::PATH | OFlags::CLOEXEC, Mode::empty()).tried(what)?;
    if rustix::fs::fstat(&host).tried(what)?.st_rdev != number {
        return Err(Error::other(format!("`{source}` of the host is another device than the one that is asked for")));
    }
    let flags = OFlags::CREATE | OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    drop(rustix::fs::openat(folder, name, flags, Mode::from_raw_mode(0o666)).tried(what)?);
    let place = rustix::fs::openat(folder, name, OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC, Mode::empty())
        .tried(what)?;
    let copy = sys::mount::detached_copy(&host, Depth::One).tried(what)?;
    let private = Change { propagation: Some(Propagation::Private), ..Change::default() };
    sys::mount::change(copy.as_fd(), private, Depth::One).tried(what)?;
    sys::mount::attach(&copy, &place).tried(what)
}

fn make_one(root: BorrowedFd<'_>, device: &Device) -> Result<(), Error> {
    let what = || format!("make the device `{}`", device.path);
    let kind = match device.kind.as_str() {
        "c" | "u" => FileType::CharacterDevice,
        "b" => FileType::BlockDevice,
        "p" => FileType::Fifo,
        other => return Err(Error::other(format!("{}: unknown type `{other}`", what()))),
    };
    let number = match (u32::try_from(device.major), u32::try_from(device.minor)) {
        (Ok(major), Ok(minor)) => rustix::fs::makedev(major, minor),
        _ if kind == FileType::Fifo => 0,
        _ => return Err(Error::other(format!("{}: bad number {}:{}", what(), device.major, device.minor))),
    };
    let mode = Mode::from_raw_mode(device.file_mode.unwrap_or(0o666) & 0o7777);
    let (folder, name) = sys::path::make_parent(root, Path::new(&device.path)).tried(what)?;
    let name = name.to_str().ok_or_else(|| Error::other(what()))?;
    match rustix::fs::mknodat(&folder, name, kind, mode, number) {
        Err(Errno::EXIST) => return same_device(&folder, name, number, what),
        Err(Errno::PERM) => return bind(&folder, name, &device.path, number),
        other => other.tried(what)?,
    }
    let (uid, gid) = (Uid::from_raw(device.uid.unwrap_or(0)), Gid::from_raw(device.gid.unwrap_or(0)));
    rustix::fs::chownat(&folder, name, Some(uid), Some(gid), AtFlags::SYMLINK_NOFOLLOW).tried(what)
}

/// What is there already must be what is asked for.
fn same_device(folder: &OwnedFd, name: &str, number: u64, what: impl Fn() -> String) -> Result<(), Error> {
    let stat = rustix::fs::statat(folder, name, AtFlags::SYMLINK_NOFOLLOW).tried(&what)?;
    match stat.st_rdev == number {
        true => Ok(()),
        false => Err(Error::io(what(), Errno::EXIST)),
    }
}
