//! [`ResolvedSpec`]: every default decided. Stored by the engine, lowered to config.json for each start.

use crate::{
    ContainerSpec, life::Restart, log::ResolvedLog, mounts::ResolvedMount, namespaces::Namespace,
    network::ResolvedNetwork, security::SeccompChoice, users::IdRange,
};
use oci::runtime as rt;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A container whose every property is decided, but for what differs between starts ([`RunFacts`]).
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ResolvedSpec {
    /// As it was asked for (inspect, and to create it again).
    pub spec: ContainerSpec,

    /// argv: entrypoint and command.
    pub args: Vec<String>,
    /// The entrypoint's part of `args`.
    pub entrypoint: Vec<String>,
    /// The command's part of `args`.
    pub command: Vec<String>,
    /// `KEY=value`, without HOSTNAME (see [`ResolvedSpec::to_oci`]) and HOME (the runtime's).
    pub env: Vec<String>,
    /// Absolute.
    pub cwd: String,
    /// To be looked up inside; empty: root.
    pub user: String,
    /// Supplementary groups, to be looked up inside.
    pub groups: Vec<String>,
    /// For the container's /etc/passwd when the uid has no line (`keep-id`).
    pub passwd_line: Option<String>,
    /// Same for /etc/group.
    pub group_line: Option<String>,
    /// Make a pseudo terminal.
    pub terminal: bool,
    /// Keep standard input open.
    pub stdin: bool,
    /// Run the built-in init as pid 1.
    pub init: bool,
    /// umask(2).
    pub umask: u32,
    /// Zone; empty: the image's.
    pub timezone: String,

    /// Empty: the first 12 digits of the id, or the host's name when the uts namespace is shared.
    pub hostname: String,
    /// The image's and the user's.
    pub labels: BTreeMap<String, String>,
    /// Without those written per start.
    pub annotations: BTreeMap<String, String>,

    /// Number.
    pub stop_signal: i32,
    /// Seconds.
    pub stop_timeout: u32,
    /// See [`Restart`].
    pub restart: Restart,
    /// Remove it when it has exited.
    pub remove: bool,

    /// No mode is `Default`.
    pub namespaces: ResolvedNamespaces,
    /// Of the user namespace, new or joined; empty: it is the engine's own.
    pub uid_map: Vec<IdRange>,
    /// As `uid_map`.
    pub gid_map: Vec<IdRange>,

    /// Mount the root read-only.
    pub read_only: bool,
    /// Sorted by depth. Anonymous volumes have no name yet: the engine fills it in.
    pub mounts: Vec<ResolvedMount>,
    /// Bytes of /dev/shm.
    pub shm_size: i64,

    /// All rights.
    pub privileged: bool,
    /// Names with `CAP_`.
    pub capabilities: rt::Capabilities,
    /// PR_SET_NO_NEW_PRIVS.
    pub no_new_privileges: bool,
    /// See [`SeccompChoice`].
    pub seccomp: SeccompChoice,
    /// `None`: no AppArmor.
    pub apparmor_profile: Option<String>,
    /// Unreadable.
    pub masked_paths: Vec<String>,
    /// Read-only.
    pub readonly_paths: Vec<String>,

    /// Nodes to make beyond the default ones.
    pub devices: Vec<rt::Device>,
    /// Control groups with device rules.
    pub resources: rt::Resources,
    /// setrlimit(2).
    pub rlimits: Vec<rt::Rlimit>,
    /// Kernel parameters.
    pub sysctl: BTreeMap<String, String>,
    /// -1000 … 1000.
    pub oom_score_adj: Option<i32>,

    /// See [`ResolvedNetwork`].
    pub network: ResolvedNetwork,
    /// See [`ResolvedLog`].
    pub log: ResolvedLog,

    /// To be shown once, at creation.
    #[serde(skip)]
    pub warnings: Vec<String>,
}

/// All seven but mount, which is always new.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ResolvedNamespaces {
    /// Host, Private, Container, Path.
    pub pid: Namespace,
    /// Host, Private, Container, Path.
    pub uts: Namespace,
    /// Host, Private, Shareable, None, Container, Path.
    pub ipc: Namespace,
    /// Host, Private, Container, Path.
    pub cgroup: Namespace,
    /// Host, Private (with maps; also keep-id, auto, nomap), Container, Path.
    pub user: Namespace,
}
