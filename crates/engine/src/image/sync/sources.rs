//! What there is to be copied: tags of repositories, folders with images.

use super::select::folder_name;
use super::{Event, Repository, Sync, Tags};
use crate::Error;
use ::image::{Context, Location};
use oci::reference::Name;
use std::path::{Path, PathBuf};

/// Folders in folders, at most so deep.
const MAX_DEPTH: usize = 16;

/// Images that lie together.
pub(super) struct Batch {
    /// Where each is, and what it is called there.
    pub(super) images: Vec<(Location, String)>,
    /// The repository that was listed whole, so that what isn't in it is gone.
    pub(super) whole: Option<Whole>,
    /// Which of the repository's tags are meant.
    pub(super) tags: Tags,
}

/// A repository that was listed.
pub(super) struct Whole {
    /// Its name.
    pub(super) name: String,
    /// All its tags.
    pub(super) tags: Vec<String>,
}

/// The images of a repository.
pub(super) fn repository(
    context: &Context,
    repository: &Repository,
    sync: &Sync<'_>,
    tell: &mut dyn FnMut(Event<'_>),
) -> Result<Batch, Error> {
    let name: Name = repository.name.parse().map_err(::image::Error::from)?;
    let full = name.clone().in_registry("docker.io");
    let (names, whole): (Vec<String>, _) = match &repository.tags {
        _ if name.tag.is_some() || name.digest.is_some() => (vec![full.to_string()], None),
        Tags::These(tags) => {
            let mark = |tag: &str| if tag.contains(':') { '@' } else { ':' };
            let wanted = tags.iter().filter(|tag| tag.contains(':') || sync.filter.lets_pass(tag));
            (wanted.map(|tag| format!("{}{}{tag}", full.name(), mark(tag))).collect(), None)
        }
        chosen => {
            // In Skopeo's words; to it this is another failure than an image that isn't there.
            let unlisted = |error| {
                let why = Error::Image(error).chain();
                Error::State(format!("Error determining repository tags for repo {}: {why}", full.name()))
            };
            let (_, mut tags) = ::image::search::tags(context, &full.name()).map_err(unlisted)?;
            let listed = tags.len();
            tags.retain(|tag| oci::reference::is_tag(tag));
            if tags.len() < listed {
                tell(Event::NoTags { name: &full.name(), count: listed - tags.len() });
            }
            let wanted = tags.iter().filter(|tag| chosen.mean(tag) && sync.filter.lets_pass(tag));
            (wanted.map(|tag| format!("{}:{tag}", full.name())).collect(), Some(Whole { name: full.name(), tags }))
        }
    };
    let images = names.into_iter().map(|name| {
        let location = format!("docker://{name}").parse::<Location>().map_err(::image::Error::from)?;
        Ok((location, name))
    });
    let images = images.collect::<Result<Vec<_>, Error>>()?;
    Ok(Batch { images, whole, tags: repository.tags.clone() })
}

/// All image folders below one, or itself; one batch for each repository.
pub(super) fn folders(base: &Path, sync: &Sync<'_>, tell: &mut dyn FnMut(Event<'_>)) -> Result<Vec<Batch>, Error> {
    let mut found = Vec::new();
    find(base, 0, &mut found).map_err(|error| Error::io("Invalid source directory specified:", base, error))?;
    found.sort();
    let mut batches: Vec<Batch> = Vec::new();
    for folder in found {
        let name = folder_name(base, &folder);
        let Some((repository, tag)) = name.rsplit_once(':') else {
            tell(Event::Passed { name: &name, why: "its folder isn't called REPOSITORY:TAG" });
            continue;
        };
        let at = batches.iter().position(|batch| batch.whole.as_ref().is_some_and(|whole| whole.name == repository));
        let at = at.unwrap_or_else(|| {
            let whole = Some(Whole { name: repository.to_owned(), tags: Vec::new() });
            batches.push(Batch { images: Vec::new(), whole, tags: Tags::All });
            batches.len() - 1
        });
        let batch = &mut batches[at];
        if let Some(whole) = &mut batch.whole {
            whole.tags.push(tag.to_owned());
        }
        if sync.filter.lets_pass(tag) {
            batch.images.push((Location::Dir(folder.clone()), name.clone()));
        }
        if folder == base {
            batch.whole = None;
        }
    }
    Ok(batches)
}

/// An image's folder has a manifest; nothing below it is looked at.
fn find(folder: &Path, depth: usize, found: &mut Vec<PathBuf>) -> std::io::Result<()> {
    if folder.join("manifest.json").is_file() {
        found.push(folder.to_owned());
        return Ok(());
    }
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        if depth < MAX_DEPTH && entry.file_type()?.is_dir() {
            find(&entry.path(), depth + 1, found)?;
        }
    }
    Ok(())
}
