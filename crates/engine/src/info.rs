//! `info` and `version`: where everything is and what this host offers, in Podman's structure.

use crate::container::{ListOptions, list};
use crate::{Engine, Error, Privilege};
use serde::Serialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// `info`: field names and nesting are Podman's JSON.
#[derive(Debug, Clone, Serialize)]
pub struct Info {
    /// This machine and how containers run on it.
    pub host: serde_json::Value,
    /// Where containers, images and volumes are.
    pub store: serde_json::Value,
    /// Search list, blocked and insecure registries.
    pub registries: serde_json::Value,
    /// What can be chosen.
    pub plugins: serde_json::Value,
    /// See [`Version`].
    pub version: Version,
}

/// `version`.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Version {
    /// Of libpod's API that we follow.
    #[serde(rename = "APIVersion")]
    pub api_version: String,
    /// Ours.
    pub version: String,
    /// Compiler.
    pub go_version: String,
    /// Commit.
    pub git_commit: String,
    /// The commit's date, text.
    pub built_time: String,
    /// The same in seconds since 1970.
    pub built: i64,
    /// `linux/amd64`.
    pub os_arch: String,
    /// `linux`.
    pub os: String,
}

/// Podman's version whose behaviour and API are followed.
const FOLLOWED: &str = "5.8.6";

/// Our version.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// What the program was built from; empty texts where that isn't known.
#[derive(Debug, Clone, Copy, Default)]
pub struct Build {
    /// The commit's hash.
    pub commit: &'static str,
    /// The commit's date, or `SOURCE_DATE_EPOCH`: seconds since 1970.
    pub date: &'static str,
    /// `rustc 1.95.0`
    pub compiler: &'static str,
}

/// Collects it.
pub fn info(engine: &Engine, build: Build) -> Result<Info, Error> {
    Ok(Info {
        host: host(engine),
        store: store(engine)?,
        registries: registries(engine)?,
        plugins: json!({
            "volume": ["local"],
            "network": ["bridge"],
            "log": ["k8s-file", "json-file", "none", "passthrough"],
            "authorization": null,
        }),
        version: version(build),
    })
}

/// Needs no engine.
pub fn version(build: Build) -> Version {
    let built = build.date.parse().ok().and_then(|seconds| jiff::Timestamp::from_second(seconds).ok());
    Version {
        api_version: FOLLOWED.to_owned(),
        version: VERSION.to_owned(),
        go_version: build.compiler.to_owned(),
        git_commit: build.commit.to_owned(),
        built_time: built.map(|built| built.strftime("%a %b %e %H:%M:%S %Y").to_string()).unwrap_or_default(),
        built: built.map_or(0, jiff::Timestamp::as_second),
        os_arch: format!("linux/{}", architecture()),
        os: "linux".to_owned(),
    }
}

/// GOARCH.
fn architecture() -> &'static str {
    match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        "x86" => "386",
        "powerpc64" => "ppc64le",
        other => other,
    }
}

fn host(engine: &Engine) -> Value {
    let uname = rustix::system::uname();
    let text = |name: &std::ffi::CStr| name.to_string_lossy().into_owned();
    let memory = fields("/proc/meminfo", ':');
    let bytes = |key: &str| -> u64 {
        let kilobytes = memory.get(key).and_then(|value| value.split(' ').next()?.parse::<u64>().ok());
        kilobytes.unwrap_or(0) * 1024
    };
    let release = fields("/etc/os-release", '=');
    let os = |key: &str| release.get(key).map(|v| v.trim_matches('"').to_owned());
    let v2 = runtime::cgroup::version() == runtime::cgroup::Version::V2;
    let pasta = network::pasta::find();
    let rootless = engine.privilege().is_rootless();
    json!({
        "arch": architecture(),
        "buildahVersion": "",
        "cgroupManager": crate::sandbox::cgroup::name(engine),
        "cgroupVersion": if v2 { "v2" } else { "v1" },
        "cgroupControllers": controllers(v2),
        "conmon": {"package": "", "path": own_path(), "version": format!("built into minke {}", VERSION)},
        "cpus": std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
        "cpuUtilization": cpu_use(),
        "databaseBackend": "sqlite",
        "distribution": {
            "distribution": os("ID").unwrap_or_else(|| "unknown".to_owned()),
            "version": os("VERSION_ID").unwrap_or_else(|| "unknown".to_owned()),
            "codename": os("VERSION_CODENAME").unwrap_or_default(),
        },
        "eventLogger": "none",
        "freeLocks": null,
        "hostname": text(uname.nodename()),
        "idMappings": {"gidmap": id_map(rootless, "gid_map"), "uidmap": id_map(rootless, "uid_map")},
        "kernel": text(uname.release()),
        "logDriver": "k8s-file",
        "memFree": bytes("MemFree"),
        "memTotal": bytes("MemTotal"),
        "networkBackend": "minke",
        "networkBackendInfo": {
            "backend": "minke",
            "version": format!("minke {}", VERSION),
            "package": "",
            "path": own_path(),
            "dns": {},
            "defaultNetwork": engine.config().network.default_network.clone().unwrap_or_else(|| "podman".to_owned()),
        },
        "ociRuntime": {
            "name": "minke",
            "package": "",
            "path": own_path(),
            "version": format!("minke {}\nspec: {}", VERSION, oci::runtime::VERSION),
        },
        "os": "linux",
        "remoteSocket": {"path": "", "exists": false},
        "rootlessNetworkCmd": "pasta",
        "serviceIsRemote": false,
        "security": {
            "apparmorEnabled": fs::read("/sys/module/apparmor/parameters/enabled").is_ok_and(|t| t.starts_with(b"Y")),
            "capabilities": default_capabilities(engine),
            "rootless": rootless,
            "seccompEnabled": Path::new("/proc/sys/kernel/seccomp").exists(),
            "seccompProfilePath": engine.config().containers.seccomp_profile.clone().unwrap_or_default(),
            "selinuxEnabled": Path::new("/sys/fs/selinux/enforce").exists(),
        },
        "slirp4netns": {"executable": "", "package": "", "version": ""},
        "pasta": {"executable": pasta.map(|path| path.display().to_string()).unwrap_or_default(), "package": "", "version": ""},
        "swapFree": bytes("SwapFree"),
        "swapTotal": bytes("SwapTotal"),
        "uptime": uptime(),
        "variant": "",
        "linkmode": "static",
    })
}

