//! `inspect`: everything about a container, as Podman's JSON.

use super::list::status_of;
use super::{port, resolve_name};
use crate::state::containers::Full;
use crate::state::live::{Live, RunState};
use crate::{Engine, Error};
use oci::runtime::Resources;
use serde::Serialize;
use serde_json::{Map, Value, json};
use spec::mounts::{ResolvedMount, Source};
use spec::namespaces::{Namespace, NsMode};
use spec::{ResolvedSpec, life::Restart};
use std::collections::BTreeMap;

/// Go's zero time.
const NEVER: &str = "0001-01-01T00:00:00Z";

/// Podman's `inspect` object.
#[derive(Debug, Clone, Serialize)]
#[serde(transparent)]
pub struct ContainerInspect(
    /// The whole object.
    pub serde_json::Value,
);

/// `size`: also count bytes.
pub fn inspect(engine: &Engine, name: &str, size: bool) -> Result<ContainerInspect, Error> {
    let id = resolve_name(engine, name)?;
    if matches!(engine.runs().live(&id)?, Live::Dead(_) | Live::Exited(..)) {
        super::cleanup::reconcile(engine, Some(&id));
    }
    let live = engine.runs().live(&id)?;
    let full = engine.database()?.full(&id)?.ok_or_else(|| Error::NoSuchContainer(name.to_owned()))?;
    let view = View { engine, full: &full, live: &live, spec: &full.spec, folder: engine.runs().of(&id) };
    let mut object = view.object()?;
    if size {
        let size = super::size::of(engine, &id, &full.container.image_id)?;
        object.insert("SizeRw".into(), json!(size.rw_size));
        object.insert("SizeRootFs".into(), json!(size.root_fs_size));
    }
    Ok(ContainerInspect(Value::Object(object)))
}

struct View<'a> {
    engine: &'a Engine,
    full: &'a Full,
    live: &'a Live,
    spec: &'a ResolvedSpec,
    folder: std::path::PathBuf,
}

fn or_never(time: &str) -> &str {
    if time.is_empty() { NEVER } else { time }
}

