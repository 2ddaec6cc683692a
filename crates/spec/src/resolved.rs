//! [`ResolvedSpec`]: every default decided. Stored by the engine, lowered to config.json for each start.

use crate::{
    ContainerSpec, Defaults, HostFacts, Invalid, devices, env, identity,
    life::Restart,
    log::ResolvedLog,
    mounts::{
        ResolvedMount,
        plan::{self, Situation},
    },
    namespaces::{Namespace, NsMode},
    network::{self, ResolvedNetwork},
    process, resources,
    security::{SeccompChoice, rights},
    signal,
    users::{self, IdRange},
};
use oci::{image::ContainerConfig, runtime as rt};
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
    /// For a new user namespace; empty: none.
    pub uid_map: Vec<IdRange>,
    /// For a new user namespace.
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

pub(crate) fn resolve(
    spec: ContainerSpec,
    image: &oci::image::ImageConfig,
    defaults: &Defaults,
    host: &HostFacts,
) -> Result<ResolvedSpec, Invalid> {
    let empty = ContainerConfig::default();
    let image = image.config.as_ref().unwrap_or(&empty);
    let mut warnings = Vec::new();
    check(&spec)?;

    let privileged = spec.security.privileged.unwrap_or(defaults.privileged);
    let network = network::plan::resolve(&spec.network, image, defaults, host, &mut warnings)?;
    let users = users::resolve(&spec.users, defaults, host)?;
    let namespaces = resolve_namespaces(&spec, users.namespace.clone(), defaults, host)?;
    let hostname = hostname(&spec, &namespaces, &network, defaults, host)?;
    let shm_size = shm_size(&spec, &namespaces, defaults)?;

    let (entrypoint, command) = process::command(&spec.process, image)?;
    let cwd = process::work_dir(&spec.process, image)?;
    let user = user(&spec, image, users.own);
    let (passwd_line, group_line) = account_lines(&spec, &user, &cwd, users.own, host);
    let timezone = own_or(&spec.process.timezone, &defaults.timezone);

    let new_userns = !users.uid_map.is_empty();
    let read_only = spec.rootfs.read_only_filesystem.unwrap_or(defaults.read_only);
    let mut devices = devices::resolve(&spec.devices, privileged, new_userns, defaults, host)?;
    let situation = Situation {
        rootless: host.rootless,
        new_userns,
        privileged,
        read_only,
        read_write_tmpfs: spec.rootfs.read_write_tmpfs.unwrap_or(true),
        namespaces: &namespaces,
        network: &network,
        has_group_5: has_group(5, &users.gid_map, host),
        procfs_opts: &spec.security.procfs_opts,
        localtime: !timezone.is_empty(),
        image_volume_mode: &own_or(&spec.rootfs.image_volume_mode, &defaults.image_volume_mode),
    };
    let shares_sys = situation.shares_sys();
    let mounts = plan::resolve(&spec.mounts, image, defaults, std::mem::take(&mut devices.mounts), &situation)?;

    let capabilities = rights::capability_sets(&spec.security, privileged, process::is_root(&user), defaults)?;
    let (masked_paths, readonly_paths) = rights::paths(&spec.security, privileged, shares_sys);
    let mut resources = resources::resolve(&spec.resources, defaults, host, &mut warnings)?;
    if host.cgroup_limits {
        resources.devices = devices.rules;
    }

    Ok(ResolvedSpec {
        args: [entrypoint.as_slice(), &command].concat(),
        entrypoint,
        command,
        env: env::resolve(&spec.process, &image.env, defaults, &host.env),
        cwd,
        groups: spec.process.groups.clone(),
        passwd_line,
        group_line,
        terminal: spec.process.terminal,
        stdin: spec.process.stdin,
        init: spec.process.init.unwrap_or(defaults.init),
        umask: umask(&spec, defaults)?,
        timezone,
        hostname,
        labels: merged(&image.labels, &spec.identity.labels),
        annotations: merged(&defaults.annotations, &spec.identity.annotations),
        stop_signal: stop_signal(&spec, image)?,
        stop_timeout: spec.life.stop_timeout.unwrap_or(defaults.stop_timeout),
        restart: spec.life.restart()?,
        remove: spec.life.remove,
        seccomp: rights::seccomp(&spec.security, privileged, &capabilities.bounding, defaults, host)?,
        apparmor_profile: rights::apparmor(&spec.security, privileged, host)?,
        capabilities,
        no_new_privileges: spec.security.no_new_privileges,
        masked_paths,
        readonly_paths,
        privileged,
        rlimits: resources::rlimits(&spec.resources, defaults, host)?,
        sysctl: resources::sysctls(&spec.resources, defaults, &namespaces.ipc, &network.mode)?,
        oom_score_adj: spec.resources.oom_score_adj.or(defaults.oom_score_adj),
        devices: devices.nodes,
        resources,
        log: spec.log.resolve(defaults)?,
        uid_map: users.uid_map,
        gid_map: users.gid_map,
        user,
        namespaces,
        network,
        read_only,
        mounts,
        shm_size,
        warnings,
        spec,
    })
}

