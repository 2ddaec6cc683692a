//! The control group of a container: who makes it, and where it is.
//!
//! `cgroupfs`: minke makes `/minke/ID` itself. `systemd`: a scope `minke-ID.scope` of systemd's, around monitor and container, each
//! in a group of its own below it; an ordinary user gets controllers only so. An ordinary user whose systemd runs has the
//! second, anybody else the first, unless `--cgroup-manager` or containers.conf says otherwise.

use crate::state::live::RunState;
use crate::{Engine, Error};
use runtime::cgroup::{self, Version};
use runtime::systemd::Manager;
use spec::ResolvedSpec;
use std::path::Path;

/// `--cgroup-manager`, `[engine] cgroup_manager`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum CgroupManager {
    /// Folders made by minke.
    Cgroupfs,
    /// Scopes made by systemd.
    Systemd,
}

impl std::str::FromStr for CgroupManager {
    type Err = Error;
    fn from_str(word: &str) -> Result<Self, Error> {
        match word {
            "cgroupfs" => Ok(Self::Cgroupfs),
            "systemd" => Ok(Self::Systemd),
            other => Err(Error::Invalid(format!("cgroup manager `{other}` is neither cgroupfs nor systemd"))),
        }
    }
}

/// Who makes groups here.
pub(crate) enum Driver {
    Cgroupfs,
    Systemd(Manager),
}

impl Driver {
    /// Whether limits hold.
    pub(crate) fn limits(&self) -> bool {
        matches!(self, Driver::Systemd(_)) || cgroup::can_limit()
    }
}

/// By the wish of the command line or of containers.conf, and by what there is.
pub(crate) fn driver(engine: &Engine) -> Result<Driver, Error> {
    let given = engine.options.cgroup_manager;
    let configured = engine.config().engine.cgroup_manager.as_deref().map(str::parse).transpose()?;
    let manager = || if cgroup::version() == Version::V2 { manager(engine) } else { None };
    match given.or(configured) {
        Some(CgroupManager::Cgroupfs) => Ok(Driver::Cgroupfs),
        None if !engine.privilege().is_rootless() => Ok(Driver::Cgroupfs),
        None => Ok(manager().map_or(Driver::Cgroupfs, Driver::Systemd)),
        Some(CgroupManager::Systemd) => match manager() {
            Some(manager) => Ok(Driver::Systemd(manager)),
            None if given.is_some() => Err(Error::Invalid(format!(
                "--cgroup-manager systemd needs cgroup v2 and a running systemd{}",
                if engine.privilege().is_rootless() {
                    " of this user (`loginctl enable-linger` starts it)"
                } else {
                    ""
                }
            ))),
            // A file that many machines share mustn't keep containers from running on this one.
            None => Ok(Driver::Cgroupfs),
        },
    }
}

/// The driver's name, for those who only look.
pub(crate) fn name(engine: &Engine) -> &'static str {
    match driver(engine) {
        Ok(Driver::Systemd(_)) => "systemd",
        _ => "cgroupfs",
    }
}

fn manager(engine: &Engine) -> Option<Manager> {
    match engine.privilege().user() {
        Some(uid) => Manager::of_user(uid, &engine.environment.runtime_dir().ok()?),
        None => Manager::of_system(),
    }
}

/// Gives the monitor, which is this process, a place, and tells where the container's group is to be made. `None`: it gets none.
pub(super) fn prepare(engine: &Engine, id: &str, spec: &ResolvedSpec) -> Result<Option<String>, Error> {
    let Driver::Systemd(manager) = driver(engine)? else { return Ok(path(engine, id, spec)) };
    if disabled(spec) {
        return Ok(None);
    }
    if !spec.spec.namespaces.cgroup_parent.is_empty() {
        let why = "--cgroup-parent needs --cgroup-manager cgroupfs: systemd decides where its groups are";
        return Err(Error::Invalid(why.to_owned()));
    }
    let unit = format!("minke-{id}.scope");
    if let Some(scope) = own_scope(&unit) {
        return Ok(Some(format!("{scope}/container")));
    }
    let slice = if engine.privilege().is_rootless() { "" } else { "machine.slice" };
    manager.start_scope(&unit, slice, &format!("container {id}"), std::process::id())?;
    let lost = || Error::State(format!("systemd says that it started `{unit}`, but this process isn't in it"));
    let scope = own_scope(&unit).ok_or_else(lost)?;
    // Only a group without processes of its own can hand controllers down.
    cgroup::enter(&format!("{scope}/{MONITOR}"))?;
    Ok(Some(format!("{scope}/container")))
}

/// The group of that unit, if this process is in it or below it.
fn own_scope(unit: &str) -> Option<String> {
    let own = cgroup::own()?;
    let start = own.find(&format!("/{unit}"))?;
    Some(own[..start + 1 + unit.len()].to_owned())
}

/// Group of the processes beside the container, below the scope.
const MONITOR: &str = "monitor";

/// Lets this process, of an ordinary user's login session, into the scope of a container, so that it may start processes there.
pub(crate) fn join_scope(engine: &Engine, state: &RunState) -> Result<(), Error> {
    let Some(scope) = state.cgroups.folders.first().and_then(|folder| folder.parent()) else { return Ok(()) };
    let unit = scope.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    if !unit.ends_with(".scope") || cgroup::may_reach(&cgroup::group_of(scope)) {
        return Ok(());
    }
    match manager(engine) {
        Some(manager) => Ok(manager.attach(unit, &format!("/{MONITOR}"), std::process::id())?),
        None => Ok(()),
    }
}

fn disabled(spec: &ResolvedSpec) -> bool {
    spec.spec.namespaces.cgroups_mode == "disabled"
}

/// Where a group is that minke makes itself: below `/minke`, or below `--cgroup-parent`. `None`: no group of its own.
pub(crate) fn path(engine: &Engine, id: &str, spec: &ResolvedSpec) -> Option<String> {
    if disabled(spec) || (engine.privilege().is_rootless() && cgroup::version() != Version::V2) {
        return None;
    }
    let parent = match spec.spec.namespaces.cgroup_parent.as_str() {
        "" => "/minke",
        parent => parent,
    };
    Some(format!("{}/{id}", parent.trim_end_matches('/')))
}

/// Where a container's group is, or would be.
pub(crate) fn shown(engine: &Engine, id: &str, spec: &ResolvedSpec, state: Option<&RunState>) -> String {
    let made = state.and_then(|state| state.cgroups.folders.first());
    match (made, cgroup::version()) {
        (Some(folder), Version::V2) => cgroup::group_of(Path::new(folder)),
        _ => path(engine, id, spec).unwrap_or_default(),
    }
}
