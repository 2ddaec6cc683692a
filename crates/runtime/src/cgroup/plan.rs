//! From `linux.resources` to folders and what is written into them. Nothing here touches the disk but [`Group`]'s methods.

use super::devices;
use super::{Cgroups, Version, device_program, host, v1, v2};
use crate::error::{Error, Tried};
use oci::runtime::Spec;
use rustix::fs::{Mode, OFlags};
use std::path::{Path, PathBuf};
use sys::bpf;

/// One group to make.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Group {
    /// Where.
    pub folder: PathBuf,
    /// Ancestors of it that may have to be made, highest first.
    pub parents: Vec<PathBuf>,
    /// In order.
    pub writes: Vec<Write>,
    /// v2: controllers that parents must hand down.
    pub controllers: Vec<&'static str>,
    /// v1's cpuset: a new group has no CPU or memory node until it is told.
    pub copy_cpuset: bool,
    /// v2: the device rules, as a program.
    pub device_program: Option<Vec<bpf::Instruction>>,
    /// Who made the wish doesn't need to own the hierarchy: without rights the group is left out.
    pub optional: bool,
}

/// One value for one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Write {
    /// Below the group's folder.
    pub file: String,
    /// Verbatim.
    pub value: String,
    /// The kernel may be built or booted without it.
    pub optional: bool,
}

impl Write {
    pub(crate) fn new(file: impl Into<String>, value: impl ToString) -> Self {
        Self { file: file.into(), value: value.to_string(), optional: false }
    }
    pub(crate) fn optional(file: impl Into<String>, value: impl ToString) -> Self {
        Self { optional: true, ..Self::new(file, value) }
    }
}

/// Which groups a container gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Groups {
    /// In those hierarchies that hold a limit (on v2 there is only one).
    Needed,
    /// In each, so that everything can be counted and frozen.
    Every,
    /// It stays in the caller's.
    None,
}

/// The groups that a container with this config needs.
pub(crate) fn plan(id: &str, spec: &Spec, groups: Groups, version: Version) -> Result<Vec<Group>, Error> {
    let linux = spec.linux.as_ref();
    let path = linux.and_then(|linux| linux.cgroups_path.clone()).unwrap_or_else(|| format!("/minke/{id}"));
    let path = below_root(&path)?;
    let default = oci::runtime::Resources::default();
    let resources = linux.and_then(|linux| linux.resources.as_ref()).unwrap_or(&default);
    let rules = devices::rules(&resources.devices)?;
    match version {
        _ if groups == Groups::None => Ok(Vec::new()),
        Version::None => Ok(Vec::new()),
        Version::V1 => {
            let mut writes = v1::plan(resources, &rules)?;
            if groups == Groups::Every {
                let others =
                    host::hierarchies().into_iter().filter(|name| !writes.iter().any(|(known, _)| known == name));
                writes.extend(others.map(|name| (name, Vec::new())).collect::<Vec<_>>());
            }
            let group = |(hierarchy, writes): (String, Vec<Write>)| {
                let root = Path::new(host::ROOT).join(&hierarchy);
                Group { writes, copy_cpuset: hierarchy == "cpuset", ..Group::below(&root, &path) }
            };
            Ok(writes.into_iter().map(group).collect())
        }
        Version::V2 => {
            let (controllers, writes) = v2::plan(resources)?;
            let root = host::root_of(&path);
            // An ordinary user's devices are bind mounts of what he may open anyway.
            let device_program =
                (host::is_root() && !devices::allows_all(&rules)).then(|| device_program::compile(&rules));
            let path = Path::new(host::ROOT).join(&path);
            let below = path.strip_prefix(&root).or_else(|_| path.strip_prefix(host::ROOT)).unwrap_or(&path);
            Ok(vec![Group { writes, controllers, device_program, ..Group::below(&root, below) }])
        }
    }
}

/// Other limits for groups that are there.
///
/// # Errors
/// A limit that the kernel refuses; one for a hierarchy (v1) in which the container has no group.
pub fn update(cgroups: &Cgroups, resources: &oci::runtime::Resources) -> Result<(), Error> {
    let rules = if resources.devices.is_empty() { Vec::new() } else { devices::rules(&resources.devices)? };
    match host::version() {
        Version::None => Err(Error::other("this host has no control groups, so no limits")),
        Version::V1 => v1::plan(resources, &rules)?.into_iter().try_for_each(|(hierarchy, writes)| {
            let root = Path::new(host::ROOT).join(&hierarchy);
            let folder = cgroups.folders.iter().find(|folder| folder.starts_with(&root));
            let missing = || Error::other(format!("the container has no control group in `{}`", root.display()));
            let folder = folder.cloned().ok_or_else(missing)?;
            Group { writes: v1::ordered(&folder, writes), folder, ..Group::default() }.write()
        }),
        Version::V2 => {
            let (controllers, writes) = v2::plan(resources)?;
            let missing = || Error::other("the container has no control group, so no limits");
            let folder = cgroups.folders.first().cloned().ok_or_else(missing)?;
            let parents = folder.ancestors().skip(1).take_while(|parent| parent.starts_with(host::ROOT));
            let parents: Vec<_> = parents.collect();
            parents.into_iter().rev().try_for_each(|parent| v2::hand_down(parent, &controllers))?;
            let device_program = (!rules.is_empty()).then(|| device_program::compile(&rules));
            Group { writes, folder, device_program, ..Group::default() }.write()
        }
    }
}