/// What doesn't depend on image, configuration or host. API clients come past the flag parsers, so names are checked here.
fn check(spec: &ContainerSpec) -> Result<(), Invalid> {
    if !spec.identity.name.is_empty() {
        identity::check_name(&spec.identity.name)?;
    }
    identity::check_hostname(&spec.identity.hostname)?;
    if !spec.identity.pod.is_empty() {
        return Err(Invalid::new(format!("no pod with name or ID {} found: no such pod", spec.identity.pod)));
    }
    if !matches!(spec.process.systemd.as_str(), "" | "false" | "true") {
        return Err(Invalid::new(format!("systemd mode {:?} is not supported yet", spec.process.systemd)));
    }
    if spec.resources.oom_score_adj.is_some_and(|value| !(-1000..=1000).contains(&value)) {
        return Err(Invalid::new("--oom-score-adj must be from -1000 to 1000"));
    }
    spec.life.check()
}

fn resolve_namespaces(
    spec: &ContainerSpec,
    user: Namespace,
    defaults: &Defaults,
    host: &HostFacts,
) -> Result<ResolvedNamespaces, Invalid> {
    // As podman: on v1 a new cgroup namespace would hide where limits are.
    let cgroup = if host.cgroup_v2 { NsMode::Private } else { NsMode::Host };
    let wish = &spec.namespaces;
    Ok(ResolvedNamespaces {
        pid: wish.pid.or(&defaults.pid, NsMode::Private)?,
        uts: wish.uts.or(&defaults.uts, NsMode::Private)?,
        ipc: wish.ipc.or(&defaults.ipc, NsMode::Shareable)?,
        cgroup: wish.cgroup.or(&defaults.cgroup, cgroup)?,
        user,
    })
}

/// Empty: by the id, at each start.
fn hostname(
    spec: &ContainerSpec,
    namespaces: &ResolvedNamespaces,
    network: &ResolvedNetwork,
    defaults: &Defaults,
    host: &HostFacts,
) -> Result<String, Invalid> {
    let asked = &spec.identity.hostname;
    if namespaces.uts.mode != NsMode::Private {
        if !asked.is_empty() {
            let space = namespaces.uts.mode.name();
            return Err(Invalid::new(format!(
                "invalid config provided: cannot set hostname when running in the {space} UTS namespace: invalid configuration"
            )));
        }
        return Ok(if namespaces.uts.mode == NsMode::Host { host.hostname.clone() } else { String::new() });
    }
    if !asked.is_empty() {
        return Ok(asked.clone());
    }
    if network.mode.mode == NsMode::Host {
        return Ok(host.hostname.clone());
    }
    Ok(if defaults.name_as_hostname { identity::hostname_of(&spec.identity.name) } else { String::new() })
}

fn shm_size(spec: &ContainerSpec, namespaces: &ResolvedNamespaces, defaults: &Defaults) -> Result<i64, Invalid> {
    match spec.mounts.shm_size {
        None => Ok(defaults.shm_size),
        Some(_) if !namespaces.ipc.is_new() => Err(Invalid::new(format!(
            "invalid config provided: cannot set shmsize when running in the {} IPC Namespace",
            namespaces.ipc.mode.name()
        ))),
        Some(size) if size < 0 => Err(Invalid::new(format!("invalid size of /dev/shm: {size}"))),
        Some(size) => Ok(size),
    }
}

fn user(spec: &ContainerSpec, image: &ContainerConfig, own: Option<(u32, u32)>) -> String {
    match (spec.process.user.as_str(), own) {
        ("", Some((uid, gid))) => format!("{uid}:{gid}"),
        ("", None) => image.user.clone(),
        (asked, _) => asked.to_owned(),
    }
}

/// Lines that give the process's user a name inside. With `keep-id` it is the caller's.
fn account_lines(
    spec: &ContainerSpec,
    user: &str,
    cwd: &str,
    own: Option<(u32, u32)>,
    host: &HostFacts,
) -> (Option<String>, Option<String>) {
    if spec.process.manage_passwd == Some(false) {
        return (None, None);
    }
    let Some((uid, gid)) = own.filter(|own| own.0 != 0 && !host.user_name.is_empty()) else {
        return process::account_lines(user, cwd);
    };
    let (name, group) = (&host.user_name, &host.group_name);
    let passwd = format!("{name}:*:{uid}:{gid}:{name}:{cwd}:/bin/sh");
    (Some(passwd), (!group.is_empty()).then(|| format!("{group}:x:{gid}:{name}")))
}

