//! The OCI runtime: from a config.json to a process. (What crun and runc do.)
//!
//! The caller is single-threaded at [`launch`]: the child is a plain fork into new namespaces and may allocate.

#![cfg_attr(not(test), deny(clippy::unwrap_used))]

pub mod cgroup;
mod channel;
mod child;
mod command;
mod error;
mod exec;
pub mod hooks;
mod idmap;
pub mod known;
mod launch;
mod mount_option;
mod namespaces;
mod overlay;
pub mod rlimit;
mod scheduling;
mod seccomp;
mod sources;
mod spawn;
pub mod systemd;
mod time_offset;
mod unsupported;
mod view;

pub use error::{Error, ErrorKind};
pub use exec::exec;
pub use launch::{launch, start_waiting};
pub use view::{is_mount_point, mount_memory, mount_opened, mount_root, mount_view, own_mounts, unmount_view};

use oci::runtime::Spec;
use std::collections::BTreeMap;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};

/// The container's root file system.
#[derive(Debug, Clone)]
pub enum Root {
    /// A prepared folder (a bundle's `rootfs`).
    Folder(PathBuf),
    /// An overlay the child mounts in its own mount namespace, so that it is never seen outside and goes with it.
    Overlay(Overlay),
}

/// See overlayfs.rst of the kernel.
#[derive(Debug, Clone)]
pub struct Overlay {
    /// Highest first.
    pub lower: Vec<PathBuf>,
    /// Writable layer.
    pub upper: PathBuf,
    /// Work folder on the same file system.
    pub work: PathBuf,
    /// An empty folder to mount on.
    pub merged: PathBuf,
    /// `userxattr`.
    pub userxattr: bool,
    /// `volatile`: nothing is synced when the overlay goes (its content is lost with the machine's power). For `--rm`.
    pub volatile: bool,
    /// Shift owners of lower and upper by the spec's id mappings with idmapped mounts (real root with a user namespace).
    pub idmap: bool,
}

/// Who the process is: names are looked up in the container's own /etc/passwd and /etc/group after the root is in place.
#[derive(Debug, Clone, Default)]
pub struct UserLookup {
    /// `""`, `uid`, `name`, `uid:gid`, `name:group`. Empty: take the spec's numbers.
    pub user: String,
    /// `--group-add`, names or numbers.
    pub groups: Vec<String>,
    /// Keep the supplementary groups that this process has (`--group-add keep-groups`).
    pub keep_groups: bool,
    /// Append this line to the container's /etc/passwd if its uid has none there (keep-id).
    pub passwd_line: Option<String>,
    /// Same for /etc/group.
    pub group_line: Option<String>,
    /// Set HOME from passwd unless the environment has it.
    pub set_home: bool,
}

/// The process's standard streams.
pub enum Stdio<'a> {
    /// The caller's own.
    Inherit,
    /// These; they become 0, 1, 2.
    Fds(BorrowedFd<'a>, BorrowedFd<'a>, BorrowedFd<'a>),
    /// A pseudo terminal of the container's own devpts; its master comes back in [`Ready`]. (rows, columns)
    Terminal(u16, u16),
}

/// All that [`launch`] needs.
pub struct Launch<'a> {
    /// Container id.
    pub id: &'a str,
    /// Told to hooks.
    pub bundle: &'a Path,
    /// The config; `root.path` is ignored in favour of `root`.
    pub spec: &'a Spec,
    /// See [`Root`].
    pub root: Root,
    /// See [`UserLookup`].
    pub user: UserLookup,
    /// Destinations of bind mounts that are fresh volumes: filled with what the image has there, with its owner and mode.
    pub copy_up: Vec<String>,
    /// By destination: what below the source is mounted in its place. Links can't lead out of the source.
    pub sub_paths: BTreeMap<String, String>,
    /// By destination of a bind mount of a file: what the file is called if the image has a folder there, in which it goes then.
    pub names_in_folders: BTreeMap<String, String>,
    /// Destinations of bind mounts whose source is chowned to the container's user (`:U`).
    pub chown: Vec<String>,
    /// See [`Stdio`].
    pub stdio: Stdio<'a>,
    /// Fds from 3 on to pass in, in order (`--preserve-fds`, LISTEN_FDS).
    pub preserve: Vec<BorrowedFd<'a>>,
    /// See [`cgroup::Groups`].
    pub groups: cgroup::Groups,
    /// The child dies with the calling process.
    pub die_with_parent: bool,
    /// Mount the built-in init at /run/podman-init and run it as pid 1 (`--init`).
    pub init: bool,
    /// Make the working folder where the image lacks it; otherwise that is an error.
    pub make_working_folder: bool,
    /// Change the root by a moved mount and chroot(2): pivot_root(2) refuses where the host's root is an initramfs.
    pub no_pivot: bool,
    /// Stay in the caller's session keyring.
    pub keep_keyring: bool,
}

/// A cloned child that is setting itself up (mounts, …) while the caller may set up its network.
pub struct Launched {
    /// In the caller's pid namespace.
    pub pid: i32,
    /// Of that process.
    pub pidfd: OwnedFd,
    /// Folders that hold the container's cgroups, to be stored and given to [`cgroup::remove`].
    pub cgroups: cgroup::Cgroups,
    channel: OwnedFd,
    /// For messages.
    command: String,
    limited: bool,
    netns: Option<OwnedFd>,
}

/// The child has its root and waits for [`Launched::start`].
pub struct Ready {
    /// Master of the terminal, if one was asked for.
    pub terminal: Option<OwnedFd>,
    /// Who the process will be.
    pub uid: u32,
    /// Its group.
    pub gid: u32,
}

/// One more process in a running container.
pub struct Exec<'a> {
    /// The container's first process.
    pub pid: i32,
    /// Process part of the spec (args, env, cwd, capabilities, seccomp is taken from `spec`).
    pub spec: &'a Spec,
    /// See [`UserLookup`].
    pub user: UserLookup,
    /// See [`Stdio`].
    pub stdio: Stdio<'a>,
    /// As stored at launch.
    pub cgroups: &'a cgroup::Cgroups,
    /// Fds from 3 on.
    pub preserve: Vec<BorrowedFd<'a>>,
}

/// A started exec.
pub struct Execed {
    /// In the caller's pid namespace; the caller's child.
    pub pid: i32,
    /// Of it.
    pub pidfd: OwnedFd,
    /// Terminal master, if asked for.
    pub terminal: Option<OwnedFd>,
}
