//! A layer being made: files are put into it, or a command runs in it.

use crate::container::facts;
use crate::sandbox::{DraftRoot, Subject, run_step};
use crate::state::names;
use crate::{Engine, Error};
use oci::Digest;
use oci::image::{ContainerConfig, ImageConfig};
use runtime::Overlay;
use spec::{ContainerSpec, Defaults, ResolvedSpec};
use std::path::{Path, PathBuf};

/// See the module. Dropping it leaves nothing.
pub struct Draft<'e> {
    engine: &'e Engine,
    draft: store::Draft<'e>,
}

impl<'e> Draft<'e> {
    /// Over these layers, lowest first.
    pub fn begin(engine: &'e Engine, layers: &[Digest]) -> Result<Draft<'e>, Error> {
        Ok(Draft { engine, draft: engine.store().begin_draft(layers)? })
    }

    /// Makes it visible as a whole to this process, which has a mount namespace of its own; where.
    pub fn mount(&self) -> Result<PathBuf, Error> {
        let dirs = self.draft.dirs().clone();
        let root = Overlay {
            lower: dirs.lower,
            upper: dirs.upper,
            work: dirs.work,
            merged: dirs.merged,
            userxattr: dirs.userxattr,
            volatile: true,
            idmap: false,
        };
        runtime::mount_root(&root)?;
        Ok(root.merged)
    }

    /// Takes that back.
    pub fn unmount(&self) -> Result<(), Error> {
        Ok(runtime::unmount_view(&self.draft.dirs().merged)?)
    }

    pub(super) fn uses_userxattr(&self) -> bool {
        self.draft.dirs().userxattr
    }

    /// An empty folder that goes when the draft is finished.
    pub fn aside(&self, name: &str) -> Result<PathBuf, Error> {
        Ok(self.draft.aside(name)?)
    }

    /// Runs a command in it to its end, with this process's streams; its exit code (128 + signal).
    pub fn run(&self, spec: ContainerSpec, config: &ImageConfig, warn: &mut dyn FnMut(&str)) -> Result<i32, Error> {
        let (dirs, stubs) = (self.draft.dirs().clone(), self.draft.stubs().to_owned());
        run_in(self.engine, DraftRoot { dirs, stubs, mounted: false, own_streams: false }, (spec, config), warn)
    }

    /// What was changed in a working container, or all that is mounted somewhere, is copied into it, which is new.
    pub(crate) fn fill(&self, source: &Path) -> Result<(), Error> {
        Ok(self.draft.fill(source)?)
    }

    /// Makes it a layer; `None` if nothing was changed. Files get `times`.
    pub fn finish(self, times: store::Times) -> Result<Option<store::AppliedLayer>, Error> {
        Ok(self.draft.finish(times)?)
    }
}

/// Runs a command in a root that is no stored container's.
pub(crate) fn run_in(
    engine: &Engine,
    root: DraftRoot,
    (spec, config): (ContainerSpec, &ImageConfig),
    warn: &mut dyn FnMut(&str),
) -> Result<i32, Error> {
    let mut resolved = resolve(engine, spec, config)?;
    // The image's accounts are what its files say.
    (resolved.passwd_line, resolved.group_line) = Default::default();
    for warning in &resolved.warnings {
        warn(warning);
    }
    let id = names::id();
    let subject = Subject {
        name: id.clone(),
        id,
        image_id: String::new(),
        image_name: String::new(),
        spec: resolved,
        layers: Vec::new(),
        draft: Some(root),
    };
    run_step(engine, &subject, warn)
}

/// Whether commands can be run so, before any of them is.
pub fn check(engine: &Engine, spec: ContainerSpec) -> Result<(), Error> {
    let some = ContainerConfig { cmd: vec!["/".to_owned()], ..ContainerConfig::default() };
    resolve(engine, spec, &ImageConfig { config: Some(some), ..ImageConfig::default() }).map(drop)
}

fn resolve(engine: &Engine, spec: ContainerSpec, config: &ImageConfig) -> Result<ResolvedSpec, Error> {
    let defaults = Defaults::from_conf(engine.config())?;
    let facts = facts::host(engine, &spec, &defaults, facts::Outside::default())?;
    let resolved = spec.resolve(config, &defaults, &facts)?;
    crate::network::check(engine, &resolved)?;
    Ok(resolved)
}

/// What is mounted where, for this process only.
pub(super) fn mount_layers(engine: &Engine, layers: &[Digest], place: &Path) -> Result<(), Error> {
    Ok(runtime::mount_view(&engine.store().image_dirs(layers)?, place)?)
}
