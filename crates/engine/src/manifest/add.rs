//! `manifest add`.

use super::{Artifact, Changes, find};
use crate::image::{RegistryOptions, context};
use crate::{Engine, Error};
use ::image::lists::{Addition, Choice, artifact, find_additions};
use oci::Platform;
use oci::image::Index;
use std::path::PathBuf;
use store::Member;

/// How images are added.
#[derive(Debug, Clone, Default)]
pub struct Adding {
    /// `--all`: all images of a list.
    pub all: bool,
    /// What is to be said of them.
    pub changes: Changes,
}

/// Adds images by name or location; the list's id in hex digits.
pub fn add(
    engine: &Engine,
    list: &str,
    images: &[String],
    adding: &Adding,
    registry: &RegistryOptions,
) -> Result<String, Error> {
    let (list, _) = find(engine, list)?;
    let mut additions = Vec::new();
    for image in images {
        additions.extend(look_up(engine, image, adding, registry)?);
    }
    for addition in &mut additions {
        adding.changes.apply(&mut addition.entry);
    }
    put(engine, &list, additions)
}

/// Adds files as one artifact; the list's id.
pub fn add_artifact(
    engine: &Engine,
    list: &str,
    files: &[PathBuf],
    described: &Artifact,
    changes: &Changes,
) -> Result<String, Error> {
    let (list, _) = find(engine, list)?;
    let mut addition = artifact(engine.store(), files, described)?;
    changes.apply(&mut addition.entry);
    put(engine, &list, vec![addition])
}

pub(super) fn look_up(
    engine: &Engine,
    image: &str,
    adding: &Adding,
    registry: &RegistryOptions,
) -> Result<Vec<Addition>, Error> {
    let host = Platform::host();
    let changes = &adding.changes;
    let wanted = Platform::new(
        changes.os.as_deref().unwrap_or(&host.os),
        changes.architecture.as_deref().unwrap_or(&host.architecture),
        changes.variant.as_deref().unwrap_or_default(),
    );
    let choice = if adding.all { Choice::All } else { Choice::Suiting(&wanted) };
    Ok(find_additions(engine.store(), &context(engine, registry)?, image, choice)?)
}

fn put(engine: &Engine, list: &store::Image, additions: Vec<Addition>) -> Result<String, Error> {
    let changed = engine.store().change_list(&list.id, |index, members| {
        insert(index, members, additions);
        Ok::<_, Error>(())
    })?;
    Ok(changed.id.hex().to_owned())
}

/// An entry for the same manifest goes; the new one comes last.
pub(crate) fn insert(index: &mut Index, members: &mut Vec<Member>, additions: Vec<Addition>) {
    for Addition { entry, member } in additions {
        index.manifests.retain(|old| old.digest != entry.digest);
        index.manifests.push(entry);
        members.retain(|old| old.manifest != member.manifest);
        members.push(member);
    }
}
