//! The tables and keys. A new key is one line here.

use super::value::{Lay, List, SubnetPool};
use super::{ContainersConf, Error};
use std::{collections::BTreeMap, path::Path};
use toml::Value;

/// Defines a table's struct and, from the same list, the match from key to field.
macro_rules! table {
    ($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $key:ident: $kind:ty,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Default, PartialEq)]
        pub struct $name { $($(#[$field_doc])* pub $key: $kind,)* }

        impl $name {
            /// `None`: no such key.
            fn lay(&mut self, key: &str, value: Value) -> Option<Result<(), super::value::Mismatch>> {
                match key {
                    $(stringify!($key) => Some(self.$key.lay(value)),)*
                    _ => None,
                }
            }
        }
    };
}

table! {
/// `[containers]`.
ContainersTable {
    /// KEY=value.
    annotations: List,
    /// Profile name.
    apparmor_profile: Option<String>,
    /// File, `none`, `image`; empty: the host's.
    base_hosts_file: Option<String>,
    /// enabled, disabled, no-conmon.
    cgroups: Option<String>,
    /// FILE=value of cgroup v2.
    cgroup_conf: List,
    /// private, host.
    cgroupns: Option<String>,
    /// The container's name is its host name.
    container_name_as_hostname: Option<bool>,
    /// Without `CAP_`.
    default_capabilities: List,
    /// name=value.
    default_sysctls: List,
    /// name=soft:hard.
    default_ulimits: List,
    /// host:inside:rwm.
    devices: List,
    /// Options for resolv.conf.
    dns_options: List,
    /// Search domains.
    dns_searches: List,
    /// Addresses, or `none`.
    dns_servers: List,
    /// KEY=value, or KEY.
    env: List,
    /// Pass all of the host's variables.
    env_host: Option<bool>,
    /// Address, `none`, or empty.
    host_containers_internal_ip: Option<String>,
    /// Pass the proxy variables.
    http_proxy: Option<bool>,
    /// Run an init.
    init: Option<bool>,
    /// Its program.
    init_path: Option<String>,
    /// `device` or empty.
    interface_name: Option<String>,
    /// host, none, private, shareable.
    ipcns: Option<String>,
    /// Make a kernel keyring.
    keyring: Option<bool>,
    /// SELinux separation.
    label: Option<bool>,
    /// SELinux users.
    label_users: Option<bool>,
    /// k8s-file, journald, none, passthrough.
    log_driver: Option<String>,
    /// Folder.
    log_path: Option<String>,
    /// Bytes; negative: no limit.
    log_size_max: Option<i64>,
    /// Template.
    log_tag: Option<String>,
    /// `--mount` texts.
    mounts: List,
    /// `--network` text.
    netns: Option<String>,
    /// Leave /etc/hosts.
    no_hosts: Option<bool>,
    /// -1000 … 1000.
    oom_score_adj: Option<i64>,
    /// private, host.
    pidns: Option<String>,
    /// Tasks; 0: no limit.
    pids_limit: Option<i64>,
    /// Fill volumes at creation.
    prepare_volume_on_create: Option<bool>,
    /// All rights.
    privileged: Option<bool>,
    /// Root read-only.
    read_only: Option<bool>,
    /// File.
    seccomp_profile: Option<String>,
    /// `65536k`.
    shm_size: Option<String>,
    /// Zone or `local`.
    tz: Option<String>,
    /// Octal.
    umask: Option<String>,
    /// private, host, auto, keep-id, no-map.
    userns: Option<String>,
    /// Ids for `auto`; 0: as the image needs.
    userns_size: Option<i64>,
    /// private, host.
    utsns: Option<String>,
    /// `-v` texts.
    volumes: List,
}}

table! {
/// `[engine]`.
EngineTable {
    /// cgroupfs, systemd.
    cgroup_manager: Option<String>,
    /// `ctrl-p,ctrl-q`.
    detach_keys: Option<String>,
    /// Reserve published ports.
    enable_port_reservation: Option<bool>,
    /// The engine's own variables, KEY=value.
    env: List,
    /// journald, file, none.
    events_logger: Option<String>,
    /// File.
    events_logfile_path: Option<String>,
    /// `1m`.
    events_logfile_max_size: Option<String>,
    /// Seconds until a finished exec session is forgotten.
    exit_command_delay: Option<i64>,
    /// Folders with helper programs.
    helper_binaries_dir: List,
    /// Folders with OCI hooks.
    hooks_dir: List,
    /// oci, v2s2, v2s1.
    image_default_format: Option<String>,
    /// `docker://`.
    image_default_transport: Option<String>,
    /// Layers at once; 0: our default.
    image_parallel_copies: Option<i64>,
    /// anonymous (bind), tmpfs, ignore.
    image_volume_mode: Option<String>,
    /// Folder for temporary image files; `storage`.
    image_copy_tmp_dir: Option<String>,
    /// Command of pods' infra containers.
    infra_command: Option<String>,
    /// Image of pods' infra containers.
    infra_image: Option<String>,
    /// shm, file. Ours are files always.
    lock_type: Option<String>,
    /// Ours have no limit.
    num_locks: Option<i64>,
    /// continue, stop.
    pod_exit_policy: Option<String>,
    /// missing, always, never, newer.
    pull_policy: Option<String>,
    /// Times.
    retry: Option<i64>,
    /// `2s`.
    retry_delay: Option<String>,
    /// Name or path of another OCI runtime.
    runtime: Option<String>,
    /// Name → paths.
    runtimes: BTreeMap<String, Vec<String>>,
    /// Name → flags without `--`.
    runtimes_flags: BTreeMap<String, Vec<String>>,
    /// Seconds.
    service_timeout: Option<i64>,
    /// Folder of persistent files.
    static_dir: Option<String>,
    /// Seconds.
    stop_timeout: Option<i64>,
    /// Folder of files gone after a boot.
    tmp_dir: Option<String>,
    /// Folder of volumes.
    volume_path: Option<String>,
}}

table! {
/// `[network]`.
NetworkTable {
    /// slirp4netns, pasta.
    default_rootless_network_cmd: Option<String>,
    /// Name.
    default_network: Option<String>,
    /// `10.88.0.0/16`.
    default_subnet: Option<String>,
    /// For new networks.
    default_subnet_pools: Option<Vec<SubnetPool>>,
    /// Port.
    dns_bind_port: Option<i64>,
    /// iptables, nftables, none, firewalld.
    firewall_driver: Option<String>,
    /// netavark.
    network_backend: Option<String>,
    /// Folder of network definitions.
    network_config_dir: Option<String>,
    /// argv.
    pasta_options: List,
}}

/// Keys that concern programs or features this engine has no part in; a shared file may have them without a warning.
const FOREIGN: &[&str] = &[
    "engine.active_service",
    "engine.add_compression",
    "engine.cdi_spec_dirs",
    "engine.compat_api_enforce_docker_hub",
    "engine.compose_providers",
    "engine.compose_warning_logs",
    "engine.compression_format",
    "engine.compression_level",
    "engine.conmon_env_vars",
    "engine.conmon_path",
    "engine.database_backend",
    "engine.events_container_create_inspect_data",
    "engine.healthcheck_events",
    "engine.kube_generate_type",
    "engine.multi_image_archive",
    "engine.namespace",
    "engine.network_cmd_options",
    "engine.network_cmd_path",
    "engine.no_pivot_root",
    "engine.platform_to_oci_runtime",
    "engine.remote",
    "engine.runtime_supports_json",
    "engine.runtime_supports_kvm",
    "engine.runtime_supports_nocgroups",
    "engine.service_destinations",
    "engine.volume_plugin_timeout",
    "engine.volume_plugins",
    "network.cni_plugin_dirs",
    "network.netavark_plugin_dirs",
];

/// Tables for other programs.
const FOREIGN_TABLES: &[&str] = &["secrets", "machine", "farms", "podmansh", "configmaps"];

pub(super) fn merge(conf: &mut ContainersConf, text: &str, path: &Path) -> Result<(), Error> {
    let root: toml::Table =
        toml::from_str(text).map_err(|e| Error::Syntax { path: path.into(), source: Box::new(e) })?;
    for (name, value) in root {
        if FOREIGN_TABLES.contains(&name.as_str()) {
            continue;
        }
        let Value::Table(entries) = value else {
            conf.warnings.push(format!("{}: unknown key `{name}` outside of any table", path.display()));
            continue;
        };
        for (key, value) in entries {
            lay(conf, &name, &key, value, path)?;
        }
    }
    Ok(())
}

fn lay(conf: &mut ContainersConf, table: &str, key: &str, value: Value, path: &Path) -> Result<(), Error> {
    let done = match table {
        "containers" => conf.containers.lay(key, value),
        "engine" => conf.engine.lay(key, value),
        "network" => conf.network.lay(key, value),
        _ => None,
    };
    let key = format!("{table}.{key}");
    match done {
        Some(result) => result.map_err(|(wanted, found)| Error::Type { path: path.into(), key, wanted, found }),
        None if FOREIGN.contains(&key.as_str()) => Ok(()),
        None => {
            conf.warnings.push(format!("{}: unknown key `{key}`", path.display()));
            Ok(())
        }
    }
}
