//! Folders behind the mounts of one start: volumes, overlays, images.

use crate::{Engine, Error};
use spec::ResolvedSpec;
use spec::facts::{MountedFile, OverlayDirs};
use spec::mounts::{ResolvedMount, Source, Upper};
use spec::users::IdRange;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// The folder of each volume by name.
pub(super) fn volumes(engine: &Engine, spec: &ResolvedSpec) -> Result<BTreeMap<String, PathBuf>, Error> {
    let mut volumes = BTreeMap::new();
    for mount in &spec.mounts {
        if let Source::Volume { name, .. } = &mount.source {
            volumes.insert(name.clone(), engine.store().create_volume_dir(name)?);
        }
    }
    give_volumes(spec, &volumes)?;
    Ok(volumes)
}

/// What is mounted of a source instead of all of it, by destination.
pub(super) fn sub_paths(spec: &ResolvedSpec) -> BTreeMap<String, String> {
    let parts = spec.mounts.iter().filter(|mount| !mount.sub_path.is_empty());
    parts.map(|mount| (mount.destination.clone(), mount.sub_path.clone())).collect()
}

/// The files of each artifact by destination.
pub(super) fn artifacts(engine: &Engine, spec: &ResolvedSpec) -> Result<BTreeMap<String, Vec<MountedFile>>, Error> {
    let files = |mount: &ResolvedMount| match &mount.source {
        Source::Artifact(wish) => Some((mount.destination.clone(), wish.clone())),
        _ => None,
    };
    let wishes = spec.mounts.iter().filter_map(files);
    wishes.map(|(place, wish)| Ok((place, crate::artifact::mounted_files(engine, &wish)?))).collect()
}

/// What lone files are called where their destination is a folder, by destination.
pub(super) fn names_in_folders(artifacts: &BTreeMap<String, Vec<MountedFile>>) -> BTreeMap<String, String> {
    let alone = artifacts.iter().filter_map(|(place, files)| match files.as_slice() {
        [file] => Some((place.clone(), file.name.clone())),
        _ => None,
    });
    alone.collect()
}

/// The folders of each overlay by destination; the engine's own are new.
pub(super) fn overlays(
    engine: &Engine,
    id: &str,
    spec: &ResolvedSpec,
    volumes: &BTreeMap<String, PathBuf>,
) -> Result<BTreeMap<String, OverlayDirs>, Error> {
    let mut overlays = BTreeMap::new();
    for (index, mount) in spec.mounts.iter().enumerate() {
        let Some(upper) = &mount.overlay else { continue };
        if overlays.is_empty() {
            // Of a run whose end nobody saw.
            engine.store().remove_upper_dirs(id)?;
        }
        let lower = lower(engine, id, mount, volumes)?;
        overlays.insert(mount.destination.clone(), overlay(engine, (id, index), lower, upper)?);
    }
    Ok(overlays)
}

fn lower(
    engine: &Engine,
    id: &str,
    mount: &ResolvedMount,
    volumes: &BTreeMap<String, PathBuf>,
) -> Result<Vec<PathBuf>, Error> {
    Ok(match &mount.source {
        Source::Bind(path) => vec![PathBuf::from(path)],
        Source::Volume { name, .. } => volumes.get(name).cloned().into_iter().collect(),
        Source::Image(name) => {
            let layers = crate::image::find(engine, name)?.image.layers;
            engine.store().lower_dirs(id, &layers)?
        }
        _ => Vec::new(),
    })
}

fn overlay(
    engine: &Engine,
    (id, index): (&str, usize),
    lower: Vec<PathBuf>,
    upper: &Upper,
) -> Result<OverlayDirs, Error> {
    let given = (!upper.upper.is_empty()).then(|| (PathBuf::from(&upper.upper), PathBuf::from(&upper.work)));
    let volatile = given.is_none();
    let source = lower.first().ok_or_else(|| Error::Invalid("an image without layers can't be mounted".to_owned()))?;
    let dirs = engine.store().upper_dirs(id, index, source, given)?;
    Ok(OverlayDirs { lower, upper: dirs.upper, work: dirs.work, userxattr: dirs.userxattr, volatile })
}

/// Destinations of volumes that are still empty and want the image's content.
pub(super) fn fresh_volumes(spec: &ResolvedSpec, volumes: &BTreeMap<String, PathBuf>) -> Vec<String> {
    let is_fresh = |name: &String| volumes.get(name).is_some_and(|folder| is_empty(folder));
    let wants = spec.mounts.iter().filter(|mount| mount.copy_up);
    wants
        .filter(|mount| matches!(&mount.source, Source::Volume { name, .. } if is_fresh(name)))
        .map(|mount| mount.destination.clone())
        .collect()
}

fn is_empty(folder: &Path) -> bool {
    fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_none())
}

/// A new volume belongs to the container's root: with a user namespace that is another than ours.
fn give_volumes(spec: &ResolvedSpec, volumes: &BTreeMap<String, PathBuf>) -> Result<(), Error> {
    let root = |map: &[IdRange]| map.iter().find(|range| range.container_id == 0).map(|range| range.host_id);
    let (uid, gid) = (root(&spec.uid_map), root(&spec.gid_map));
    if uid.is_none() && gid.is_none() {
        return Ok(());
    }
    for folder in volumes.values().filter(|folder| is_empty(folder)) {
        std::os::unix::fs::chown(folder, uid, gid).map_err(|source| Error::io("change owner of", folder, source))?;
    }
    Ok(())
}
