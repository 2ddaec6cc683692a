//! What the pure functions of this crate must know about the host and about one start. The engine fills these in.

use crate::users::{IdMaps, IdRange};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, path::PathBuf};

/// The host as [`crate::ContainerSpec::resolve`] needs it.
#[derive(Debug, Clone, Default)]
pub struct HostFacts {
    /// The engine runs in a user namespace it made (an ordinary user's).
    pub rootless: bool,
    /// The user's real id (root: 0).
    pub uid: u32,
    /// Its group.
    pub gid: u32,
    /// Its name, for /etc/passwd of `keep-id`; may be empty.
    pub user_name: String,
    /// Its group's name; may be empty.
    pub group_name: String,
    /// Ids that may be mapped: /proc/self/uid_map. Root outside any user namespace: `0 0 4294967295`.
    pub uid_map: Vec<IdRange>,
    /// Same for groups.
    pub gid_map: Vec<IdRange>,
    /// For `--userns=auto`: the free range chosen by the engine (see [`crate::users::Users::auto_request`]).
    pub auto_range: Option<AutoRange>,
    /// Maps of the user namespace to be joined (see [`crate::users::Users::joined`]); empty: it is the engine's own.
    pub joined_maps: IdMaps,
    /// Unified hierarchy only.
    pub cgroup_v2: bool,
    /// Limits can be applied: root, or v2 with delegated controllers.
    pub cgroup_limits: bool,
    /// The memory controller counts swap.
    pub swap_accounting: bool,
    /// The engine's variables: for `-e NAME`, `--env-host` and the proxy variables.
    pub env: BTreeMap<String, String>,
    /// The engine's hard limits (`RLIMIT_NOFILE`, …); one that isn't there can be passed.
    pub hard_limits: BTreeMap<String, u64>,
    /// The engine's oom_score_adj, when it can't be lowered.
    pub lowest_oom_score: Option<i32>,
    /// Nodes of the devices asked for, by host path (see [`crate::devices::Devices::wanted`]); for a folder all in it.
    pub devices: BTreeMap<String, Vec<DeviceNode>>,
    /// All nodes below /dev; only filled in for a privileged container.
    pub all_devices: Vec<DeviceNode>,
    /// Text of the seccomp profile named by [`crate::ContainerSpec::seccomp_file`].
    pub seccomp_profile: Option<String>,
    /// AppArmor is on.
    pub apparmor: bool,
    /// SELinux is on.
    pub selinux: bool,
    /// GOARCH of the host; empty: that of this build.
    pub arch: String,
    /// uname -r as (major, minor), for rules with a minimum kernel; (0, 0): unknown, new.
    pub kernel: (u32, u32),
    /// The host's name.
    pub hostname: String,
    /// CPUs on line; 0: unknown.
    pub cpus: u32,
    /// Which those are, as cpuset(7) lists them; empty: unknown.
    pub cpu_list: String,
    /// The same for memory nodes.
    pub memory_nodes: String,
}

/// Chosen by the engine for `--userns=auto`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AutoRange {
    /// First free user id of the host (rootless: in the engine's user namespace).
    pub uid: u32,
    /// First free group id.
    pub gid: u32,
    /// How many of each.
    pub size: u32,
}

/// A device node of the host.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceNode {
    /// On the host.
    pub path: String,
    /// `c` or `b`.
    pub kind: String,
    /// Number.
    pub major: i64,
    /// Number.
    pub minor: i64,
    /// Permission bits.
    pub mode: u32,
    /// Owner.
    pub uid: u32,
    /// Group.
    pub gid: u32,
}

/// One start, as [`crate::ResolvedSpec::to_oci`] needs it.
#[derive(Debug, Clone, Default)]
pub struct RunFacts {
    /// 64 hex digits.
    pub id: String,
    /// The container's name.
    pub name: String,
    /// `root.path`.
    pub root: PathBuf,
    /// Host folder of each volume by name.
    pub volumes: BTreeMap<String, PathBuf>,
    /// The folders of each mount that is an overlay, by destination.
    pub overlays: BTreeMap<String, OverlayDirs>,
    /// The files of each artifact that is mounted, by destination.
    pub artifacts: BTreeMap<String, Vec<MountedFile>>,
    /// Files the engine writes; one that is `None` isn't mounted.
    pub files: Files,
    /// Folder or tmpfs on the host shared as /dev/shm with other containers; `None`: an own tmpfs.
    pub shm: Option<PathBuf>,
    /// Pids of containers named by `container:` namespaces.
    pub joined: BTreeMap<String, i32>,
    /// A network namespace to join, e.g. of a pod. `None`: by the mode.
    pub netns: Option<PathBuf>,
    /// `linux.cgroupsPath`; `None`: no cgroup of its own.
    pub cgroups_path: Option<String>,
    /// Process label and mount label of SELinux.
    pub selinux: Option<(String, String)>,
    /// Rows and columns of the terminal.
    pub terminal_size: Option<(u16, u16)>,
    /// Host path of the file `timezone=local` means, or of the zone; mounted on /etc/localtime.
    pub localtime: Option<PathBuf>,
}

/// A file of an artifact.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MountedFile {
    /// On the host.
    pub path: PathBuf,
    /// In a folder of the container; one component, unless the user said otherwise.
    pub name: String,
}

/// An overlay to be mounted (kernel: Documentation/filesystems/overlayfs.rst).
#[derive(Debug, Clone, Default)]
pub struct OverlayDirs {
    /// Highest first.
    pub lower: Vec<PathBuf>,
    /// Writable layer.
    pub upper: PathBuf,
    /// Work folder on the same file system.
    pub work: PathBuf,
    /// `userxattr`.
    pub userxattr: bool,
    /// Nobody needs the upper layer later.
    pub volatile: bool,
}

/// Files made per start.
#[derive(Debug, Clone, Default)]
pub struct Files {
    /// /etc/hosts.
    pub hosts: Option<PathBuf>,
    /// /etc/resolv.conf.
    pub resolv_conf: Option<PathBuf>,
    /// /etc/hostname.
    pub hostname: Option<PathBuf>,
    /// /run/.containerenv.
    pub containerenv: Option<PathBuf>,
}
