//! Deleting at the target what is gone at the source: tags of the same repository that the filters would let pass.

use super::sources::Batch;
use super::{Event, Sync, Target};
use crate::Error;
use ::image::look::{delete_tag, present};
use ::image::{Context, Location};
use std::path::Path;

/// Deletes, or only tells of it.
pub(super) fn missing(
    context: &Context,
    sync: &Sync<'_>,
    batch: &Batch,
    tell: &mut dyn FnMut(Event<'_>),
) -> Result<(), Error> {
    let Some((name, tags)) = &batch.whole else { return Ok(()) };
    let is_gone = |there: &str| match there.strip_suffix(&sync.naming.suffix) {
        Some(tag) => batch.tags.mean(tag) && sync.filter.lets_pass(tag) && !tags.iter().any(|known| known == tag),
        None => false,
    };
    // Any tag will do: what counts is the repository in front of it.
    match (sync.naming.place(&sync.target, &format!("{name}:x"))?, &sync.target) {
        (Location::Docker(reference), Target::Registry(_)) => {
            let repository = reference.name();
            let there = match ::image::search::tags(context, &repository) {
                Err(error) if error.is_missing() => return Ok(()),
                tags => tags?.1,
            };
            let (gone, kept): (Vec<String>, Vec<String>) = there.into_iter().partition(|tag| is_gone(tag));
            gone.iter().try_for_each(|tag| delete_from_registry(context, sync, (&repository, tag, &kept), tell))
        }
        (Location::Dir(example), _) => delete_folders(sync, &example, is_gone, tell),
        _ => Ok(()),
    }
}

/// A registry that deletes by digests only would take other tags of the same image along: then it stays.
fn delete_from_registry(
    context: &Context,
    sync: &Sync<'_>,
    (repository, tag, kept): (&str, &str, &[String]),
    tell: &mut dyn FnMut(Event<'_>),
) -> Result<(), Error> {
    let reference = |tag: &str| format!("{repository}:{tag}").parse::<oci::Reference>().map_err(::image::Error::from);
    let gone = reference(tag)?;
    let location = Location::Docker(gone.clone());
    if sync.dry_run {
        tell(Event::Deleted { place: &location });
        return Ok(());
    }
    if delete_tag(context, &gone)? {
        tell(Event::Deleted { place: &location });
        return Ok(());
    }
    let own = present(context, &location)?;
    for other in kept {
        if own.is_some() && present(context, &Location::Docker(reference(other)?))? == own {
            let why = format!("the registry deletes by digests only, and tag {other} is the same image");
            tell(Event::Passed { name: &gone.to_string(), why: &why });
            return Ok(());
        }
    }
    if own.is_some() {
        ::image::look::delete(context, &location)?;
    }
    tell(Event::Deleted { place: &location });
    Ok(())
}

/// Folders beside the example that are called like it up to the tag, and are images.
fn delete_folders(
    sync: &Sync<'_>,
    example: &Path,
    is_gone: impl Fn(&str) -> bool,
    tell: &mut dyn FnMut(Event<'_>),
) -> Result<(), Error> {
    let parent = example.parent().unwrap_or(example);
    let name = example.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let prefix = name.rsplit_once(':').map_or(name.clone(), |(repository, _)| format!("{repository}:"));
    let entries = match std::fs::read_dir(parent) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        entries => entries.map_err(|error| Error::io("list", parent, error))?,
    };
    for entry in entries {
        let path = entry.map_err(|error| Error::io("list", parent, error))?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if name.strip_prefix(&prefix).is_some_and(&is_gone) && path.join("version").is_file() {
            if !sync.dry_run {
                std::fs::remove_dir_all(&path).map_err(|error| Error::io("delete", &path, error))?;
            }
            tell(Event::Deleted { place: &Location::Dir(path) });
        }
    }
    Ok(())
}
