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