fn umask(spec: &ContainerSpec, defaults: &Defaults) -> Result<u32, Invalid> {
    match spec.process.umask.as_str() {
        "" => Ok(defaults.umask),
        text => process::parse_umask(text),
    }
}

fn stop_signal(spec: &ContainerSpec, image: &ContainerConfig) -> Result<i32, Invalid> {
    const SIGTERM: i32 = 15;
    match (spec.life.stop_signal, image.stop_signal.as_str()) {
        (Some(number @ 1..=64), _) => Ok(number),
        (Some(_), _) => Err(Invalid::new("valid signals are 1 through 64")),
        (None, "") => Ok(SIGTERM),
        (None, text) => signal::parse(text).map_err(|e| Invalid::new(format!("the image's stop signal: {e}"))),
    }
}

fn has_group(gid: u32, gid_map: &[IdRange], host: &HostFacts) -> bool {
    let map = if gid_map.is_empty() { &host.gid_map } else { gid_map };
    // Facts that nobody filled in mean a host without mapping.
    let holds = |r: &IdRange| gid.checked_sub(r.container_id).is_some_and(|offset| offset < r.size);
    map.is_empty() || map.iter().any(holds)
}

fn own_or(own: &str, configured: &str) -> String {
    if own.is_empty() { configured.to_owned() } else { own.to_owned() }
}

