//! What `spec` must know about this host to resolve a container: gathered as cheaply as the wishes allow.

use crate::{Engine, Error, Privilege};
use rustix::fs::FileType;
use rustix::thread::CapabilitySet;
use spec::facts::{AutoRange, DeviceNode, HostFacts};
use spec::namespaces::NsMode;
use spec::users::{IdMaps, IdRange};
use spec::{ContainerSpec, Defaults};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// Folders of /dev that hold no devices of the host, or are made anew for each container.
const NOT_DEVICES: &[&str] = &["pts", "shm", "fd", "mqueue", ".lxc", ".lxd-mounts", ".udev"];
/// Longest profile that is read.
const PROFILE_LIMIT: u64 = 4 << 20;

/// What of a container's user namespace isn't its own to decide.
#[derive(Default)]
pub(crate) struct Outside {
    /// See [`HostFacts::auto_range`].
    pub(super) auto_range: Option<AutoRange>,
    /// See [`HostFacts::joined_maps`].
    pub(super) joined_maps: IdMaps,
}

/// The facts for one container.
pub(crate) fn host(
    engine: &Engine,
    spec: &ContainerSpec,
    defaults: &Defaults,
    users: Outside,
) -> Result<HostFacts, Error> {
    let (uid, gid) = match engine.privilege() {
        Privilege::Root => (0, 0),
        Privilege::User { uid, gid, .. } => (uid, gid),
    };
    let uname = rustix::system::uname();
    let cgroup_v2 = runtime::cgroup::version() == runtime::cgroup::Version::V2;
    let names = spec.users.userns.mode == NsMode::KeepId || defaults.userns.mode == NsMode::KeepId;
    let limited = spec.resources.limits.is_some();
    let driver = crate::sandbox::cgroup::driver(engine)?;
    Ok(HostFacts {
        rootless: engine.privilege().is_rootless(),
        uid,
        gid,
        user_name: if names { name_of("/etc/passwd", uid) } else { String::new() },
        group_name: if names { name_of("/etc/group", gid) } else { String::new() },
        uid_map: id_map("/proc/self/uid_map")?,
        gid_map: id_map("/proc/self/gid_map")?,
        auto_range: users.auto_range,
        joined_maps: users.joined_maps,
        cgroup_v2,
        cgroup_limits: !engine.privilege().is_rootless() || driver.limits(),
        swap_accounting: limited && (cgroup_v2 || exists("/sys/fs/cgroup/memory/memory.memsw.limit_in_bytes")),
        env: std::env::vars_os().filter_map(|(k, v)| Some((k.into_string().ok()?, v.into_string().ok()?))).collect(),
        hard_limits: match may_pass_limits(engine) {
            true => BTreeMap::new(),
            false => runtime::rlimit::hard().map(|(name, hard)| (name.to_owned(), hard)).collect(),
        },
        lowest_oom_score: match spec.resources.oom_score_adj.or(defaults.oom_score_adj) {
            Some(_) if !may_pass_limits(engine) => oom_score(),
            _ => None,
        },
        devices: wanted_devices(spec, defaults)?,
        all_devices: if spec.security.privileged.unwrap_or(defaults.privileged) { all_devices() } else { Vec::new() },
        seccomp_profile: seccomp_profile(spec, defaults)?,
        apparmor: fs::read("/sys/module/apparmor/parameters/enabled").is_ok_and(|text| text.starts_with(b"Y")),
        selinux: exists("/sys/fs/selinux/enforce"),
        arch: String::new(),
        kernel: kernel(&uname.release().to_string_lossy()),
        hostname: uname.nodename().to_string_lossy().into_owned(),
        cpus: if limited { std::thread::available_parallelism().map_or(0, |n| n.get() as u32) } else { 0 },
        cpu_list: if limited { online("cpu") } else { String::new() },
        memory_nodes: if limited { online("node") } else { String::new() },
    })
}

/// `0-3` of /sys/devices/system/cpu/online.
fn online(what: &str) -> String {
    let text = fs::read_to_string(format!("/sys/devices/system/{what}/online")).unwrap_or_default();
    text.trim().to_owned()
}

fn exists(path: &str) -> bool {
    Path::new(path).exists()
}

fn id_map(path: &str) -> Result<Vec<IdRange>, Error> {
    let ranges = sys::id_map::read(path).map_err(|source| Error::io("read", path, source))?;
    let range = |r: sys::id_map::IdRange| IdRange { container_id: r.inside, host_id: r.outside, size: r.count };
    Ok(ranges.into_iter().map(range).collect())
}

