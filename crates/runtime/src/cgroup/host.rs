//! Which control groups this host has, by the customary mount points (file-hierarchy(7), cgroups(7)).

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

/// The v2 group below which an ordinary user may make groups: the highest one on the way to ours that is delegated to us.
pub(crate) fn delegated() -> Option<PathBuf> {
    let text = std::fs::read_to_string("/proc/self/cgroup").ok()?;
    let own = text.lines().find_map(|line| line.strip_prefix("0::"))?;
    let own = Path::new(ROOT).join(own.trim_start_matches('/'));
    let ancestors: Vec<_> = own.ancestors().take_while(|path| path.starts_with(ROOT)).collect();
    ancestors.into_iter().rev().find(|path| writable(&path.join("cgroup.procs"))).map(Path::to_owned)
}

fn writable(path: &Path) -> bool {
    rustix::fs::access(path, rustix::fs::Access::WRITE_OK).is_ok()
}
