//! What becomes of damage: what came from a registry is fetched again. What the registry has no more is removed, and what
//! nobody could be asked for stays as it is unless that is forced.

use super::check::{CheckOptions, CheckReport, known};
use crate::image::{RegistryOptions, context, remove::remove_image};
use crate::{Engine, Error, artifact, container};
use ::image::{PullPolicy, Quiet};
use oci::Digest;
use store::Aside;

/// Goes on after what can't be repaired; the report says what that is.
pub(super) fn repair(engine: &Engine, options: &CheckOptions, report: &mut CheckReport) -> Result<(), Error> {
    let store = engine.store();
    let damage = report.damage.clone();
    let strays: Vec<_> = damage.strays.iter().filter(|stray| options.force || !stray.precious).cloned().collect();
    report.removed_strays = store.drop_stray_files(&strays, &known(engine)?)?;
    let layers: Vec<Digest> = damage.layers.keys().filter_map(|hex| Digest::from_sha256_hex(hex).ok()).collect();
    let aside = store.set_aside(&layers)?;
    for id in damage.images.keys() {
        if let Err(error) = repair_image(engine, id, options, &aside, report) {
            report.failures.push(format!("image {id}: {}", error.chain()));
        }
    }
    for name in damage.artifacts.keys() {
        if let Err(error) = repair_artifact(engine, name, options, report) {
            report.failures.push(format!("artifact {name}: {}", error.chain()));
        }
    }
    let lost = damage.containers.keys().filter(|id| !layers_are_there(engine, id).unwrap_or(false));
    for id in lost.cloned().collect::<Vec<_>>() {
        if let Err(error) = repair_container(engine, &id, options, &aside, report) {
            report.failures.push(format!("container {id}: {}", error.chain()));
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
    let done = fetch_or_remove(engine, &image, options, report);
    if done.is_err() {
        for layer in &image.layers {
            aside.put_back(layer)?;
        }
    }
    done
}

fn fetch_or_remove(
    engine: &Engine,
    image: &store::Image,
    options: &CheckOptions,
    report: &mut CheckReport,
) -> Result<(), Error> {
    let id = image.id.hex().to_owned();
    // Somebody else may have fetched it meanwhile.
    if goes_unless_forced(fetch(engine, image), options)? || engine.store().is_whole(image) {
        report.fetched_images.insert(id);
        return Ok(());
    }
    let users = engine.database()?.users_of_image(&id)?;
    if let (Some(user), false) = (users.first(), options.force) {
        return Err(Error::ImageInUse(format!(
            "it can't be fetched again, and is in use by a container, {user}: both are removed with --force"
        )));
    }
    remove_image(engine, image, &crate::image::RemoveOptions { force: options.force, ..Default::default() })?;
    report.removed_images.insert(id);
    report.removed_containers.extend(users);
    Ok(())
}

/// What can't be fetched goes.
fn repair_artifact(engine: &Engine, name: &str, options: &CheckOptions, report: &mut CheckReport) -> Result<(), Error> {
    if goes_unless_forced(artifact::pull_again(engine, name), options)? {
        report.fetched_artifacts.insert(name.to_owned());
    } else if engine.store().drop_artifact(name)? {
        report.removed_artifacts.insert(name.to_owned());
    }
    Ok(())
}

/// A registry that couldn't be asked may have it: that is no reason to remove anything, unless a person says so.
fn goes_unless_forced(fetched: Result<bool, Error>, options: &CheckOptions) -> Result<bool, Error> {
    match fetched {
        Err(error) if options.force => {
            log::info!("fetch again: {}", error.chain());
            Ok(false)
        }
        Err(error) => {
            let why = error.chain();
            Err(Error::State(format!(
                "it stays damaged, since it couldn't be fetched again (--force removes it): {why}"
            )))
        }
        fetched => fetched,
    }
}

/// Whether everything of the image is there again; false if it came from nowhere, or isn't there any more.
fn fetch(engine: &Engine, image: &store::Image) -> Result<bool, Error> {
    let context = context(engine, &RegistryOptions::default())?;
    let mut unknown = None;
    for name in &image.repo_digests {
        let platform = Some(&image.platform);
        match ::image::resolve(engine.store(), &context, name, PullPolicy::Always, platform, &Quiet) {
            Ok(pulled) if pulled.image.id == image.id => return Ok(true),
            Ok(_) => log::info!("fetch {name} again: it is another image now"),
            Err(error) if error.is_gone() => log::info!("fetch {name} again: {error}"),
            Err(error) => unknown = Some(error),
        }
    }
    unknown.map_or(Ok(false), |error| Err(error.into()))
}

/// A container whose image is gone, too, or was replaced by another of the same name.
fn repair_container(
    engine: &Engine,
    id: &str,
    options: &CheckOptions,
    aside: &Aside<'_>,
    report: &mut CheckReport,
) -> Result<(), Error> {
    let Some(layers) = layers_of(engine, id)? else { return Ok(()) };
    if !options.force {
        for layer in &layers {
            aside.put_back(layer)?;
        }
        return Err(Error::State("its layers are damaged: remove it with --force".to_owned()));
    }
    match crate::working::find(engine, id) {
        Ok(working) => crate::working::remove(engine, &working)?,
        Err(_) => {
            let remove = container::RemoveOptions { force: true, volumes: false, depend: true, ..Default::default() };
            container::remove(engine, id, &remove)?;
        }
    }
    report.removed_containers.insert(id.to_owned());
    Ok(())
}

fn layers_are_there(engine: &Engine, container: &str) -> Result<bool, Error> {
    let layers = layers_of(engine, container)?;
    Ok(layers.is_none_or(|layers| layers.iter().all(|layer| engine.store().has_layer(layer))))
}

/// What a container, or a working container, stands on.
fn layers_of(engine: &Engine, container: &str) -> Result<Option<Vec<Digest>>, Error> {
    if let Ok(working) = crate::working::find(engine, container) {
        return Ok(Some(working.layers.into_iter().map(|(layer, _)| layer).collect()));
    }
    Ok(engine.database()?.full(container)?.map(|full| full.layers))
}
