//! `inspect`: everything about a container, as Podman's JSON.

mod config;
mod network;

use super::list::status_of;
use super::{port, resolve_name};
use crate::state::containers::Full;
use crate::state::live::Live;
use crate::{Engine, Error};
use serde::Serialize;
use serde_json::{Map, Value, json};
use spec::ResolvedSpec;
use spec::mounts::{ResolvedMount, Source};

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
        let at = object.keys().position(|key| key == "Mounts").unwrap_or(object.len());
        object.shift_insert(at, "SizeRw".into(), json!(size.rw_size));
        object.shift_insert(at + 1, "SizeRootFs".into(), json!(size.root_fs_size));
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
            "EffectiveCaps": Some(&self.spec.capabilities.effective).filter(|caps| !caps.is_empty()),
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
        let cgroup = crate::sandbox::cgroup::shown(self.engine, &self.full.container.id, self.spec, state);
        let mut object = json!({
            "OciVersion": oci::runtime::VERSION,
            "Status": status,
            "Running": running,
            "Paused": false,
            "Restarting": status == "restarting",
            "OOMKilled": exit.map_or(last.oom, |exit| exit.oom),
            "Dead": false,
            "Pid": state.filter(|_| running).map_or(0, |state| state.pid),
            "ConmonPid": state.map(|state| state.monitor),
            "ExitCode": if running { 0 } else { exit.map_or(last.exit_code, |exit| exit.code) },
            "Error": exit.map_or(last.error.as_str(), |exit| exit.error.as_str()),
            "StartedAt": or_never(started),
            "FinishedAt": or_never(finished),
            "CgroupPath": cgroup,
            "CheckpointedAt": NEVER,
            "RestoredAt": NEVER,
        });
        if !running && let Some(object) = object.as_object_mut() {
            ["ConmonPid", "CgroupPath"].iter().for_each(|key| drop(object.shift_remove(*key)));
        }
        object
    }

    fn graph_driver(&self) -> Value {
        let Ok(dirs) = self.engine.store().root(&self.full.container.id, &self.full.layers) else {
            return json!({"Name": "overlay", "Data": {}});
        };
        let lower: Vec<String> = dirs.lower.iter().map(|path| path.display().to_string()).collect();
        let mut data = json!({"LowerDir": lower.join(":"), "UpperDir": dirs.upper, "WorkDir": dirs.work});
        if matches!(self.live, Live::Running(_)) {
            data["MergedDir"] = json!(dirs.merged);
        }
        json!({"Name": "overlay", "Data": data})
    }

    fn mounts(&self) -> Result<Vec<Value>, Error> {
        self.asked_mounts().into_iter().filter_map(|mount| self.mount(mount).transpose()).collect()
    }

    /// Those that the user asked for, volumes first.
    fn asked_mounts(&self) -> Vec<&ResolvedMount> {
        let mut asked: Vec<_> = self.spec.mounts.iter().filter(|mount| mount.asked).collect();
        asked.sort_by_key(|mount| !matches!(mount.source, Source::Volume { .. }));
        asked
    }

    /// Podman shows binds, volumes and images; tmpfs is in HostConfig.
    fn mount(&self, mount: &ResolvedMount) -> Result<Option<Value>, Error> {
        let is = |word: &str| mount.options.iter().any(|option| option == word);
        let propagation = ["rprivate", "private", "rshared", "shared", "rslave", "slave", "runbindable", "unbindable"];
        let found = propagation.into_iter().find(|word| is(word)).unwrap_or("rprivate");
        let (kind, name, source, driver) = match &mount.source {
            Source::Image(name) => return Ok(Some(image_mount(mount, name, !is("ro")))),
            Source::Bind(path) => ("bind", None, path.clone(), ""),
            Source::Volume { name, .. } => {
                let folder = self.engine.store().create_volume_dir(name)?;
                ("volume", Some(name.clone()), folder.display().to_string(), "local")
            }
            _ => return Ok(None),
        };
        let shown =
            |option: &&String| !propagation.contains(&option.as_str()) && !matches!(option.as_str(), "ro" | "rw");
        let mut options: Vec<&str> = mount.options.iter().filter(shown).map(String::as_str).collect();
        if mount.overlay.is_some() {
            options.insert(0, "O");
        }
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
        if !mount.sub_path.is_empty() {
            object.insert("SubPath".into(), json!(mount.sub_path));
        }
        Ok(Some(Value::Object(object)))
    }
}

fn image_mount(mount: &ResolvedMount, name: &str, writable: bool) -> Value {
    let mut object = json!({"Type": "image", "Source": name, "Destination": mount.destination, "Driver": "", "Mode": "",
        "Options": null, "RW": writable, "Propagation": ""});
    if !mount.sub_path.is_empty() {
        object["SubPath"] = json!(format!("/{}", mount.sub_path));
    }
    object
}
