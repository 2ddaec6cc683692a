//! The configured defaults, parsed once out of containers.conf.

use crate::{
    Invalid, devices, identity,
    mounts::{MountFlag, mount_flag::parse_mount, volume_flag::parse_volume},
    namespaces::{self, Kind, Namespace},
    network::Network,
    process, resources,
    security::capabilities,
    size, users,
};
use config::containers::{ContainersConf, List};
use oci::runtime::Rlimit;
use std::{collections::BTreeMap, net::IpAddr, path::Path};

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
    pub ulimits: Option<Vec<Rlimit>>,
    /// `--device` texts.
    pub devices: Vec<String>,
    /// Servers; `none` is [`Self::no_resolv_conf`].
    pub dns_servers: Vec<IpAddr>,
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
    /// Ids of `--userns=auto`; 0: as the image needs.
    pub userns_size: u32,
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

/// PATH of a container whose image and user set none.
const PATH: &str = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

impl Defaults {
    /// From the merged configuration. An entry that can't be understood is an error naming containers.conf and the key.
    pub fn from_conf(conf: &ContainersConf) -> Result<Self, Invalid> {
        let c = &conf.containers;
        let dns = dns_servers(&c.dns_servers)?;
        let namespace = |key, text: &Option<String>, kind| {
            named("containers", key, namespaces::parse(text.as_deref().unwrap_or_default(), kind))
        };
        let text = |value: &Option<String>| value.clone().unwrap_or_default();
        let on = |value: Option<bool>| value.unwrap_or(false);
        Ok(Self {
            annotations: entries("annotations", &c.annotations, identity::parse_annotation)?,
            env: if c.env.set { c.env.values.clone() } else { vec![PATH.into()] },
            env_host: on(c.env_host),
            http_proxy: c.http_proxy.unwrap_or(true),
            capabilities: capabilities(&c.default_capabilities)?,
            sysctls: entries("default_sysctls", &c.default_sysctls, resources::parse_sysctl)?,
            ulimits: ulimits(&c.default_ulimits)?,
            devices: devices(&c.devices)?,
            no_resolv_conf: dns.is_none(),
            dns_servers: dns.unwrap_or_default(),
            dns_searches: c.dns_searches.values.clone(),
            dns_options: c.dns_options.values.clone(),
            base_hosts_file: text(&c.base_hosts_file),
            no_hosts: on(c.no_hosts),
            host_containers_internal_ip: text(&c.host_containers_internal_ip),
            name_as_hostname: on(c.container_name_as_hostname),
            init: on(c.init),
            pid: namespace("pidns", &c.pidns, Kind::Plain)?,
            uts: namespace("utsns", &c.utsns, Kind::Plain)?,
            ipc: namespace("ipcns", &c.ipcns, Kind::Ipc)?,
            cgroup: namespace("cgroupns", &c.cgroupns, Kind::Plain)?,
            userns: named("containers", "userns", users::parse_userns(c.userns.as_deref().unwrap_or_default()))?,
            userns_size: number("containers.userns_size", c.userns_size.unwrap_or(0), "ids")?,
            netns: text(&c.netns),
            default_network: conf.network.default_network.clone().unwrap_or_else(|| "podman".into()),
            pasta_options: conf.network.pasta_options.values.clone(),
            cgroups_mode: text(&c.cgroups),
            log_driver: text(&c.log_driver),
            log_path: text(&c.log_path),
            log_size_max: c.log_size_max.unwrap_or(-1),
            log_tag: text(&c.log_tag),
            mounts: mounts(conf)?,
            pids_limit: c.pids_limit.unwrap_or(2048),
            oom_score_adj: c.oom_score_adj.map(oom_score_adj).transpose()?,
            privileged: on(c.privileged),
            read_only: on(c.read_only),
            seccomp_profile: text(&c.seccomp_profile),
            apparmor_profile: text(&c.apparmor_profile),
            label: c.label.unwrap_or(true),
            shm_size: named("containers", "shm_size", size::parse(c.shm_size.as_deref().unwrap_or("65536k")))?,
            timezone: text(&c.tz),
            umask: named("containers", "umask", process::parse_umask(c.umask.as_deref().unwrap_or("0022")))?,
            image_volume_mode: text(&conf.engine.image_volume_mode),
            stop_timeout: number("engine.stop_timeout", conf.engine.stop_timeout.unwrap_or(10), "seconds")?,
        })
    }
}

impl Default for Defaults {
    /// As without any containers.conf.
    fn default() -> Self {
        Self {
            annotations: BTreeMap::new(),
            env: vec![PATH.into()],
            env_host: false,
            http_proxy: true,
            capabilities: capabilities::DEFAULT.map(str::to_owned).into(),
            sysctls: BTreeMap::new(),
            ulimits: None,
            devices: Vec::new(),
            dns_servers: Vec::new(),
            no_resolv_conf: false,
            dns_searches: Vec::new(),
            dns_options: Vec::new(),
            base_hosts_file: String::new(),
            no_hosts: false,
            host_containers_internal_ip: String::new(),
            name_as_hostname: false,
            init: false,
            pid: Namespace::default(),
            uts: Namespace::default(),
            ipc: Namespace::default(),
            cgroup: Namespace::default(),
            userns: Namespace::default(),
            userns_size: 0,
            netns: String::new(),
            default_network: "podman".into(),
            pasta_options: Vec::new(),
            cgroups_mode: String::new(),
            log_driver: String::new(),
            log_path: String::new(),
            log_size_max: -1,
            log_tag: String::new(),
            mounts: Vec::new(),
            pids_limit: 2048,
            oom_score_adj: None,
            privileged: false,
            read_only: false,
            seccomp_profile: String::new(),
            apparmor_profile: String::new(),
            label: true,
            shm_size: 64 << 20,
            timezone: String::new(),
            umask: 0o22,
            image_volume_mode: String::new(),
            stop_timeout: 10,
        }
    }
}

