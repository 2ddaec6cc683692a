//! `system check`: the store's own check with the engine's knowledge of containers and volumes.

use super::repair::repair;
use crate::{Engine, Error};
use std::collections::BTreeSet;
use std::time::Duration;
use store::{Damage, Known, Stray};

/// How.
#[derive(Debug, Clone)]
pub struct CheckOptions {
    /// Doesn't read layers.
    pub quick: bool,
    /// Layers that nothing refers to may be this old.
    pub max_age: Duration,
    /// Repairs, but touches no container.
    pub repair: bool,
    /// Repairs, and removes containers that can't be repaired, and folders of unknown containers and volumes.
    pub force: bool,
}

/// What was found and done.
#[derive(Debug, Clone, Default)]
pub struct CheckReport {
    /// Found.
    pub damage: Damage,
    /// Images whose damaged parts were fetched again.
    pub fetched_images: BTreeSet<String>,
    /// Removed.
    pub removed_images: BTreeSet<String>,
    /// Artifacts whose damaged files were fetched again.
    pub fetched_artifacts: BTreeSet<String>,
    /// Removed.
    pub removed_artifacts: BTreeSet<String>,
    /// Removed.
    pub removed_containers: BTreeSet<String>,
    /// Removed without an image.
    pub removed_layers: BTreeSet<String>,
    /// Removed.
    pub removed_strays: Vec<Stray>,
    /// What couldn't be repaired, and why.
    pub failures: Vec<String>,
}

/// Checks, and repairs if that is asked for.
pub fn check(engine: &Engine, options: &CheckOptions) -> Result<CheckReport, Error> {
    let mut report = CheckReport { damage: look(engine, options)?, ..CheckReport::default() };
    if (options.repair || options.force) && !report.damage.is_none() {
        repair(engine, options, &mut report)?;
        engine.left_trash();
    }
    Ok(report)
}

/// Files beside the store's own: the database with its log.
const FILES: [&str; 4] = ["state.db", "state.db-wal", "state.db-shm", "state.db-journal"];

fn look(engine: &Engine, options: &CheckOptions) -> Result<Damage, Error> {
    let known = known(engine)?;
    let how = store::CheckOptions { quick: options.quick, max_age: options.max_age };
    let mut damage = engine.store().check(&how, &known)?;
    // Containers and volumes come and go meanwhile.
    let now = self::known(engine)?;
    damage.strays.retain(|stray| {
        let name = stray.path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        stray.path.exists() && !(stray.precious && (now.containers.contains(&name) || now.volumes.contains(&name)))
    });
    Ok(damage)
}

/// What the engine knows now.
pub(super) fn known(engine: &Engine) -> Result<Known, Error> {
    let database = engine.database()?;
    Ok(Known {
        containers: database.containers()?.into_iter().map(|container| container.id).collect(),
        volumes: database.volumes()?.into_iter().map(|volume| volume.name).collect(),
        files: FILES.map(str::to_owned).into(),
    })
}
