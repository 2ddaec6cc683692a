//! `Config` and `HostConfig`: what was asked for, as Podman words it.

use super::View;
use super::network::bindings;
use oci::runtime::Resources;
use serde_json::{Map, Value, json};
use spec::life::Restart;
use spec::mounts::Source;
use spec::namespaces::{Namespace, NsMode};
use std::collections::BTreeMap;

impl View<'_> {
    pub(super) fn config(&self) -> Value {
        let spec = self.spec;
        let hostname = crate::network::hostname(&self.full.container.id, spec);
        // What is published is exposed.
        let published = super::port::unfold(&self.full.container.summary.ports).into_iter();
        let published = published.map(|port| format!("{}/{}", port.container_port, port.protocol));
        let exposed: BTreeMap<String, Value> =
            spec.network.exposed.iter().cloned().chain(published).map(|port| (port, json!({}))).collect();
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

    pub(super) fn host_config(&self) -> Value {
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
            "CgroupManager": crate::sandbox::cgroup::name(self.engine),
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
            "UsernsMode": self.users_mode(),
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
        self.asked_mounts()
            .into_iter()
            .filter_map(|mount| {
                let source = match &mount.source {
                    Source::Bind(path) => path,
                    Source::Volume { name, .. } => name,
                    _ => return None,
                };
                // Writing is what is usual.
                let read_only = mount.options.iter().filter(|option| *option == "ro").map(String::as_str);
                let others = mount.options.iter().map(String::as_str).filter(|o| !matches!(*o, "ro" | "rw"));
                let options: Vec<&str> = read_only.chain(others).collect();
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

    /// Whatever made its maps, a namespace of its own is `private`.
    fn users_mode(&self) -> String {
        let user = &self.spec.namespaces.user;
        match user.mode {
            NsMode::Container | NsMode::Path => mode(user),
            _ if self.spec.uid_map.is_empty() => String::new(),
            _ => "private".to_owned(),
        }
    }

    fn id_mappings(&self) -> Value {
        let map = |ranges: &[spec::users::IdRange]| -> Vec<String> {
            ranges.iter().map(|r| format!("{}:{}:{}", r.container_id, r.host_id, r.size)).collect()
        };
        json!({"UidMap": map(&self.spec.uid_map), "GidMap": map(&self.spec.gid_map)})
    }

    fn ulimits(&self) -> Vec<Value> {
        let limit = |n: u64| if n == u64::MAX { -1 } else { i64::try_from(n).unwrap_or(i64::MAX) };
        let mut limits: Vec<_> = self.spec.rlimits.iter().collect();
        limits.sort_by(|a, b| a.kind.cmp(&b.kind));
        limits.iter().map(|l| json!({"Name": l.kind, "Soft": limit(l.soft), "Hard": limit(l.hard)})).collect()
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

/// Numbers of cgroup limits; 0: none.
fn limits(resources: &Resources, object: &mut Map<String, Value>) {
    let cpu = resources.cpu.clone().unwrap_or_default();
    // With any limit of memory, -1: what the kernel does without being told.
    let unset = if resources.memory.is_some() { -1 } else { 0 };
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
        ("MemorySwappiness", memory.swappiness.map_or(json!(unset), |swappiness| json!(swappiness))),
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