impl View<'_> {
    fn object(&self) -> Result<Map<String, Value>, Error> {
        let row = &self.full.container;
        let engine = self.engine;
        let created = jiff::Timestamp::from_nanosecond(row.created.into()).unwrap_or_default();
        let image = oci::Digest::from_sha256_hex(&row.image_id).ok();
        let image = image.and_then(|id| engine.store().image(&id).ok().flatten());
        let own = engine.store().container_dir(&row.id);
        let file = |name: &str| self.folder.join("files").join(name).display().to_string();
        let restarts = self.live.state().map_or(row.last.restarts, |state| state.restarts);
        let value = json!({
            "Id": row.id,
            "Created": created.to_string(),
            "Path": self.spec.args.first().cloned().unwrap_or_default(),
            "Args": self.spec.args.get(1..).unwrap_or_default(),
            "State": self.state(),
            "Image": row.image_id,
            "ImageDigest": image.as_ref().map(|image| image.manifest.to_string()).unwrap_or_default(),
            "ImageName": row.image_name,
            "Rootfs": "",
            "Pod": "",
            "ResolvConfPath": file("resolv.conf"),
            "HostnamePath": file("hostname"),
            "HostsPath": file("hosts"),
            "StaticDir": own.display().to_string(),
            "OCIRuntime": "minke",
            "ConmonPidFile": self.spec.spec.life.monitor_pid_file,
            "PidFile": self.spec.spec.life.pid_file,
            "Name": row.name,
            "RestartCount": restarts,
            "Driver": "overlay",
            "MountLabel": "",
            "ProcessLabel": "",
            "AppArmorProfile": self.spec.apparmor_profile.clone().unwrap_or_default(),
            "EffectiveCaps": self.spec.capabilities.effective,
            "BoundingCaps": self.spec.capabilities.bounding,
            "ExecIDs": [],
            "GraphDriver": self.graph_driver(),
            "Mounts": self.mounts()?,
            "Dependencies": engine.database()?.needs(&row.id)?,
            "NetworkSettings": self.network(),
            "Namespace": "",
            "IsInfra": false,
            "IsService": false,
            "KubeExitCodePropagation": "invalid",
            "lockNumber": 0,
            "Config": self.config(),
            "HostConfig": self.host_config(),
            "UseImageHosts": !self.spec.network.write_hosts,
            "UseImageHostname": !self.spec.network.write_hostname,
        });
        match value {
            Value::Object(object) => Ok(object),
            _ => Ok(Map::new()),
        }
    }

    fn state(&self) -> Value {
        let last = &self.full.container.last;
        let status = status_of(self.live, last);
        let state = self.live.state();
        let running = matches!(status, "running" | "restarting");
        let exit = match self.live {
            Live::Exited(exit, _) => Some(exit),
            _ => None,
        };
        let started = state.map(|s| s.started.as_str()).filter(|s| !s.is_empty()).unwrap_or(&last.started);
        let finished = exit.map_or(last.finished.as_str(), |exit| exit.finished.as_str());
        let cgroup = crate::sandbox::cgroups_path(self.engine, &self.full.container.id, self.spec);
        json!({
            "OciVersion": oci::runtime::VERSION,
            "Status": status,
            "Running": running,
            "Paused": false,
            "Restarting": status == "restarting",
            "OOMKilled": exit.map_or(last.oom, |exit| exit.oom),
            "Dead": false,
            "Pid": state.filter(|_| running).map_or(0, |state| state.pid),
            "ConmonPid": state.filter(|_| running).map_or(0, |state| state.monitor),
            "ExitCode": if running { 0 } else { exit.map_or(last.exit_code, |exit| exit.code) },
            "Error": exit.map_or(last.error.as_str(), |exit| exit.error.as_str()),
            "StartedAt": or_never(started),
            "FinishedAt": or_never(finished),
            "CgroupPath": cgroup.unwrap_or_default(),
            "CheckpointedAt": NEVER,
            "RestoredAt": NEVER,
        })
    }

    fn graph_driver(&self) -> Value {
        let Ok(dirs) = self.engine.store().root(&self.full.container.id, &self.full.layers) else {
            return json!({"Name": "overlay", "Data": {}});
        };
        let lower: Vec<String> = dirs.lower.iter().map(|path| path.display().to_string()).collect();
        json!({"Name": "overlay", "Data": {
            "LowerDir": lower.join(":"),
            "MergedDir": dirs.merged,
            "UpperDir": dirs.upper,
            "WorkDir": dirs.work,
        }})
    }

    fn mounts(&self) -> Result<Vec<Value>, Error> {
        let asked = self.spec.mounts.iter().filter(|mount| mount.asked);
        asked.filter_map(|mount| self.mount(mount).transpose()).collect()
    }

    /// Podman shows binds, volumes and images; tmpfs is in HostConfig.
    fn mount(&self, mount: &ResolvedMount) -> Result<Option<Value>, Error> {
        let is = |word: &str| mount.options.iter().any(|option| option == word);
        let propagation = ["rprivate", "private", "rshared", "shared", "rslave", "slave", "runbindable", "unbindable"];
        let found = propagation.into_iter().find(|word| is(word)).unwrap_or("rprivate");
        let (kind, name, source, driver) = match &mount.source {
            Source::Bind(path) => ("bind", None, path.clone(), ""),
            Source::Volume { name, .. } => {
                let folder = self.engine.store().create_volume_dir(name)?;
                ("volume", Some(name.clone()), folder.display().to_string(), "local")
            }
            _ => return Ok(None),
        };
        let shown =
            |option: &&String| !propagation.contains(&option.as_str()) && !matches!(option.as_str(), "ro" | "rw");
        let options: Vec<&String> = mount.options.iter().filter(shown).collect();
        let mut object = Map::new();
        object.insert("Type".into(), json!(kind));
        if let Some(name) = name {
            object.insert("Name".into(), json!(name));
        }
        for (key, value) in [
            ("Source", json!(source)),
            ("Destination", json!(mount.destination)),
            ("Driver", json!(driver)),
            ("Mode", json!("")),
            ("Options", json!(options)),
            ("RW", json!(!is("ro"))),
            ("Propagation", json!(found)),
        ] {
            object.insert(key.into(), value);
        }
        Ok(Some(Value::Object(object)))
    }

    fn run_state(&self) -> Option<&RunState> {
        self.live.state().filter(|_| matches!(self.live, Live::Running(_)))
    }

    fn network(&self) -> Value {
        let state = self.run_state();
        let ports = state.map(|state| &state.network.ports).filter(|ports| !ports.is_empty());
        let ports = bindings(ports.unwrap_or(&self.full.container.summary.ports), &self.spec.network.exposed);
        let interfaces: Vec<Value> =
            state.map(|state| state.network.interfaces.iter().map(|i| self.interface(i)).collect()).unwrap_or_default();
        let mut networks = Map::new();
        for (index, (name, _)) in self.spec.network.networks.iter().enumerate() {
            let interface = interfaces.get(index).cloned().unwrap_or_else(|| self.interface(&none()));
            networks.insert(name.clone(), interface);
        }
        let sandbox = state.map(|state| format!("/proc/{}/ns/net", state.pid)).unwrap_or_default();
        let first = interfaces.first().cloned().unwrap_or_else(|| self.interface(&none()));
        let get = |key: &str| first.get(key).cloned().unwrap_or(Value::Null);
        let mut object = json!({
            "EndpointID": "",
            "Gateway": get("Gateway"),
            "IPAddress": get("IPAddress"),
            "IPPrefixLen": get("IPPrefixLen"),
            "IPv6Gateway": get("IPv6Gateway"),
            "GlobalIPv6Address": get("GlobalIPv6Address"),
            "GlobalIPv6PrefixLen": get("GlobalIPv6PrefixLen"),
            "MacAddress": get("MacAddress"),
            "Bridge": "",
            "SandboxID": "",
            "HairpinMode": false,
            "LinkLocalIPv6Address": "",
            "LinkLocalIPv6PrefixLen": 0,
            "Ports": ports,
            "SandboxKey": sandbox,
        });
        if !networks.is_empty()
            && let Some(object) = object.as_object_mut()
        {
            object.insert("Networks".into(), Value::Object(networks));
        }
        object
    }

    fn interface(&self, interface: &network::Interface) -> Value {
        let v4 = interface.addresses.iter().find(|net| net.addr.is_ipv4());
        let v6 = interface.addresses.iter().find(|net| net.addr.is_ipv6());
        let gateway = |wanted: bool| {
            let found = interface.gateways.iter().find(|gateway| gateway.is_ipv4() == wanted);
            found.map(ToString::to_string).unwrap_or_default()
        };
        let address = |net: Option<&network::IpNet>| net.map(|net| net.addr.to_string()).unwrap_or_default();
        let prefix = |net: Option<&network::IpNet>| net.map_or(0, |net| net.prefix);
        let short: String = self.full.container.id.chars().take(12).collect();
        json!({
            "EndpointID": "",
            "Gateway": gateway(true),
            "IPAddress": address(v4),
            "IPPrefixLen": prefix(v4),
            "IPv6Gateway": gateway(false),
            "GlobalIPv6Address": address(v6),
            "GlobalIPv6PrefixLen": prefix(v6),
            "MacAddress": interface.mac,
            "NetworkID": interface.network,
            "DriverOpts": null,
            "IPAMConfig": null,
            "Links": null,
            "Aliases": [short],
        })
    }

    fn config(&self) -> Value {
        let spec = self.spec;
        let hostname = crate::network::hostname(&self.full.container.id, spec);
        let exposed: BTreeMap<&String, Value> = spec.network.exposed.iter().map(|port| (port, json!({}))).collect();
        let mut env = spec.env.clone();
        if !env.iter().any(|variable| variable.starts_with("HOSTNAME=")) {
            env.push(format!("HOSTNAME={hostname}"));
        }
        let mut object = json!({
            "Hostname": hostname,
            "Domainname": "",
            "User": spec.user,
            "AttachStdin": false,
            "AttachStdout": false,
            "AttachStderr": false,
            "Tty": spec.terminal,
            "OpenStdin": spec.stdin,
            "StdinOnce": false,
            "Env": env,
            "Cmd": spec.command,
            "Image": self.full.container.image_name,
            "Volumes": null,
            "WorkingDir": spec.cwd,
            "Entrypoint": (!spec.entrypoint.is_empty()).then_some(&spec.entrypoint),
            "OnBuild": null,
            "Labels": (!spec.labels.is_empty()).then_some(&spec.labels),
            "Annotations": (!spec.annotations.is_empty()).then_some(&spec.annotations),
            "StopSignal": spec::signal::name(spec.stop_signal),
            "HealthcheckOnFailureAction": "none",
            "HealthLogDestination": "local",
            "HealthcheckMaxLogCount": 5,
            "HealthcheckMaxLogSize": 500,
            "CreateCommand": spec.spec.identity.create_command,
            "Umask": format!("{:04o}", spec.umask),
            "Timeout": spec.spec.life.timeout,
            "StopTimeout": spec.stop_timeout,
            "Passwd": spec.spec.process.manage_passwd.unwrap_or(true),
            "sdNotifyMode": "container",
        });
        if !exposed.is_empty()
            && let Some(object) = object.as_object_mut()
        {
            object.insert("ExposedPorts".into(), json!(exposed));
        }
        object
    }

    fn host_config(&self) -> Value {
        let spec = self.spec;
        let (restart, tries) = match spec.restart {
            Restart::No => ("no", 0),
            Restart::OnFailure { tries } => ("on-failure", tries.unwrap_or(0)),
            Restart::Always => ("always", 0),
            Restart::UnlessStopped => ("unless-stopped", 0),
        };
        let log = crate::sandbox::log_config_of(self.engine, &self.full.container.id, spec);
        let driver = match log.driver {
            monitor::log::Driver::K8sFile => "k8s-file",
            monitor::log::Driver::JsonFile => "json-file",
            monitor::log::Driver::None => "none",
            monitor::log::Driver::Passthrough => "passthrough",
        };
        let cid = self.full.container.summary.cidfile.clone();
        let ports = &self.full.container.summary.ports;
        let mut object = json!({
            "Binds": self.binds(),
            "CgroupManager": "cgroupfs",
            "CgroupMode": mode(&spec.namespaces.cgroup),
            "ContainerIDFile": cid,
            "LogConfig": {
                "Type": driver,
                "Config": (!spec.log.options.is_empty()).then_some(&spec.log.options),
                "Path": if driver == "none" { String::new() } else { log.path.display().to_string() },
                "Tag": log.tag,
                "Size": log.max_size.map_or_else(|| "-1B".to_owned(), human),
            },
            "NetworkMode": mode(&spec.network.mode),
            "PortBindings": bindings(ports, &[]),
            "RestartPolicy": {"Name": restart, "MaximumRetryCount": tries},
            "AutoRemove": spec.remove,
            "AutoRemoveImage": spec.spec.life.remove_image,
            "Annotations": (!spec.annotations.is_empty()).then_some(&spec.annotations),
            "VolumeDriver": "",
            "VolumesFrom": (!spec.spec.mounts.volumes_from.is_empty()).then_some(&spec.spec.mounts.volumes_from),
            "CapAdd": spec.spec.security.cap_add,
            "CapDrop": spec.spec.security.cap_drop,
            "Dns": spec.network.dns_servers,
            "DnsOptions": spec.network.dns_options,
            "DnsSearch": spec.network.dns_search,
            "ExtraHosts": spec.spec.network.add_hosts,
            "HostsFile": spec.network.base_hosts_file,
            "GroupAdd": spec.groups,
            "IpcMode": mode(&spec.namespaces.ipc),
            "Cgroup": "",
            "Cgroups": "default",
            "Links": null,
            "OomScoreAdj": spec.oom_score_adj.unwrap_or(0),
            "PidMode": mode(&spec.namespaces.pid),
            "Privileged": spec.privileged,
            "PublishAllPorts": spec.spec.network.publish_all,
            "ReadonlyRootfs": spec.read_only,
            "SecurityOpt": self.security_options(),
            "Tmpfs": self.tmpfs(),
            "UTSMode": mode(&spec.namespaces.uts),
            "UsernsMode": if spec.uid_map.is_empty() { "" } else { "private" },
            "IDMappings": self.id_mappings(),
            "ShmSize": spec.shm_size,
            "Runtime": "oci",
            "ConsoleSize": [0, 0],
            "Isolation": "",
        });
        if let Some(object) = object.as_object_mut() {
            if spec.uid_map.is_empty() {
                object.shift_remove("IDMappings");
            }
            limits(&spec.resources, object);
            object.insert("Ulimits".into(), json!(self.ulimits()));
            for (key, value) in [
                ("CpuCount", json!(0)),
                ("CpuPercent", json!(0)),
                ("IOMaximumIOps", json!(0)),
                ("IOMaximumBandwidth", json!(0)),
                ("CgroupConf", json!((!spec.resources.unified.is_empty()).then_some(&spec.resources.unified))),
            ] {
                object.insert(key.into(), value);
            }
        }
        object
    }

    fn binds(&self) -> Vec<String> {
        let asked = self.spec.mounts.iter().filter(|mount| mount.asked);
        asked
            .filter_map(|mount| {
                let source = match &mount.source {
                    Source::Bind(path) => path,
                    Source::Volume { name, .. } => name,
                    _ => return None,
                };
                let ro = mount.options.iter().any(|option| option == "ro");
                let mut options = vec![if ro { "ro" } else { "rw" }];
                options.extend(mount.options.iter().map(String::as_str).filter(|o| !matches!(*o, "ro" | "rw")));
                Some(format!("{source}:{}:{}", mount.destination, options.join(",")))
            })
            .collect()
    }

    fn tmpfs(&self) -> BTreeMap<String, String> {
        let asked = self.spec.mounts.iter().filter(|mount| mount.asked);
        let tmpfs = asked.filter(|mount| matches!(&mount.source, Source::Kernel(kind) if kind == "tmpfs"));
        tmpfs.map(|mount| (mount.destination.clone(), mount.options.join(","))).collect()
    }

    fn security_options(&self) -> Vec<String> {
        let wish = &self.spec.spec.security;
        let mut options = Vec::new();
        if !wish.seccomp_profile_path.is_empty() {
            options.push(format!("seccomp={}", wish.seccomp_profile_path));
        }
        if self.spec.no_new_privileges {
            options.push("no-new-privileges".to_owned());
        }
        if !wish.unmask.is_empty() {
            options.push(format!("unmask={}", wish.unmask.join(":")));
        }
        if !wish.mask.is_empty() {
            options.push(format!("mask={}", wish.mask.join(":")));
        }
        options
    }

    fn id_mappings(&self) -> Value {
        let map = |ranges: &[spec::users::IdRange]| -> Vec<String> {
            ranges.iter().map(|r| format!("{}:{}:{}", r.container_id, r.host_id, r.size)).collect()
        };
        json!({"UidMap": map(&self.spec.uid_map), "GidMap": map(&self.spec.gid_map)})
    }

    fn ulimits(&self) -> Vec<Value> {
        let limit = |n: u64| if n == u64::MAX { -1 } else { i64::try_from(n).unwrap_or(i64::MAX) };
        let limits = self.spec.rlimits.iter();
        limits.map(|l| json!({"Name": l.kind, "Soft": limit(l.soft), "Hard": limit(l.hard)})).collect()
    }
}