fn named<T>(table: &str, key: &str, result: Result<T, Invalid>) -> Result<T, Invalid> {
    result.map_err(|e| Invalid { message: format!("containers.conf: {table}.{key}: {}", e.message), hint: e.hint })
}

fn entries(
    key: &str,
    list: &List,
    parse: impl Fn(&str) -> Result<(String, String), Invalid>,
) -> Result<BTreeMap<String, String>, Invalid> {
    named("containers", key, list.values.iter().map(|text| parse(text)).collect())
}

/// `None`: the list is `none`.
fn dns_servers(list: &List) -> Result<Option<Vec<IpAddr>>, Invalid> {
    let mut network = Network::default();
    named("containers", "dns_servers", network.set_dns(&list.values))?;
    Ok((!network.use_image_resolv_conf).then_some(network.dns_servers))
}

fn capabilities(list: &List) -> Result<Vec<String>, Invalid> {
    if list.values.is_empty() {
        return Ok(capabilities::DEFAULT.map(str::to_owned).into());
    }
    named("containers", "default_capabilities", list.values.iter().map(|name| capabilities::parse(name)).collect())
}

fn ulimits(list: &List) -> Result<Option<Vec<Rlimit>>, Invalid> {
    if list.values.is_empty() {
        return Ok(None);
    }
    let limits = list.values.iter().map(|text| resources::parse_ulimit(text)).collect::<Result<_, _>>();
    named("containers", "default_ulimits", limits).map(Some)
}

fn devices(list: &List) -> Result<Vec<String>, Invalid> {
    for text in &list.values {
        named("containers", "devices", devices::parse_device(text))?;
    }
    Ok(list.values.clone())
}

fn mounts(conf: &ContainersConf) -> Result<Vec<MountFlag>, Invalid> {
    // Relative paths in a configuration file have nothing to be relative to but the root.
    let root = Path::new("/");
    let glob = |pattern: &str| Err(Invalid::new(format!("{pattern:?}: type=glob is for the command line only")));
    let mounts = conf.containers.mounts.values.iter().map(|text| parse_mount(text, root, &glob));
    let mounts = mounts.collect::<Result<Vec<_>, _>>();
    let volumes =
        conf.containers.volumes.values.iter().map(|text| parse_volume(text, root)).collect::<Result<Vec<_>, _>>();
    let mut all = named("containers", "mounts", mounts)?.concat();
    all.extend(named("containers", "volumes", volumes)?);
    Ok(all)
}

fn oom_score_adj(value: i64) -> Result<i32, Invalid> {
    let fits = i32::try_from(value).ok().filter(|value| (-1000..=1000).contains(value));
    fits.ok_or_else(|| {
        Invalid::new(format!("containers.conf: containers.oom_score_adj: {value} is not from -1000 to 1000"))
    })
}

fn number(key: &str, value: i64, of: &str) -> Result<u32, Invalid> {
    u32::try_from(value).map_err(|_| Invalid::new(format!("containers.conf: {key}: {value} is not a number of {of}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(text: &str) -> Result<Defaults, String> {
        let mut conf = ContainersConf::default();
        conf.merge(text, Path::new("/x/containers.conf")).unwrap();
        Defaults::from_conf(&conf).map_err(|e| e.message)
    }

    #[test]
    fn without_configuration() {
        assert_eq!(from("").unwrap(), Defaults::default());
    }

    #[test]
    fn configured() {
        let defaults = from(
            "[containers]\ndns_servers = [\"none\"]\ndefault_capabilities = [\"kill\"]\numask = \"077\"\n\
             volumes = [\"/db:/var/lib/db:ro\"]\n[engine]\nstop_timeout = 3\n",
        )
        .unwrap();
        assert!(defaults.no_resolv_conf);
        assert_eq!(defaults.capabilities, ["CAP_KILL"]);
        assert_eq!((defaults.umask, defaults.stop_timeout, defaults.mounts.len()), (0o77, 3, 1));
    }

    #[test]
    fn errors_name_file_and_key() {
        let error = |text| from(text).unwrap_err();
        assert_eq!(error("[containers]\nshm_size = \"x\""), "containers.conf: containers.shm_size: invalid size: 'x'");
        assert!(
            error("[containers]\ndefault_sysctls = [\"foo=1\"]")
                .starts_with("containers.conf: containers.default_sysctls: ")
        );
        assert!(error("[containers]\npidns = \"foo\"").starts_with("containers.conf: containers.pidns: "));
        assert!(error("[engine]\nstop_timeout = -1").starts_with("containers.conf: engine.stop_timeout: "));
    }
}
