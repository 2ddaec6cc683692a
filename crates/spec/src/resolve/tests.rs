//! The whole way from flags to config.json. What podman does was asked of podman 5.8.

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
        hard_limits: [("RLIMIT_NOFILE".to_owned(), 4096), ("RLIMIT_NPROC".to_owned(), 4096)].into(),
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
fn what_is_not_there_yet_is_an_error() {
    let message = |change: fn(&mut ContainerSpec)| resolved(change).unwrap_err();
    assert_eq!(message(|spec| spec.rootfs.rootfs = "/r".into()), "--rootfs is not supported yet");
    assert_eq!(message(|spec| spec.life.remove_image = true), "--rmi is not supported yet");
}

#[test]
fn selinux_wishes_are_told_where_it_is_on() {
    let host = HostFacts { selinux: true, ..host() };
    let with = |option: &str| {
        let spec = spec(|spec| {
            spec.security.add_option(option).unwrap();
            spec.mounts.add_volume("/tmp:/x:z", "/".as_ref()).unwrap();
        });
        spec.resolve(&image(ContainerConfig::default()), &Defaults::default(), &host)
    };
    assert_eq!(with("label=disable").unwrap().warnings.len(), 1);
    assert!(with("label=type:x").is_err());
}

#[test]
fn without_cgroups_there_are_no_limits() {
    let disabled = |limited: bool| {
        resolved(|spec| {
            spec.namespaces.cgroups_mode = "disabled".into();
            if limited {
                spec.resources.set_memory("1g").unwrap();
            }
        })
    };
    assert_eq!(disabled(false).unwrap().resources, Resources::default());
    assert_eq!(disabled(true).unwrap_err(), "cannot set resource limits when cgroups are disabled");
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