/// A namespace as Podman's inspect writes it.
fn mode(namespace: &Namespace) -> String {
    match namespace.mode {
        NsMode::Container => format!("container:{}", namespace.value),
        NsMode::Path => format!("ns:{}", namespace.value),
        other => match serde_json::to_value(other) {
            Ok(Value::String(text)) => text,
            _ => String::new(),
        },
    }
}

fn none() -> network::Interface {
    network::Interface {
        network: String::new(),
        bridge: String::new(),
        name: String::new(),
        host_name: String::new(),
        mac: String::new(),
        addresses: Vec::new(),
        gateways: Vec::new(),
    }
}

/// `80/tcp` → where it is published; exposed ones that aren't are `null`.
fn bindings(ports: &[network::PortMapping], exposed: &[String]) -> Value {
    let mut map: BTreeMap<String, Option<Vec<Value>>> = exposed.iter().map(|port| (port.clone(), None)).collect();
    for port in port::unfold(ports) {
        let key = format!("{}/{}", port.container_port, port.protocol);
        let binding = json!({"HostIp": port.host_ip, "HostPort": port.host_port.to_string()});
        map.entry(key).or_default().get_or_insert_default().push(binding);
    }
    json!(map)
}

/// Numbers of cgroup limits; 0: none.
fn limits(resources: &Resources, object: &mut Map<String, Value>) {
    let cpu = resources.cpu.clone().unwrap_or_default();
    let memory = resources.memory.clone().unwrap_or_default();
    let block = resources.block_io.clone().unwrap_or_default();
    let (quota, period) = (cpu.quota.unwrap_or(0), cpu.period.unwrap_or(0));
    let nano = if quota > 0 && period > 0 { quota.saturating_mul(1_000_000_000) / period as i64 } else { 0 };
    for (key, value) in [
        ("CpuShares", json!(cpu.shares.unwrap_or(0))),
        ("Memory", json!(memory.limit.unwrap_or(0))),
        ("NanoCpus", json!(nano)),
        ("CgroupParent", json!("")),
        ("BlkioWeight", json!(block.weight.unwrap_or(0))),
        ("BlkioWeightDevice", Value::Null),
        ("BlkioDeviceReadBps", Value::Null),
        ("BlkioDeviceWriteBps", Value::Null),
        ("BlkioDeviceReadIOps", Value::Null),
        ("BlkioDeviceWriteIOps", Value::Null),
        ("CpuPeriod", json!(period)),
        ("CpuQuota", json!(quota)),
        ("CpuRealtimePeriod", json!(cpu.realtime_period.unwrap_or(0))),
        ("CpuRealtimeRuntime", json!(cpu.realtime_runtime.unwrap_or(0))),
        ("CpusetCpus", json!(cpu.cpus.unwrap_or_default())),
        ("CpusetMems", json!(cpu.mems.unwrap_or_default())),
        ("Devices", json!([])),
        ("DiskQuota", json!(0)),
        ("KernelMemory", json!(0)),
        ("MemoryReservation", json!(memory.reservation.unwrap_or(0))),
        ("MemorySwap", json!(memory.swap.unwrap_or(0))),
        ("MemorySwappiness", json!(memory.swappiness.unwrap_or(0))),
        ("OomKillDisable", json!(memory.disable_oom_killer.unwrap_or(false))),
        ("PidsLimit", json!(resources.pids.as_ref().and_then(|pids| pids.limit).unwrap_or(0))),
    ] {
        object.insert(key.into(), value);
    }
}

/// go-units' decimal size: four digits at most.
fn human(bytes: u64) -> String {
    let (mut value, mut unit) = (bytes as f64, "B");
    for next in ["kB", "MB", "GB", "TB"] {
        if value < 1000.0 {
            break;
        }
        value /= 1000.0;
        unit = next;
    }
    let text = format!("{value:.3}");
    let digits = text.get(..5).unwrap_or(&text).trim_end_matches('0').trim_end_matches('.');
    format!("{digits}{unit}")
}

#[cfg(test)]
mod tests {
    #[test]
    fn sizes() {
        for (bytes, text) in [(0, "0B"), (512, "512B"), (10_240, "10.24kB"), (1_000_000, "1MB")] {
            assert_eq!(super::human(bytes), text);
        }
    }
}
