//! `skopeo sync`: many images from a registry or a folder to another, again and again.
//!
//! What is there already costs two HEAD requests and nothing else. `select` decides which images are meant and where they
//! go, `sources` lists, `delete` takes away what is gone at the source.

mod delete;
mod select;
mod sources;
mod version;

pub use select::{Naming, TagFilter, Tags, Target};
pub use version::Constraint;

use super::{RegistryOptions, context};
use crate::{Engine, Error};
use ::image::look::present;
use ::image::policy::Guard;
use ::image::signature::Signature;
use ::image::{Context, Instances, Location, Options, Source, foresee};
use oci::Digest;
use oci::image::Document;
use sources::Batch;
use std::path::PathBuf;

/// What is copied, and where to.
pub struct Sync<'a> {
    /// From where, in this order.
    pub from: Vec<Origin>,
    /// Where to.
    pub target: Target,
    /// What is said about the target's registry.
    pub to: &'a RegistryOptions,
    /// Names there.
    pub naming: Naming,
    /// Which tags.
    pub filter: TagFilter,
    /// Goes on after an image that can't be copied.
    pub keep_going: bool,
    /// Only tells what it would do.
    pub dry_run: bool,
    /// Deletes at the target what is gone at the source.
    pub delete_missing: bool,
}

/// Where images come from.
pub enum Origin {
    /// Repositories of registries.
    Registry {
        /// What is said about them.
        options: Box<RegistryOptions>,
        /// Which.
        repositories: Vec<Repository>,
        /// One that can't be listed is told of and passed over.
        lenient: bool,
    },
    /// A folder with folders of the transport `dir:`.
    Folder(PathBuf),
}

/// Images of a repository.
#[derive(Debug, Clone)]
pub struct Repository {
    /// `registry/repository`, or with a tag or a digest: that image alone.
    pub name: String,
    /// Which of them.
    pub tags: Tags,
}

/// What happens.
pub enum Event<'e> {
    /// An image is copied (or would be).
    Copying {
        /// Its number in its batch, from 1.
        at: usize,
        /// How many there are.
        of: usize,
        /// From where.
        from: &'e Location,
        /// Where to.
        to: &'e Location,
    },
    /// It is there now, copied or not.
    Done {
        /// Its manifest's.
        digest: &'e Digest,
        /// Where.
        to: &'e Location,
        /// It was there before.
        unchanged: bool,
    },
    /// It couldn't be copied.
    Failed {
        /// Which.
        from: &'e Location,
        /// Why.
        error: &'e Error,
    },
    /// A repository can't be listed and is passed over.
    NoRepository {
        /// Its name.
        name: &'e str,
        /// Why.
        error: &'e Error,
    },
    /// A registry lists what can't be tags, which is passed over.
    NoTags {
        /// The repository's name.
        name: &'e str,
        /// How many.
        count: usize,
    },
    /// Something is left as it is.
    Passed {
        /// Its name.
        name: &'e str,
        /// Why.
        why: &'e str,
    },
    /// Something is deleted at the target (or would be).
    Deleted {
        /// What.
        place: &'e Location,
    },
}

/// What came of it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Summary {
    /// Images that are at the target now (or would be).
    pub images: usize,
    /// Lists of images they came from.
    pub sources: usize,
    /// Images that couldn't be copied.
    pub failures: usize,
}

/// Copies what isn't there yet.
pub fn sync(
    engine: &Engine,
    sync: &Sync<'_>,
    options: &Options<'_>,
    tell: &mut dyn FnMut(Event<'_>),
) -> Result<Summary, Error> {
    let to = context(engine, sync.to)?;
    let mut summary = Summary::default();
    let mut unlisted = false;
    let mut done = Vec::new();
    for origin in &sync.from {
        let mut listing = |event: Event<'_>| {
            unlisted |= matches!(event, Event::NoRepository { .. });
            tell(event);
        };
        let (from, batches) = list(engine, origin, sync, &mut listing)?;
        let run = Run { engine, sync, options, from: &from, to: &to };
        for batch in batches {
            summary.sources += 1;
            run.batch(&batch, &mut summary, tell)?;
            done.push(batch);
        }
    }
    // At the very end: several sources may have the same place.
    if sync.delete_missing {
        let missing = delete::Missing { context: &to, sync, batches: &done, unlisted };
        summary.failures += missing.delete(tell)?;
    }
    Ok(summary)
}