fn merged(base: &BTreeMap<String, String>, over: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let mut all = base.clone();
    all.extend(over.iter().map(|(key, value)| (key.clone(), value.clone())));
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::RunFacts;
    use std::path::PathBuf;

    const ID: &str = "a428470199a9750739bcd07005cc53da2824fb37f356b8bcb80c0fb4b36bf090";

    fn host() -> HostFacts {
        let map = vec![IdRange { container_id: 0, host_id: 0, size: u32::MAX }];
        HostFacts {
            uid_map: map.clone(),
            gid_map: map,
            cgroup_limits: true,
            swap_accounting: true,
            hostname: "vm".into(),
            nofile: (1024, 4096),
            nproc: (4096, 4096),
            ..HostFacts::default()
        }
    }

    fn image(config: ContainerConfig) -> oci::image::ImageConfig {
        oci::image::ImageConfig { config: Some(config), ..Default::default() }
    }

    fn spec(change: impl FnOnce(&mut ContainerSpec)) -> ContainerSpec {
        let mut spec = ContainerSpec::default();
        spec.process.command = vec!["true".into()];
        change(&mut spec);
        spec
    }

    fn resolved(change: impl FnOnce(&mut ContainerSpec)) -> Result<ResolvedSpec, String> {
        spec(change).resolve(&image(ContainerConfig::default()), &Defaults::default(), &host()).map_err(|e| e.message)
    }

    fn facts() -> RunFacts {
        let mut facts = RunFacts { id: ID.into(), root: "/r".into(), ..RunFacts::default() };
        facts.files.hosts = Some("/f/hosts".into());
        facts
    }

    /// podman 5.8's config.json of `podman run --network none bb true`, but for paths and order.
    #[test]
    fn a_plain_container_is_podmans() {
        let resolved = resolved(|spec| spec.network.set_networks(&["none".into()]).unwrap()).unwrap();
        let oci = resolved.to_oci(&facts());
        let process = oci.process.unwrap();
        assert_eq!(process.args, ["true"]);
        assert_eq!(process.cwd, "/");
        assert_eq!(
            process.env,
            [
                "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
                "container=podman",
                "HOSTNAME=a428470199a9"
            ]
        );
        assert_eq!(process.user.umask, Some(0o22));
        assert_eq!(process.capabilities.unwrap().bounding.len(), 11);
        assert_eq!(oci.hostname.as_deref(), Some("a428470199a9"));
        let linux = oci.linux.unwrap();
        let kinds: Vec<_> = linux.namespaces.iter().map(|namespace| namespace.kind.as_str()).collect();
        assert_eq!(kinds, ["pid", "network", "ipc", "uts", "mount"]);
        assert_eq!(
            serde_json::to_string(&linux.resources).unwrap(),
            r#"{"devices":[{"allow":false,"access":"rwm"}],"pids":{"limit":2048}}"#
        );
        assert_eq!(linux.seccomp.unwrap().default_errno_ret, Some(38));
        assert!(linux.rootfs_propagation.is_none());
        // Files that weren't given are not mounted; the host's name of the hosts file is.
        let hosts = oci.mounts.iter().find(|mount| mount.destination == "/etc/hosts").unwrap();
        assert_eq!(hosts.source.as_deref(), Some("/f/hosts"));
        assert!(!oci.mounts.iter().any(|mount| mount.destination == "/etc/hostname"));
        let shm = oci.mounts.iter().find(|mount| mount.destination == "/dev/shm").unwrap();
        assert_eq!(shm.options.join(","), "nosuid,noexec,nodev,mode=1777,size=67108864");
    }

    #[test]
    fn a_privileged_container_is_open() {
        let resolved = resolved(|spec| spec.security.privileged = Some(true)).unwrap();
        let linux = resolved.to_oci(&facts()).linux.unwrap();
        assert!(linux.seccomp.is_none() && linux.masked_paths.is_empty() && linux.readonly_paths.is_empty());
        assert!(linux.resources.unwrap().devices[0].allow);
        assert_eq!(resolved.capabilities.effective.len(), 41);
    }

    #[test]
    fn namespaces_are_shared_joined_or_new() {
        let resolved = resolved(|spec| {
            spec.namespaces.pid = Namespace::of(NsMode::Host);
            spec.namespaces.uts = Namespace::of(NsMode::Host);
            spec.namespaces.ipc = Namespace { mode: NsMode::Container, value: "abc".into() };
            spec.namespaces.cgroup = Namespace::of(NsMode::Private);
            spec.network.mode = Namespace { mode: NsMode::Path, value: "/run/netns/x".into() };
        })
        .unwrap();
        let mut facts = facts();
        facts.joined.insert("abc".into(), 7);
        let oci = resolved.to_oci(&facts);
        let list: Vec<_> =
            oci.linux.unwrap().namespaces.into_iter().map(|n| (n.kind, n.path.unwrap_or_default())).collect();
        let text = |kind: &str, path: &str| (kind.to_owned(), path.to_owned());
        let expected =
            [text("network", "/run/netns/x"), text("ipc", "/proc/7/ns/ipc"), text("cgroup", ""), text("mount", "")];
        assert_eq!(list, expected);
        assert_eq!(oci.hostname, None);
        assert!(oci.process.unwrap().env.contains(&"HOSTNAME=vm".to_owned()));
    }

    #[test]
    fn the_images_wishes_count_where_the_user_has_none() {
        let config = ContainerConfig {
            user: "app".into(),
            env: vec!["PATH=/p".into(), "X=1".into()],
            cmd: vec!["serve".into()],
            working_dir: "/srv".into(),
            stop_signal: "SIGQUIT".into(),
            labels: [("a".to_owned(), "image".to_owned()), ("b".to_owned(), "image".to_owned())].into(),
            ..ContainerConfig::default()
        };
        let mut spec = ContainerSpec::default();
        spec.process.env.insert("X".into(), "2".into());
        spec.identity.labels.insert("a".into(), "user".into());
        let resolved = spec.resolve(&image(config), &Defaults::default(), &host()).unwrap();
        assert_eq!(resolved.args, ["serve"]);
        assert_eq!((resolved.user.as_str(), resolved.cwd.as_str(), resolved.stop_signal), ("app", "/srv", 3));
        assert_eq!(resolved.env, ["PATH=/p", "container=podman", "X=2"]);
        assert_eq!((resolved.labels["a"].as_str(), resolved.labels["b"].as_str()), ("user", "image"));
        assert!(resolved.capabilities.effective.is_empty());
    }

    #[test]
    fn env_comes_from_the_host_only_when_asked() {
        let mut host = host();
        host.env = [("SECRET", "1"), ("http_proxy", "p")].map(|(k, v)| (k.into(), v.into())).into();
        let env = |change: fn(&mut ContainerSpec)| {
            spec(change).resolve(&image(ContainerConfig::default()), &Defaults::default(), &host).unwrap().env.join(" ")
        };
        assert!(!env(|_| ()).contains("SECRET") && env(|_| ()).contains("http_proxy=p"));
        assert!(env(|spec| spec.process.env_host = Some(true)).contains("SECRET=1"));
        assert!(!env(|spec| spec.process.http_proxy = Some(false)).contains("proxy"));
        assert!(env(|spec| spec.process.terminal = true).contains("TERM=xterm"));
        assert_eq!(env(|spec| spec.process.unset_env_all = true), "");
    }

    #[test]
    fn conflicts_are_refused() {
        let message = |change: fn(&mut ContainerSpec)| resolved(change).unwrap_err();
        assert_eq!(
            message(|spec| {
                spec.namespaces.uts = Namespace::of(NsMode::Host);
                spec.identity.hostname = "x".into();
            }),
            "invalid config provided: cannot set hostname when running in the host UTS namespace: invalid configuration"
        );
        assert_eq!(
            message(|spec| {
                spec.namespaces.ipc = Namespace::of(NsMode::Host);
                spec.mounts.shm_size = Some(1);
            }),
            "invalid config provided: cannot set shmsize when running in the host IPC Namespace"
        );
        assert!(message(|spec| spec.identity.name = "a/b".into()).contains("names must match"));
        assert!(message(|spec| spec.process.command.clear()).starts_with("no command or entrypoint provided"));
        assert!(message(|spec| spec.namespaces.pid = Namespace::of(NsMode::Pod)).contains("pod namespace"));
    }

    #[test]
    fn volumes_are_bound_where_the_engine_has_them() {
        let resolved = resolved(|spec| spec.mounts.add_volume("data:/x:ro", "/".as_ref()).unwrap()).unwrap();
        let mut facts = facts();
        facts.volumes.insert("data".into(), PathBuf::from("/v/data"));
        let oci = resolved.to_oci(&facts);
        let mount = oci.mounts.iter().find(|mount| mount.destination == "/x").unwrap();
        assert_eq!(mount.source.as_deref(), Some("/v/data"));
        assert_eq!(mount.options.join(","), "ro,rprivate,nosuid,nodev,rbind");
    }

    #[test]
    fn a_keep_id_user_has_a_name_inside() {
        let map = vec![
            IdRange { container_id: 0, host_id: 1000, size: 1 },
            IdRange { container_id: 1, host_id: 100_000, size: 65536 },
        ];
        let host = HostFacts {
            rootless: true,
            uid: 1000,
            gid: 100,
            user_name: "me".into(),
            group_name: "users".into(),
            uid_map: map.clone(),
            gid_map: map,
            ..HostFacts::default()
        };
        let spec = spec(|spec| spec.users.set_userns("keep-id").unwrap());
        let resolved = spec.resolve(&image(ContainerConfig::default()), &Defaults::default(), &host).unwrap();
        assert_eq!(resolved.user, "1000:100");
        assert_eq!(resolved.passwd_line.as_deref(), Some("me:*:1000:100:me:/:/bin/sh"));
        assert_eq!(resolved.group_line.as_deref(), Some("users:x:100:me"));
        let linux = resolved.to_oci(&facts()).linux.unwrap();
        assert_eq!(linux.uid_mappings.len(), 3);
        assert!(linux.namespaces.iter().any(|namespace| namespace.kind == "user"));
    }

    #[test]
    fn json_reads_back() {
        let resolved = resolved(|spec| {
            spec.network.publish("8080:80").unwrap();
            spec.network.add_exposed("81/udp").unwrap();
            spec.mounts.add_tmpfs("/t").unwrap();
            spec.life.set_restart("on-failure:3").unwrap();
            spec.mounts.add_volume("/anon", "/".as_ref()).unwrap();
        })
        .unwrap();
        let text = serde_json::to_string(&resolved).unwrap();
        assert_eq!(serde_json::from_str::<ResolvedSpec>(&text).unwrap(), resolved);
        let empty: ResolvedSpec = serde_json::from_str("{}").unwrap();
        assert_eq!(empty, ResolvedSpec::default());
    }

    #[test]
    fn libpods_create_body_is_understood() {
        let body = r#"{"name":"web","image":"bb","command":["sh"],"env":{"A":"b"},"terminal":null,"netns":{"nsmode":"bridge"},
            "portmappings":[{"container_port":80,"host_port":8080,"host_ip":"","protocol":"tcp,udp"}],"expose":{"81":"tcp"},
            "Networks":{"podman":{"static_ips":["10.88.0.9"]}},"resource_limits":{"memory":{"limit":1048576}},"labels":null,
            "volumes":[{"Name":"v","Dest":"/v","Options":null}],"pidns":{"nsmode":"host"},"unknown_field":1}"#;
        let spec: ContainerSpec = serde_json::from_str(body).unwrap();
        assert_eq!(spec.network.expose[&81], "tcp");
        let resolved = spec.resolve(&image(ContainerConfig::default()), &Defaults::default(), &host()).unwrap();
        assert_eq!(resolved.network.ports.len(), 2);
        assert_eq!(resolved.network.networks[0].0, "podman");
        assert_eq!(resolved.resources.memory.unwrap().swap, Some(2 << 20));
        assert_eq!(resolved.namespaces.pid.mode, NsMode::Host);
    }
}
