//! Deleting at the target what is gone at the source: tags of the same repository that the filters would let pass.

use super::sources::Batch;
use super::{Event, Sync, Target};
use crate::Error;
use ::image::look::{delete_tag, needed};
use ::image::{Context, Location};
use oci::Digest;
use std::collections::HashSet;
use std::path::Path;

/// Deletes, or only tells of it, once everything is copied; how often that failed. Of what couldn't be listed (`unlisted`: there
/// was such) nobody knows what is gone.
pub(super) fn missing(
    context: &Context,
    sync: &Sync<'_>,
    (batches, unlisted): (&[Batch], bool),
    tell: &mut dyn FnMut(Event<'_>),
) -> Result<usize, Error> {
    let wanted = wanted(sync, batches);
    let mut failures = 0;
    for batch in batches {
        let Some((name, tags)) = &batch.whole else { continue };
        let nothing = match () {
            () if unlisted => Some("a repository can't be listed: nothing is deleted"),
            () if tags.is_empty() => Some("the source has no tags at all: nothing is deleted"),
            () => None,
        };
        if let Some(why) = nothing {
            tell(Event::Passed { name, why });
            continue;
        }
        match of_batch(context, sync, (batch, name, tags), &wanted, tell) {
            Err(error) if sync.keep_going => {
                failures += 1;
                tell(Event::NoRepository { name, error: &error });
            }
            done => done?,
        }
    }
    Ok(failures)
}

/// The places of all that the sources have, whether it is copied or filtered out.
fn wanted(sync: &Sync<'_>, batches: &[Batch]) -> HashSet<String> {
    let listed = batches.iter().flat_map(|batch| &batch.whole);
    let listed = listed.flat_map(|(name, tags)| tags.iter().map(move |tag| format!("{name}:{tag}")));
    let named = batches.iter().flat_map(|batch| batch.images.iter().map(|(_, name)| name.clone()));
    let place = |name: String| sync.naming.place(&sync.target, &name).map(|place| place.to_string()).ok();
    listed.chain(named).filter_map(place).collect()
}

fn of_batch(
    context: &Context,
    sync: &Sync<'_>,
    (batch, name, tags): (&Batch, &str, &[String]),
    wanted: &HashSet<String>,
    tell: &mut dyn FnMut(Event<'_>),
) -> Result<(), Error> {
    let is_gone = |there: &str| match there.strip_suffix(&sync.naming.suffix) {
        Some(tag) => {
            let place = sync.naming.place(&sync.target, &format!("{name}:{tag}"));
            let is_wanted = place.is_ok_and(|place| wanted.contains(&place.to_string()));
            batch.tags.mean(tag) && sync.filter.lets_pass(tag) && !is_wanted && !tags.iter().any(|known| known == tag)
        }
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
            let mut deleting = Deleting { context, sync, repository: &repository, kept, needed: None };
            gone.iter().try_for_each(|tag| deleting.tag(tag, tell))
        }
        (Location::Dir(example), _) => delete_folders(sync, &example, is_gone, tell),
        _ => Ok(()),
    }
}

/// Deletions in one repository.
struct Deleting<'a> {
    context: &'a Context,
    sync: &'a Sync<'a>,
    repository: &'a str,
    /// The tags that stay.
    kept: Vec<String>,
    /// The manifests that these need, asked for when first wanted, each with one such tag.
    needed: Option<Vec<(Digest, String)>>,
}

impl Deleting<'_> {
    /// A registry that deletes by digests only would take along what other tags need: then it stays.
    fn tag(&mut self, tag: &str, tell: &mut dyn FnMut(Event<'_>)) -> Result<(), Error> {
        let gone = self.reference(tag)?;
        let location = Location::Docker(gone.clone());
        if self.sync.dry_run || delete_tag(self.context, &gone)? {
            tell(Event::Deleted { place: &location });
            return Ok(());
        }
        let own = needed(self.context, &gone)?;
        let Some(digest) = own.first() else {
            tell(Event::Passed { name: &gone.to_string(), why: "the registry doesn't tell its digest" });
            return Ok(());
        };
        if let Some((_, other)) = self.needed()?.iter().find(|(needed, _)| needed == digest) {
            let why = format!("the registry deletes by digests only, and tag {other} needs the same image");
            tell(Event::Passed { name: &gone.to_string(), why: &why });
            return Ok(());
        }
        ::image::look::delete(self.context, &location)?;
        tell(Event::Deleted { place: &location });
        Ok(())
    }

    fn needed(&mut self) -> Result<&[(Digest, String)], Error> {
        if self.needed.is_none() {
            let mut all = Vec::new();
            for tag in &self.kept {
                let digests = needed(self.context, &self.reference(tag)?)?;
                all.extend(digests.into_iter().map(|digest| (digest, tag.clone())));
            }
            self.needed = Some(all);
        }
        Ok(self.needed.as_deref().unwrap_or_default())
    }

    fn reference(&self, tag: &str) -> Result<oci::Reference, Error> {
        Ok(format!("{}:{tag}", self.repository).parse::<oci::Reference>().map_err(::image::Error::from)?)
    }
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
