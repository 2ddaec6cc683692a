//! `load`, and `pull` from archives and folders.

use crate::archive::docker::{DockerImage, items};
use crate::archive::oci::{Layout, full_name};
use crate::archive::{Archive, Members, from_path, from_stream};
use crate::choose::choose;
use crate::copy::{Naming, copy};
use crate::folder::{Dir, Folder};
use crate::source::{Fetched, Source};
use crate::transport::{Transport, path_and_reference};
use crate::{Error, Progress, Resolved};
use oci::{Digest, Platform, Reference};
use std::path::{Path, PathBuf};
use store::Store;

/// What `load` found.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// Fully qualified names, possibly none.
    pub names: Vec<String>,
    /// Image id.
    pub id: Digest,
}

/// Where `load` reads.
pub enum Input<'a> {
    /// A file (or an oci-layout folder).
    Path(PathBuf),
    /// Standard input.
    Stream(&'a mut (dyn std::io::Read + Send)),
}

/// Loads docker-archive or oci-archive, plain or compressed; all images that are in it.
pub fn load(store: &Store, input: Input<'_>, progress: &dyn Progress) -> Result<Vec<Loaded>, Error> {
    let images = match input {
        Input::Path(path) if path.is_dir() => load_folder(store, &path, progress)?,
        Input::Path(path) => load_archive(store, from_path(store, &path)?, None, progress)?,
        Input::Stream(stream) => load_archive(store, from_stream(store, stream)?, None, progress)?,
    };
    Ok(images)
}

fn load_folder(store: &Store, path: &Path, progress: &dyn Progress) -> Result<Vec<Loaded>, Error> {
    match Layout::open(Folder::new(path))? {
        Some(layout) => load_layout(store, &layout, None, &Platform::host(), progress),
        None => {
            let (dir, top) = Dir::open(path)?;
            let loaded = load_one(store, &dir, top, Vec::new(), &Platform::host(), progress)?;
            Ok(vec![loaded])
        }
    }
}

/// What an archive is is told by what is in it; `only` is a name to pick.
fn load_archive(
    store: &Store,
    archive: Archive,
    only: Option<&str>,
    progress: &dyn Progress,
) -> Result<Vec<Loaded>, Error> {
    if let Some(items) = items(&archive)? {
        let mut loaded = Vec::new();
        for item in &items {
            let image = DockerImage::open(&archive, item)?;
            if only.is_some_and(|only| !image.names.iter().any(|name| is_called(name, only))) {
                continue;
            }
            let names = image.names.iter().map(ToString::to_string).collect();
            loaded.push(finish(store, &image, &image.chosen, names, None, progress)?);
        }
        return found(&archive, loaded, only);
    }
    let name = archive.name().to_owned();
    match Layout::open(archive)? {
        Some(layout) => load_layout(store, &layout, only, &Platform::host(), progress),
        None => {
            let why = "it is neither a docker-archive (with manifest.json) nor an oci-archive (with index.json)";
            Err(Error::Archive { archive: name, why: why.to_owned() })
        }
    }
}

fn found(archive: &Archive, loaded: Vec<Loaded>, only: Option<&str>) -> Result<Vec<Loaded>, Error> {
    match only {
        Some(only) if loaded.is_empty() => Err(Error::Archive {
            archive: archive.name().to_owned(),
            why: format!("no image in it is called `{only}`"),
        }),
        _ => Ok(loaded),
    }
}

fn is_called(name: &Reference, wanted: &str) -> bool {
    full(wanted, "docker.io").is_some_and(|wanted| *name == wanted) || full(wanted, "localhost").as_ref() == Some(name)
}

fn full(text: &str, registry: &str) -> Option<Reference> {
    text.parse::<oci::reference::Name>().ok().map(|name| name.in_registry(registry).with_default_tag())
}

fn load_layout<M: Members>(
    store: &Store,
    layout: &Layout<M>,
    only: Option<&str>,
    platform: &Platform,
    progress: &dyn Progress,
) -> Result<Vec<Loaded>, Error> {
    let mut loaded = Vec::new();
    for (fetched, name) in layout.images()? {
        if only.is_some() && name.as_deref() != only {
            continue;
        }
        let names = match name.as_deref().map(full_name) {
            None => Vec::new(),
            Some(Ok(name)) => vec![name.to_string()],
            Some(Err(e)) => {
                progress.line(&format!("WARNING: {}: the image gets no name: {e}", layout.name()));
                Vec::new()
            }
        };
        loaded.push(load_one(store, layout, fetched, names, platform, progress)?);
    }
    match only {
        Some(only) if loaded.is_empty() => {
            Err(Error::Archive { archive: layout.name(), why: format!("no image in it is called `{only}`") })
        }
        _ => Ok(loaded),
    }
}

fn load_one(
    store: &Store,
    source: &dyn Source,
    top: Fetched,
    names: Vec<String>,
    platform: &Platform,
    progress: &dyn Progress,
) -> Result<Loaded, Error> {
    let chosen = choose(source, top, platform)?;
    finish(store, source, &chosen, names, Some(platform), progress)
}

fn finish(
    store: &Store,
    source: &dyn Source,
    chosen: &crate::choose::Chosen,
    names: Vec<String>,
    platform: Option<&Platform>,
    progress: &dyn Progress,
) -> Result<Loaded, Error> {
    progress.line("Getting image source signatures");
    let naming = Naming { names: names.clone(), repo_digest: None, shown: names.first().cloned().unwrap_or_default() };
    let resolved = copy(store, source, chosen, &naming, platform, progress)?;
    Ok(Loaded { names, id: resolved.image.id })
}

/// `pull docker-archive:…`, `oci-archive:…`, `oci:…`, `dir:…`; the last image of several.
pub(crate) fn pull(
    store: &Store,
    transport: Transport,
    rest: &str,
    platform: Option<&Platform>,
    progress: &dyn Progress,
) -> Result<Resolved, Error> {
    let (path, only) = path_and_reference(rest);
    if path.is_empty() {
        return Err(Error::Name { name: rest.to_owned(), why: "a path is missing behind the transport" });
    }
    let host = Platform::host();
    let platform = platform.unwrap_or(&host);
    let path = Path::new(path);
    let mut loaded = match transport {
        Transport::Oci => match Layout::open(Folder::new(path))? {
            Some(layout) => load_layout(store, &layout, only, platform, progress)?,
            None => {
                let why = "there is no index.json in it".to_owned();
                return Err(Error::Archive { archive: path.display().to_string(), why });
            }
        },
        Transport::Dir => {
            let (dir, top) = Dir::open(path)?;
            vec![load_one(store, &dir, top, Vec::new(), platform, progress)?]
        }
        _ => load_archive(store, from_path(store, path)?, only, progress)?,
    };
    let last = loaded.pop().ok_or_else(|| Error::Archive {
        archive: path.display().to_string(),
        why: "there is no image in it".to_owned(),
    })?;
    let name = last.names.first().cloned().unwrap_or_else(|| last.id.hex().to_owned());
    let mut resolved = crate::find::open(store, &last.id, name.clone())?;
    resolved.name = name;
    Ok(resolved)
}
