//! Which control groups this host has and which are ours, by the customary mount points (file-hierarchy(7), cgroups(7)).

use crate::error::{Error, Tried};
use std::path::{Path, PathBuf};

/// Where everybody mounts them.
pub(crate) const ROOT: &str = "/sys/fs/cgroup";

const CGROUP2_SUPER_MAGIC: u64 = 0x6367_7270;

/// What this host has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Version {
    /// Only cgroup2.
    V2,
    /// v1 hierarchies, perhaps with an empty v2.
    V1,
    /// None usable.
    None,
}

/// Detects it.
pub fn version() -> Version {
    match rustix::fs::statfs(ROOT) {
        Ok(stat) if stat.f_type as u64 == CGROUP2_SUPER_MAGIC => Version::V2,
        Ok(_) if ["pids", "memory", "cpu"].iter().any(|name| Path::new(ROOT).join(name).is_dir()) => Version::V1,
        _ => Version::None,
    }
}

/// The v1 hierarchies, by their folders' names; two controllers on one hierarchy (`cpu,cpuacct`) have one folder, with links to it.
pub(crate) fn hierarchies() -> Vec<String> {
    let entries = std::fs::read_dir(ROOT).into_iter().flatten().flatten();
    let folders = entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
    let mut names: Vec<String> = folders.filter_map(|entry| entry.file_name().into_string().ok()).collect();
    names.retain(|name| Path::new(ROOT).join(name).join("tasks").exists());
    names.sort_unstable();
    names
}

/// Whether this process may make groups, so that limits hold: real root, or an ordinary user in a delegated v2 group.
pub fn can_limit() -> bool {
    match version() {
        Version::None => false,
        Version::V1 => is_root(),
        Version::V2 => is_root() || delegated().is_some(),
    }
}

/// Real root: an unshifted user namespace.
pub(crate) fn is_root() -> bool {
    let full = sys::id_map::IdRange { inside: 0, outside: 0, count: u32::MAX };
    sys::id_map::read("/proc/self/uid_map").is_ok_and(|map| map == [full]) && rustix::process::geteuid().is_root()
}

/// The v2 group below which this process may make the group `path` (relative to the hierarchy): the nearest one on the way to it
/// that is ours, else one that was delegated to us.
pub(crate) fn root_of(path: &Path) -> PathBuf {
    let root = Path::new(ROOT);
    if is_root() {
        return root.to_owned();
    }
    let wanted = root.join(path);
    let mut ancestors = wanted.ancestors().skip(1).take_while(|folder| folder.starts_with(root));
    let ours = ancestors.find(|folder| folder.is_dir()).filter(|folder| writable(&folder.join("cgroup.procs")));
    ours.map(Path::to_owned).or_else(delegated).unwrap_or_else(|| root.to_owned())
}

/// The v2 group below which an ordinary user may make groups: the highest one on the way to ours that is delegated to us.
pub(crate) fn delegated() -> Option<PathBuf> {
    let own = folder_of(&own()?);
    let ancestors: Vec<_> = own.ancestors().take_while(|path| path.starts_with(ROOT)).collect();
    ancestors.into_iter().rev().find(|path| writable(&path.join("cgroup.procs"))).map(Path::to_owned)
}

/// The v2 group this process is in, as `/path`.
pub fn own() -> Option<String> {
    let text = std::fs::read_to_string("/proc/self/cgroup").ok()?;
    text.lines().find_map(|line| line.strip_prefix("0::")).map(str::to_owned)
}

/// Where a v2 group is, and the other way round.
pub(crate) fn folder_of(group: &str) -> PathBuf {
    Path::new(ROOT).join(group.trim_start_matches('/'))
}

/// The group (`/path`) that this folder is; as it stands, if it is none.
pub fn group_of(folder: &Path) -> String {
    let below = folder.strip_prefix(ROOT).unwrap_or(folder);
    Path::new("/").join(below).display().to_string()
}

/// Whether this process may move itself from its v2 group into those below `group`: for that it must own the lowest group that is
/// above both (cgroup-v2.rst, "Delegation Containment").
pub fn may_reach(group: &str) -> bool {
    let Some(own) = own() else { return false };
    let both = Path::new(&own).components().zip(Path::new(group).components());
    let shared: PathBuf = both.take_while(|(own, other)| own == other).map(|(own, _)| own).collect();
    is_root() || writable(&folder_of(&shared.display().to_string()).join("cgroup.procs"))
}

/// Makes a v2 group, whose parent is there, and moves this process into it.
pub fn enter(group: &str) -> Result<(), Error> {
    let folder = folder_of(group);
    match std::fs::create_dir(&folder) {
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => Err(error),
        _ => std::fs::write(folder.join("cgroup.procs"), "0"),
    }
    .tried(|| format!("move into cgroup `{}`", folder.display()))
}

fn writable(path: &Path) -> bool {
    rustix::fs::access(path, rustix::fs::Access::WRITE_OK).is_ok()
}
