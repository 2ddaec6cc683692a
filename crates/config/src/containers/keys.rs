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

/// Keys that would change what a container is, and don't yet: whoever sets one is told.
const WITHOUT_EFFECT: &[&str] = &[
    "containers.cgroup_conf",
    "containers.interface_name",
    "containers.label_users",
    "containers.prepare_volume_on_create",
    "engine.hooks_dir",
];

/// Tables for other programs.
const FOREIGN_TABLES: &[&str] = &["secrets", "machine", "farms", "podmansh", "configmaps"];

pub(super) fn merge(conf: &mut ContainersConf, text: &str, path: &Path) -> Result<(), Error> {
    let root = parse(text).map_err(|e| Error::Syntax { path: path.into(), source: Box::new(e) })?;
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

/// The installed file is 35 kB of comments, read on every start: without them it is parsed ten times faster. A mistake is
/// looked for in the whole text again, so that its place is right.
fn parse(text: &str) -> Result<toml::Table, toml::de::Error> {
    let is_comment = |line: &&str| line.bytes().find(|byte| !matches!(byte, b' ' | b'\t')) == Some(b'#');
    let kept: String = text.split_inclusive('\n').filter(|line| !is_comment(line)).collect();
    // A multi-line text may have lines that only look like comments. The line that opens it is always kept.
    if kept.contains("\"\"\"") || kept.contains("'''") {
        return toml::from_str(text);
    }
    toml::from_str(&kept).or_else(|_| toml::from_str(text))
}

fn lay(conf: &mut ContainersConf, table: &str, key: &str, value: Value, path: &Path) -> Result<(), Error> {
    let done = match table {
        "containers" => conf.containers.lay(key, value),
        "engine" => conf.engine.lay(key, value),
        "network" => conf.network.lay(key, value),
        _ => None,
    };
    let key = format!("{table}.{key}");
    if WITHOUT_EFFECT.contains(&key.as_str()) {
        conf.warnings.push(format!("{}: `{key}` is not supported yet and has no effect", path.display()));
    }
    match done {
        Some(result) => result.map_err(|(wanted, found)| Error::Type { path: path.into(), key, wanted, found }),
        None if FOREIGN.contains(&key.as_str()) => Ok(()),
        None => {
            conf.warnings.push(format!("{}: unknown key `{key}`", path.display()));
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn merged(texts: &[&str]) -> Result<ContainersConf, String> {
        let mut conf = ContainersConf::default();
        for text in texts {
            conf.merge(text, Path::new("/x.conf")).map_err(|e| e.to_string())?;
        }
        Ok(conf)
    }

    fn env(texts: &[&str]) -> Vec<String> {
        let texts: Vec<String> = texts.iter().map(|text| format!("[containers]\nenv = {text}")).collect();
        merged(&texts.iter().map(String::as_str).collect::<Vec<_>>()).unwrap().containers.env.values
    }

    #[test]
    fn lists_replace_until_one_says_append() {
        let first = [r#"["1"]"#, r#"["2"]"#, r#"["3", {append=true}]"#, r#"["4"]"#];
        assert_eq!(env(&first), ["2", "3", "4"]);
        let mut last = first;
        last[3] = r#"["4", {append=false}]"#;
        assert_eq!(env(&last), ["4"]);
        assert!(env(&[r#"["1"]"#, "[]"]).is_empty());
    }

    #[test]
    fn wrong_types_name_file_and_key() {
        let error = |text| merged(&[text]).unwrap_err();
        assert_eq!(
            error("[containers]\ninit = \"yes\""),
            "configuration `/x.conf`: `containers.init` must be true or false, not string `\"yes\"`"
        );
        assert!(error("[engine]\nstop_timeout = \"1\"").contains("`engine.stop_timeout` must be a whole number"));
        assert!(error("[containers]\nenv = [1]").contains("`containers.env` must be a list of texts"));
        assert!(error("[containers]\nenv = [{x=true}]").contains("{append=true}"));
        assert!(error("[containers").contains("parse configuration `/x.conf`"));
    }

    #[test]
    fn comments_do_not_matter_but_a_hash_in_text_does() {
        let conf =
            merged(&["# a\n[containers] # b\n  # c\ntz = \"x#y\" # d\nlog_tag = \"\"\"\n# text\n\"\"\"\n"]).unwrap();
        assert_eq!(conf.containers.tz.as_deref(), Some("x#y"));
        assert_eq!(conf.containers.log_tag.as_deref(), Some("# text\n"));
    }

    #[test]
    fn unknown_keys_are_warnings() {
        let conf = merged(&[
            "x = 1\n[containers]\nfoo = 1\n[engine]\nlock_type = \"shm\"\nconmon_path = []\n[machine]\ncpus = 1\n[bar]\ny = 1",
        ]);
        let warnings = conf.unwrap().warnings;
        for key in ["`x`", "`containers.foo`", "`bar.y`"] {
            assert!(
                warnings.iter().any(|line| line.starts_with("/x.conf: ") && line.contains(key)),
                "{key}: {warnings:?}"
            );
        }
        assert_eq!(warnings.len(), 3);
        let conf = merged(&["[containers]\ncgroup_conf = [\"memory.high=1\"]"]).unwrap();
        assert_eq!(conf.warnings, ["/x.conf: `containers.cgroup_conf` is not supported yet and has no effect"]);
    }

    #[test]
    fn subnet_pools_and_runtimes() {
        let conf = merged(&[
            "[network]\ndefault_subnet_pools = [{base = \"10.89.0.0/16\", size = 24}]\n[engine.runtimes]\ncrun = [\"/usr/bin/crun\"]",
        ])
        .unwrap();
        assert_eq!(conf.network.default_subnet_pools.unwrap()[0].size, 24);
        assert_eq!(conf.engine.runtimes["crun"], ["/usr/bin/crun"]);
        assert!(merged(&["[network]\ndefault_subnet_pools = [1]"]).is_err());
    }
}