/// `cgroupsPath` as a relative path without surprises.
pub(super) fn below_root(path: &str) -> Result<PathBuf, Error> {
    if path.split(':').count() == 3 && !path.starts_with('/') {
        return Err(Error::other(format!(
            "cgroups path `{path}` is for the systemd driver, which is not supported yet"
        )));
    }
    let relative = Path::new(path.trim_start_matches('/'));
    let plain = |component| matches!(component, std::path::Component::Normal(_));
    match relative.components().all(plain) && !relative.as_os_str().is_empty() {
        true => Ok(relative.to_owned()),
        false => Err(Error::other(format!("cgroups path `{path}` is not a path below the hierarchy's root"))),
    }
}

impl Group {
    fn below(root: &Path, path: &Path) -> Self {
        let folder = root.join(path);
        let ancestors = folder.ancestors().skip(1).take_while(|parent| parent.starts_with(root));
        let mut parents: Vec<_> = ancestors.map(Path::to_owned).collect();
        parents.reverse();
        Self { folder, parents, optional: !host::is_root(), ..Self::default() }
    }

    /// Makes the folder, with its parents where missing.
    pub(crate) fn create(&self) -> Result<(), Error> {
        // The usual case: parents are there and set up.
        if self.controllers.is_empty() && !self.copy_cpuset && std::fs::create_dir(&self.folder).is_ok() {
            return Ok(());
        }
        for parent in self.parents.iter().skip(1) {
            make(parent)?;
            if self.copy_cpuset {
                v1::copy_cpuset(parent)?;
            }
        }
        for parent in &self.parents {
            v2::hand_down(parent, &self.controllers)?;
        }
        make(&self.folder)?;
        if self.copy_cpuset {
            v1::copy_cpuset(&self.folder)?;
        }
        Ok(())
    }

    /// Writes the limits.
    pub(crate) fn write(&self) -> Result<(), Error> {
        let mut open: Option<(&str, std::os::fd::OwnedFd)> = None;
        for write in &self.writes {
            let what = || format!("write `{}` to `{}/{}`", write.value, self.folder.display(), write.file);
            if open.as_ref().is_none_or(|(file, _)| *file != write.file) {
                let path = self.folder.join(&write.file);
                match rustix::fs::open(&path, OFlags::WRONLY | OFlags::CLOEXEC, Mode::empty()) {
                    Err(rustix::io::Errno::NOENT) if write.optional => continue,
                    opened => open = Some((&write.file, opened.tried(what)?)),
                }
            }
            if let Some((_, fd)) = &open {
                rustix::io::write(fd, write.value.as_bytes()).tried(what)?;
            }
        }
        self.attach_device_program()
    }

    fn attach_device_program(&self) -> Result<(), Error> {
        let Some(program) = &self.device_program else { return Ok(()) };
        let what = || format!("set the device rules of `{}`", self.folder.display());
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let folder = rustix::fs::open(&self.folder, flags, Mode::empty()).tried(what)?;
        let program = bpf::load_device_program(program).tried(what)?;
        use std::os::fd::AsFd;
        bpf::attach_device_program(folder.as_fd(), program.as_fd()).tried(what)
    }
}

fn make(folder: &Path) -> Result<(), Error> {
    match std::fs::create_dir(folder) {
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
        other => other.tried(|| format!("make cgroup `{}`", folder.display())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec(json: &str) -> Spec {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn only_hierarchies_with_a_limit_get_a_group() {
        let spec = spec(
            r#"{"linux":{"cgroupsPath":"/minke/x","resources":{"pids":{"limit":2048},"memory":{"limit":1048576}}}}"#,
        );
        let groups = plan("x", &spec, Groups::Needed, Version::V1).unwrap();
        let folders: Vec<_> = groups.iter().map(|group| group.folder.to_str().unwrap()).collect();
        assert_eq!(folders, ["/sys/fs/cgroup/memory/minke/x", "/sys/fs/cgroup/pids/minke/x"]);
        assert_eq!(groups[1].writes, [Write::new("pids.max", "2048")]);
        assert_eq!(groups[0].parents, ["/sys/fs/cgroup/memory", "/sys/fs/cgroup/memory/minke"].map(PathBuf::from));
    }

    #[test]
    fn paths_out_of_the_hierarchy_are_refused() {
        for path in ["../x", "/a/../../b", "", "/"] {
            assert!(below_root(path).is_err(), "{path}");
        }
        assert!(below_root("system.slice:minke:x").is_err());
    }
}
