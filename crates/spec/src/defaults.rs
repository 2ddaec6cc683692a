//! The configured defaults, parsed once out of containers.conf.

use crate::{Invalid, mounts::MountFlag, namespaces::Namespace};
use std::collections::BTreeMap;

/// What a container gets when its spec doesn't say. Made by [`Defaults::from_conf`].
#[derive(Debug, Clone, PartialEq)]
pub struct Defaults {
    /// KEY=value added to all containers.
    pub annotations: BTreeMap<String, String>,
    /// `KEY=value`, or `KEY` to copy from the host.
    pub env: Vec<String>,
    /// Pass all of the host's variables.
    pub env_host: bool,
    /// Pass the proxy variables.
    pub http_proxy: bool,
    /// `CAP_…`.
    pub capabilities: Vec<String>,
    /// Kernel parameters.
    pub sysctls: BTreeMap<String, String>,
    /// Limits by containers.conf; `None`: not configured, so nofile and nproc get theirs by the host's.
    pub ulimits: Option<Vec<oci::runtime::Rlimit>>,
    /// `--device` texts.
    pub devices: Vec<String>,
    /// Servers; `none` is [`Self::no_resolv_conf`].
    pub dns_servers: Vec<std::net::IpAddr>,
    /// Leave /etc/resolv.conf as the image has it.
    pub no_resolv_conf: bool,
    /// Search domains.
    pub dns_searches: Vec<String>,
    /// Options.
    pub dns_options: Vec<String>,
    /// Base of /etc/hosts.
    pub base_hosts_file: String,
    /// Leave /etc/hosts.
    pub no_hosts: bool,
    /// `host.containers.internal`; empty: found out, `none`: not added.
    pub host_containers_internal_ip: String,
    /// The container's name is its host name.
    pub name_as_hostname: bool,
    /// `--init`.
    pub init: bool,
    /// `--pid`.
    pub pid: Namespace,
    /// `--uts`.
    pub uts: Namespace,
    /// `--ipc`.
    pub ipc: Namespace,
    /// `--cgroupns`; mode `Default`: by cgroup version.
    pub cgroup: Namespace,
    /// `--userns`.
    pub userns: Namespace,
    /// `--network` text; empty: bridge as root, pasta else.
    pub netns: String,
    /// Name of the default bridge network.
    pub default_network: String,
    /// argv of pasta.
    pub pasta_options: Vec<String>,
    /// `--cgroups`.
    pub cgroups_mode: String,
    /// Log driver; empty: k8s-file.
    pub log_driver: String,
    /// Folder for logs; empty: the container's.
    pub log_path: String,
    /// Bytes; negative: no limit.
    pub log_size_max: i64,
    /// Template.
    pub log_tag: String,
    /// Mounts and volumes of all containers.
    pub mounts: Vec<MountFlag>,
    /// Tasks; 0 or less: no limit.
    pub pids_limit: i64,
    /// -1000 … 1000.
    pub oom_score_adj: Option<i32>,
    /// `--privileged`.
    pub privileged: bool,
    /// `--read-only`.
    pub read_only: bool,
    /// File; empty: the built-in profile.
    pub seccomp_profile: String,
    /// AppArmor profile.
    pub apparmor_profile: String,
    /// SELinux labels.
    pub label: bool,
    /// Bytes.
    pub shm_size: i64,
    /// Zone.
    pub timezone: String,
    /// umask(2).
    pub umask: u32,
    /// What image VOLUMEs become.
    pub image_volume_mode: String,
    /// Seconds.
    pub stop_timeout: u32,
}

impl Defaults {
    /// From the merged configuration. An entry that can't be understood is an error naming containers.conf and the key.
    pub fn from_conf(_conf: &config::containers::ContainersConf) -> Result<Self, Invalid> {
        todo!()
    }
}
