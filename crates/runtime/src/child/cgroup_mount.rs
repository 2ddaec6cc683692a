//! Mounts of type `cgroup`: the container sees its own groups and no others.

use super::mounts::{Setup, finish, folder, make, set_attributes};
use crate::cgroup;
use crate::error::{Error, Tried};
use crate::mount_option::Options;
use crate::sources::tried_on;
use oci::runtime::Mount;
use rustix::fs::{Mode, OFlags};
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;
use sys::mount::{Change, Depth, Propagation, attribute};

/// v2: the own namespace's tree, or a bind of the own group. v1: a tmpfs with a bind of each group that is the container's.
pub(super) fn mount(setup: &Setup<'_>, mount: &Mount, options: &Options) -> Result<(), Error> {
    match cgroup::version() {
        cgroup::Version::V2 => mount_v2(setup, mount, options),
        cgroup::Version::V1 => mount_v1(setup, mount, options),
        cgroup::Version::None => folder(setup.root, &mount.destination).map(drop),
    }
}

fn mount_v2(setup: &Setup<'_>, mount: &Mount, options: &Options) -> Result<(), Error> {
    let what = tried_on(mount);
    let target = folder(setup.root, &mount.destination)?;
    let made = match setup.own_cgroup_namespace {
        true => make("cgroup2", mount.source.as_deref(), options, &[], &what).or_else(|_| bind_v2(setup, &what))?,
        false => bind_v2(setup, &what)?,
    };
    set_attributes(made.as_fd(), options.attributes).tried(|| what.as_str())?;
    finish(&made, &target, options, &what)
}

fn bind_v2(setup: &Setup<'_>, what: &str) -> Result<OwnedFd, Error> {
    let own = setup.cgroups.folders.first().map_or(Path::new("/sys/fs/cgroup"), |folder| folder.as_path());
    let own = rustix::fs::open(own, OFlags::PATH | OFlags::CLOEXEC, Mode::empty()).tried(|| what)?;
    sys::mount::detached_copy(&own, Depth::One).tried(|| what)
}

fn mount_v1(setup: &Setup<'_>, mount: &Mount, options: &Options) -> Result<(), Error> {
    let what = tried_on(mount);
    let target = folder(setup.root, &mount.destination)?;
    let top = make("tmpfs", Some("cgroup"), options, &["size=1024k", "mode=755"], &what)?;
    sys::mount::attach(&top, &target).tried(|| what.as_str())?;
    for group in &setup.cgroups.folders {
        let Some(hierarchy) = group.strip_prefix("/sys/fs/cgroup").ok().and_then(|path| path.iter().next()) else {
            continue;
        };
        let place = sys::path::make_folder(&top, Path::new(hierarchy), 0o755).tried(|| what.as_str())?;
        let own = rustix::fs::open(group, OFlags::PATH | OFlags::CLOEXEC, Mode::empty()).tried(|| what.as_str())?;
        let copy = sys::mount::detached_copy(&own, Depth::One).tried(|| what.as_str())?;
        let change = Change { propagation: Some(Propagation::Private), ..options.attributes };
        sys::mount::change(copy.as_fd(), change, Depth::One).tried(|| what.as_str())?;
        sys::mount::attach(&copy, &place).tried(|| what.as_str())?;
    }
    if options.attributes.set & attribute::RDONLY != 0 {
        let read_only = Change { set: attribute::RDONLY, ..Change::default() };
        sys::mount::change(top.as_fd(), read_only, Depth::One).tried(|| what.as_str())?;
    }
    Ok(())
}