fn own_path() -> String {
    std::env::current_exe().map(|path| path.display().to_string()).unwrap_or_default()
}

fn fields(path: &str, separator: char) -> BTreeMap<String, String> {
    let text = fs::read_to_string(path).unwrap_or_default();
    let pairs = text.lines().filter_map(|line| line.split_once(separator));
    pairs.map(|(key, value)| (key.to_owned(), value.trim().to_owned())).collect()
}

fn controllers(v2: bool) -> Vec<String> {
    if v2 {
        let text = fs::read_to_string("/sys/fs/cgroup/cgroup.controllers").unwrap_or_default();
        return text.split_whitespace().map(str::to_owned).collect();
    }
    let text = fs::read_to_string("/proc/cgroups").unwrap_or_default();
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines.filter_map(|line| line.split('\t').next().map(str::to_owned)).collect()
}

/// Since boot.
fn cpu_use() -> Value {
    let text = fs::read_to_string("/proc/stat").unwrap_or_default();
    let numbers: Vec<f64> =
        text.lines().next().unwrap_or_default().split_whitespace().filter_map(|n| n.parse().ok()).collect();
    let total: f64 = numbers.iter().sum::<f64>().max(1.0);
    let percent = |value: f64| (value / total * 10_000.0).round() / 100.0;
    let at = |index: usize| numbers.get(index).copied().unwrap_or(0.0);
    json!({
        "userPercent": percent(at(0) + at(1)),
        "systemPercent": percent(at(2)),
        "idlePercent": percent(at(3)),
    })
}

fn id_map(rootless: bool, file: &str) -> Value {
    if !rootless {
        return Value::Null;
    }
    let ranges = sys::id_map::read(format!("/proc/self/{file}")).unwrap_or_default();
    let one = |r: &sys::id_map::IdRange| json!({"container_id": r.inside, "host_id": r.outside, "size": r.count});
    Value::Array(ranges.iter().map(one).collect())
}

fn default_capabilities(engine: &Engine) -> String {
    spec::Defaults::from_conf(engine.config()).map(|defaults| defaults.capabilities.join(",")).unwrap_or_default()
}

/// `0h 36m 17.00s`, with days in brackets.
fn uptime() -> String {
    let text = fs::read_to_string("/proc/uptime").unwrap_or_default();
    let seconds: f64 = text.split(' ').next().and_then(|s| s.parse().ok()).unwrap_or(0.0);
    let (hours, minutes) = ((seconds / 3600.0) as u64, (seconds / 60.0) as u64 % 60);
    let days = if hours >= 24 { format!(" (Approximately {:.2} days)", seconds / 86_400.0) } else { String::new() };
    format!("{hours}h {minutes}m {:.2}s{days}", seconds % 60.0)
}

fn store(engine: &Engine) -> Result<Value, Error> {
    let containers = list(engine, &ListOptions { all: true, ..ListOptions::default() })?;
    let running = containers.iter().filter(|container| container.state == "running").count();
    let location = engine.store().location();
    let disk = rustix::fs::statvfs(&location.root).ok();
    let bytes = |blocks: u64| disk.as_ref().map_or(0, |disk| blocks * disk.f_frsize);
    let (total, free) = disk.as_ref().map_or((0, 0), |disk| (disk.f_blocks, disk.f_bfree));
    Ok(json!({
        "containerStore": {
            "number": containers.len(),
            "paused": 0,
            "running": running,
            "stopped": containers.len() - running,
        },
        "graphDriverName": "overlay",
        "graphOptions": {},
        "graphRoot": engine.graphroot.display().to_string(),
        "graphRootAllocated": bytes(total),
        "graphRootUsed": bytes(total - free),
        "graphStatus": {
            "Native Overlay Diff": (engine.privilege() == Privilege::Root).to_string(),
            "Supports d_type": "true",
            "Using metacopy": "false",
        },
        "imageCopyTmpDir": location.root.join("tmp").display().to_string(),
        "imageStore": {"number": engine.store().images()?.len()},
        "runRoot": engine.runroot.display().to_string(),
        "volumePath": location.root.join("volumes").display().to_string(),
        "transientStore": false,
        "configFile": config_files(engine)?,
    }))
}

/// Those of containers.conf(5) and storage.conf(5) that were read, in order.
fn config_files(engine: &Engine) -> Result<Vec<String>, Error> {
    let storage = config::storage::load(&engine.environment)?;
    Ok(engine.config().files.iter().chain(&storage.files).map(|file| file.display().to_string()).collect())
}

fn registries(engine: &Engine) -> Result<Value, Error> {
    let conf = config::registries::load(&engine.environment).map_err(|error| Error::Invalid(error.to_string()))?;
    let pick = |wanted: fn(&config::registries::Registry) -> bool| -> Vec<&String> {
        conf.registries.iter().filter(|registry| wanted(registry)).map(|registry| &registry.prefix).collect()
    };
    Ok(json!({
        "search": conf.unqualified_search,
        "insecure": pick(|registry| registry.insecure),
        "block": pick(|registry| registry.blocked),
    }))
}