fn list(
    engine: &Engine,
    origin: &Origin,
    sync: &Sync<'_>,
    tell: &mut dyn FnMut(Event<'_>),
) -> Result<(Context, Vec<Batch>), Error> {
    let (options, repositories, lenient) = match origin {
        Origin::Folder(folder) => {
            let batches = sources::folders(folder, sync, tell)?;
            if batches.is_empty() {
                return Err(Error::Invalid(format!("No images to sync found in \"{}\"", folder.display())));
            }
            return Ok((context(engine, sync.to)?, batches));
        }
        Origin::Registry { options, repositories, lenient } => (options, repositories, *lenient),
    };
    let from = context(engine, options)?;
    let mut batches = Vec::new();
    for repository in repositories {
        match sources::repository(&from, repository, sync, tell) {
            Ok(batch) => batches.push(batch),
            Err(error) if lenient => {
                tell(Event::NoRepository { name: &repository.name, error: &error });
            }
            Err(error) => return Err(error),
        }
    }
    Ok((from, batches))
}

struct Run<'a> {
    engine: &'a Engine,
    sync: &'a Sync<'a>,
    options: &'a Options<'a>,
    from: &'a Context,
    to: &'a Context,
}

impl Run<'_> {
    fn batch(&self, batch: &Batch, summary: &mut Summary, tell: &mut dyn FnMut(Event<'_>)) -> Result<(), Error> {
        let of = batch.images.len();
        for (at, (from, name)) in batch.images.iter().enumerate() {
            let place = self.sync.naming.place(&self.sync.target, name);
            match place.and_then(|to| self.image(from, &to, (at + 1, of), tell)) {
                Ok(()) => summary.images += 1,
                Err(error) if self.sync.keep_going => {
                    summary.failures += 1;
                    tell(Event::Failed { from, error: &error });
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    fn image(
        &self,
        from: &Location,
        to: &Location,
        (at, of): (usize, usize),
        tell: &mut dyn FnMut(Event<'_>),
    ) -> Result<(), Error> {
        if let Some(digest) = self.unchanged(from, to)? {
            tell(Event::Done { digest: &digest, to, unchanged: true });
            return Ok(());
        }
        tell(Event::Copying { at, of, from, to });
        if self.sync.dry_run {
            return Ok(());
        }
        let guard = Guard { context: self.from };
        let source = ::image::open_source(self.engine.store(), self.from, from)?;
        let sink = ::image::open_sink(self.engine.store(), self.to, to)?;
        let copied = ::image::copy(source.as_ref(), sink.as_ref(), &guard.over(self.options))?;
        tell(Event::Done { digest: &copied.written.digest, to, unchanged: false });
        Ok(())
    }

    /// The digest at the target, if it is what a copy would write, signatures included. Ours are always written.
    fn unchanged(&self, from: &Location, to: &Location) -> Result<Option<Digest>, Error> {
        if !self.options.hooks.signers.is_empty() || self.options.format.is_some() {
            return Ok(None);
        }
        let Some(there) = present(self.to, to)? else { return Ok(None) };
        // Of an index that isn't copied whole, only a look into it tells.
        let all = self.options.instances == Instances::All;
        let here = present(self.from, from)?.filter(|here| !here.is_index || all);
        if here.as_ref().is_some_and(|here| here.digest != there.digest) {
            return Ok(None);
        }
        let source = ::image::open_source(self.engine.store(), self.from, from)?;
        let digest = here.map_or_else(|| foresee(source.as_ref(), self.options), |here| Ok(here.digest))?;
        let same = digest == there.digest && self.is_signed(source.as_ref(), to, &digest, there.is_index)?;
        Ok(same.then_some(digest))
    }

    /// Whether the target has all signatures of the source. The images of an index are looked at if it is signed itself.
    fn is_signed(&self, source: &dyn Source, to: &Location, manifest: &Digest, is_index: bool) -> Result<bool, Error> {
        if self.options.remove_signatures {
            return Ok(true);
        }
        let own = source.signatures(manifest)?;
        if own.is_empty() {
            return Ok(true);
        }
        let there = ::image::open_source(self.engine.store(), self.to, to)?;
        let has = |manifest: &Digest, own: &[Signature]| -> Result<bool, Error> {
            let there = there.signatures(manifest)?;
            Ok(own.iter().all(|signature| there.contains(signature)))
        };
        if !has(manifest, &own)? {
            return Ok(false);
        }
        let top = if is_index { Some(there.top()?) } else { None };
        let top = top.and_then(|top| Document::parse(&top.bytes, top.media_type.as_deref()).ok());
        let Some(Document::Index(index)) = top else { return Ok(true) };
        for entry in &index.manifests {
            if !has(&entry.digest, &source.signatures(&entry.digest)?)? {
                return Ok(false);
            }
        }
        Ok(true)
    }
}
