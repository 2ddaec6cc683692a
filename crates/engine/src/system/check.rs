//! `system check`: the store's own check with the engine's knowledge of containers and volumes, and what to do about damage:
//! fetch again what came from a registry, remove what can't be fetched.

use crate::image::{RegistryOptions, context, remove::remove_image};
use crate::{Engine, Error, artifact, container};
use ::image::{PullPolicy, Quiet};
use oci::Digest;
use std::collections::BTreeSet;
use std::time::Duration;
use store::{Aside, Damage, Known, Stray};

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

fn known(engine: &Engine) -> Result<Known, Error> {
    let database = engine.database()?;
    Ok(Known {
        containers: database.containers()?.into_iter().map(|container| container.id).collect(),
        volumes: database.volumes()?.into_iter().map(|volume| volume.name).collect(),
        files: FILES.map(str::to_owned).into(),
    })
}

fn repair(engine: &Engine, options: &CheckOptions, report: &mut CheckReport) -> Result<(), Error> {
    let store = engine.store();
    let damage = report.damage.clone();
    for stray in damage.strays.iter().filter(|stray| options.force || !stray.precious) {
        store.drop_stray(stray)?;
        report.removed_strays.push(stray.clone());
    }
    let layers: Vec<Digest> = damage.layers.keys().filter_map(|hex| Digest::from_sha256_hex(hex).ok()).collect();
    let aside = store.set_aside(&layers)?;
    for id in damage.images.keys() {
        if let Err(error) = repair_image(engine, id, options, &aside, report) {
            report.failures.push(format!("deleting image {id}: {}", error.chain()));
        }
    }
    for name in damage.artifacts.keys() {
        if let Err(error) = repair_artifact(engine, name, report) {
            report.failures.push(format!("deleting artifact {name}: {}", error.chain()));
        }
    }
    let lost = damage.containers.keys().filter(|id| !layers_are_there(engine, id).unwrap_or(false));
    for id in lost.cloned().collect::<Vec<_>>() {
        if let Err(error) = repair_container(engine, &id, options, &aside, report) {
            report.failures.push(format!("deleting container {id}: {}", error.chain()));
        }
    }
    drop(aside);
    report.removed_layers.extend(store.drop_stray_layers(&damage)?);
    Ok(())
}

/// Fetches what is missing of an image by the digest it came by; what can't be fetched goes, unless containers need it.
fn repair_image(
    engine: &Engine,
    id: &str,
    options: &CheckOptions,
    aside: &Aside<'_>,
    report: &mut CheckReport,
) -> Result<(), Error> {
    let record = Digest::from_sha256_hex(id).ok().map(|id| engine.store().image(&id)).transpose()?.flatten();
    let Some(image) = record else {
        engine.store().drop_image_record(id)?;
        report.removed_images.insert(id.to_owned());
        return Ok(());
    };
    if fetch(engine, &image) {
        report.fetched_images.insert(id.to_owned());
        return Ok(());
    }
    let users = engine.database()?.users_of_image(id)?;
    let remove = crate::image::RemoveOptions { force: options.force, ..Default::default() };
    match remove_image(engine, &image, &remove) {
        Ok(_) => {
            report.removed_images.insert(id.to_owned());
            report.removed_containers.extend(users);
            Ok(())
        }
        Err(error) => {
            for layer in &image.layers {
                aside.put_back(layer)?;
            }
            Err(error)
        }
    }
}

/// What can't be fetched goes.
fn repair_artifact(engine: &Engine, name: &str, report: &mut CheckReport) -> Result<(), Error> {
    match artifact::pull_again(engine, name) {
        Ok(()) => report.fetched_artifacts.insert(name.to_owned()),
        Err(error) => {
            log::info!("fetch {name} again: {}", error.chain());
            engine.store().drop_artifact(name)?;
            report.removed_artifacts.insert(name.to_owned())
        }
    };
    Ok(())
}

/// Whether everything of the image is there again.
fn fetch(engine: &Engine, image: &store::Image) -> bool {
    let Ok(context) = context(engine, &RegistryOptions::default()) else { return false };
    image.repo_digests.iter().any(|name| {
        let pulled =
            ::image::resolve(engine.store(), &context, name, PullPolicy::Always, Some(&image.platform), &Quiet);
        if let Err(error) = &pulled {
            log::info!("fetch {name} again: {error}");
        }
        pulled.is_ok_and(|pulled| pulled.image.id == image.id)
    })
}

/// A container whose image is gone, too, or was replaced by another of the same name.
fn repair_container(
    engine: &Engine,
    id: &str,
    options: &CheckOptions,
    aside: &Aside<'_>,
    report: &mut CheckReport,
) -> Result<(), Error> {
    let Some(full) = engine.database()?.full(id)? else { return Ok(()) };
    if !options.force {
        for layer in &full.layers {
            aside.put_back(layer)?;
        }
        return Err(Error::State("its layers are damaged: remove it with --force".to_owned()));
    }
    let remove = container::RemoveOptions { force: true, volumes: false, depend: true, ..Default::default() };
    container::remove(engine, id, &remove)?;
    report.removed_containers.insert(id.to_owned());
    Ok(())
}

fn layers_are_there(engine: &Engine, container: &str) -> Result<bool, Error> {
    let Some(full) = engine.database()?.full(container)? else { return Ok(true) };
    Ok(full.layers.iter().all(|layer| engine.store().has_layer(layer)))
}
