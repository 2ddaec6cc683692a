//! `--init`: the built-in program that is pid 1 instead of the command.

use super::mounts::make;
use crate::error::{Error, Tried};
use crate::mount_option;
use rustix::fs::{Mode, OFlags};
use rustix::mount::UnmountFlags;
use std::os::fd::{AsFd, BorrowedFd};
use std::path::Path;
use sys::mount::{Change, Depth, Propagation, attribute};

/// Where it is mounted (Podman's place).
pub(crate) const INIT_PATH: &str = "/run/podman-init";

/// Mounts it: written to a tmpfs that is seen by nobody, of which only the file stays mounted.
pub(super) fn bind(root: BorrowedFd<'_>) -> Result<(), Error> {
    let what = "mount the built-in init on `/run/podman-init`";
    let target = sys::path::make_file(root, Path::new(INIT_PATH), 0o755).tried(|| what)?;
    let options = mount_option::parse(&["nosuid", "nodev"]);
    let tmpfs = make("tmpfs", Some("minke"), &options, &["mode=755"], what)?;
    let flags = OFlags::CREATE | OFlags::WRONLY | OFlags::CLOEXEC;
    let file = rustix::fs::openat(&tmpfs, "init", flags, Mode::from_raw_mode(0o755)).tried(|| what)?;
    rustix::io::write(&file, sys::inside::INIT).tried(|| what)?;
    drop(file);
    // Before Linux 6.15 only attached mounts can be copied: it covers the container's root for a moment.
    sys::mount::attach(&tmpfs, root).tried(|| what)?;
    let file = rustix::fs::openat(&tmpfs, "init", OFlags::PATH | OFlags::CLOEXEC, Mode::empty()).tried(|| what)?;
    let copy = sys::mount::detached_copy(&file, Depth::One).tried(|| what)?;
    rustix::mount::unmount(sys::path::of_descriptor(&tmpfs), UnmountFlags::DETACH).tried(|| what)?;
    let change = Change { set: attribute::RDONLY, clear: 0, propagation: Some(Propagation::Private) };
    sys::mount::change(copy.as_fd(), change, Depth::One).tried(|| what)?;
    sys::mount::attach(&copy, &target).tried(|| what)
}