/// The name of an id in passwd(5) or group(5): both have name, password, id.
fn name_of(file: &str, id: u32) -> String {
    let text = fs::read_to_string(file).unwrap_or_default();
    let id = id.to_string();
    let mut lines = text.lines().map(|line| line.split(':').collect::<Vec<_>>());
    lines.find(|fields| fields.get(2) == Some(&id.as_str())).map_or(String::new(), |fields| fields[0].to_owned())
}

/// CAP_SYS_RESOURCE counts in the first user namespace only, where an ordinary user doesn't have it.
fn may_pass_limits(engine: &Engine) -> bool {
    !engine.privilege().is_rootless()
        && rustix::thread::capabilities(None).is_ok_and(|sets| sets.effective.contains(CapabilitySet::SYS_RESOURCE))
}

fn oom_score() -> Option<i32> {
    fs::read_to_string("/proc/self/oom_score_adj").ok()?.trim().parse().ok()
}

/// `6.18.44-fc` is (6, 18).
fn kernel(release: &str) -> (u32, u32) {
    let mut numbers = release.split(|c: char| !c.is_ascii_digit()).map(|n| n.parse().unwrap_or(0));
    (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0))
}

fn wanted_devices(spec: &ContainerSpec, defaults: &Defaults) -> Result<BTreeMap<String, Vec<DeviceNode>>, Error> {
    let mut devices = BTreeMap::new();
    for path in spec.devices.wanted(defaults)? {
        let meta = fs::metadata(&path).map_err(|source| Error::io("find device", &path, source))?;
        let mut nodes = Vec::new();
        if meta.is_dir() {
            walk(Path::new(&path), &mut nodes);
        } else {
            nodes.extend(node(Path::new(&path)));
        }
        devices.insert(path, nodes);
    }
    Ok(devices)
}

fn all_devices() -> Vec<DeviceNode> {
    let mut nodes = Vec::new();
    let Ok(entries) = fs::read_dir("/dev") else { return nodes };
    for entry in entries.flatten() {
        let name = entry.file_name();
        if NOT_DEVICES.iter().any(|not| name == *not) || name == "console" {
            continue;
        }
        match entry.file_type() {
            Ok(kind) if kind.is_dir() => walk(&entry.path(), &mut nodes),
            Ok(kind) if !kind.is_symlink() => nodes.extend(node(&entry.path())),
            _ => {}
        }
    }
    nodes
}

fn walk(folder: &Path, nodes: &mut Vec<DeviceNode>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        match entry.file_type() {
            Ok(kind) if kind.is_dir() => walk(&entry.path(), nodes),
            Ok(kind) if !kind.is_symlink() => nodes.extend(node(&entry.path())),
            _ => {}
        }
    }
}

fn node(path: &Path) -> Option<DeviceNode> {
    let stat = rustix::fs::stat(path).ok()?;
    let kind = match FileType::from_raw_mode(stat.st_mode) {
        FileType::CharacterDevice => "c",
        FileType::BlockDevice => "b",
        _ => return None,
    };
    Some(DeviceNode {
        path: path.to_str()?.to_owned(),
        kind: kind.to_owned(),
        major: rustix::fs::major(stat.st_rdev).into(),
        minor: rustix::fs::minor(stat.st_rdev).into(),
        mode: stat.st_mode & 0o7777,
        uid: stat.st_uid,
        gid: stat.st_gid,
    })
}

/// The text of the profile that was asked for, if it is a file.
fn seccomp_profile(spec: &ContainerSpec, defaults: &Defaults) -> Result<Option<String>, Error> {
    let Some(path) = spec.seccomp_file(defaults) else { return Ok(None) };
    let read = || {
        use std::io::Read;
        let mut text = String::new();
        fs::File::open(&path)?.take(PROFILE_LIMIT).read_to_string(&mut text)?;
        Ok(text)
    };
    read().map(Some).map_err(|source| Error::io("opening seccomp profile failed: open", &path, source))
}

#[cfg(test)]
mod tests {
    #[test]
    fn kernels() {
        assert_eq!(super::kernel("6.18.44-fc-v669"), (6, 18));
        assert_eq!(super::kernel("5.4"), (5, 4));
        assert_eq!(super::kernel(""), (0, 0));
    }
}
