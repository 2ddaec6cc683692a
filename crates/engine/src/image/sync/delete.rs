//! Deleting at the target what is gone at the source: tags of the same repository that the filters would let pass.

use super::sources::{Batch, Whole};
use super::{Event, Sync, Tags, Target};
use crate::Error;
use ::image::look::{delete_folder, delete_tag, needed};
use ::image::{Context, Location};
use oci::Digest;
use std::collections::HashSet;
use std::path::Path;

/// What may be missing at the sources.
pub(super) struct Missing<'a> {
    /// Of the target.
    pub(super) context: &'a Context,
    pub(super) sync: &'a Sync<'a>,
    /// What the sources have.
    pub(super) batches: &'a [Batch],
    /// There was something that couldn't be listed: of that nobody knows what is gone.
    pub(super) unlisted: bool,
}

impl Missing<'_> {
    /// Deletes, or only tells of it, once everything is copied; how often that failed.
    pub(super) fn delete(&self, tell: &mut dyn FnMut(Event<'_>)) -> Result<usize, Error> {
        let wanted = self.wanted();
        let mut failures = 0;
        for batch in self.batches {
            let Some(whole) = &batch.whole else { continue };
            let nothing = match () {
                () if self.unlisted => Some("a repository can't be listed: nothing is deleted"),
                () if whole.tags.is_empty() => Some("the source has no tags at all: nothing is deleted"),
                () => None,
            };
            if let Some(why) = nothing {
                tell(Event::Passed { name: &whole.name, why });
                continue;
            }
            match self.of_repository(whole, &batch.tags, &wanted, tell) {
                Err(error) if self.sync.keep_going => {
                    failures += 1;
                    tell(Event::NoRepository { name: &whole.name, error: &error });
                }
                done => done?,
            }
        }
        Ok(failures)
    }

    /// The places of all that the sources have, whether it is copied or filtered out.
    fn wanted(&self) -> HashSet<String> {
        let listed = self.batches.iter().flat_map(|batch| &batch.whole);
        let listed = listed.flat_map(|whole| whole.tags.iter().map(|tag| format!("{}:{tag}", whole.name)));
        let named = self.batches.iter().flat_map(|batch| batch.images.iter().map(|(_, name)| name.clone()));
        let Sync { naming, target, .. } = self.sync;
        let place = |name: String| naming.place(target, &name).map(|place| place.to_string()).ok();
        listed.chain(named).filter_map(place).collect()
    }

    fn of_repository(
        &self,
        whole: &Whole,
        meant: &Tags,
        wanted: &HashSet<String>,
        tell: &mut dyn FnMut(Event<'_>),
    ) -> Result<(), Error> {
        let Missing { context, sync, .. } = *self;
        let is_gone = |there: &str| match there.strip_suffix(&sync.naming.suffix) {
            Some(tag) => {
                let place = sync.naming.place(&sync.target, &format!("{}:{tag}", whole.name));
                let is_wanted = place.is_ok_and(|place| wanted.contains(&place.to_string()));
                let is_there = whole.tags.iter().any(|known| known == tag);
                meant.mean(tag) && sync.filter.lets_pass(tag) && !is_wanted && !is_there
            }
            None => false,
        };
        // Any tag will do: what counts is the repository in front of it.
        match (sync.naming.place(&sync.target, &format!("{}:x", whole.name))?, &sync.target) {
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

/// Folders beside the example that are called like it up to the tag, and have an image and nothing else.
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
        if !name.strip_prefix(&prefix).is_some_and(&is_gone) {
            continue;
        }
        match delete_folder(&path, sync.dry_run)? {
            true => tell(Event::Deleted { place: &Location::Dir(path) }),
            false => tell(Event::Passed { name: &path.to_string_lossy(), why: "it has other files than an image's" }),
        }
    }
    Ok(())
}
