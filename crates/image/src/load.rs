//! `load`, and `pull` from archives and folders.

use crate::archive::{Archive, Members, from_path, from_stream};
use crate::copy::{Options, copy};
use crate::folder::Folder;
use crate::location::{DaemonImage, Pick};
use crate::policy::Guard;
use crate::source::Source;
use crate::transport::{
    DirSource, DockerArchiveSource, StoreNaming, StoreSink, docker_items, full_name, layout_name, open_archive, picks,
    read_index,
};
use crate::transport::{LayoutSource, StoreSource};
use crate::{Context, Error, Location, Progress, Resolved};
use oci::{Digest, Platform};
use std::path::{Path, PathBuf};
use std::sync::Arc;
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

/// Loads docker-archive or oci-archive, plain or compressed, an OCI layout or a `dir:` folder; all images that are in it.
pub fn load(store: &Store, context: &Context, input: Input<'_>, progress: &dyn Progress) -> Result<Vec<Loaded>, Error> {
    let guard = Guard { context };
    let options = guard.options(progress);
    match input {
        Input::Path(path) if path.is_dir() => load_folder(store, &path, &options),
        Input::Path(path) => load_archive(store, from_path(store, &path)?, &path, &options),
        Input::Stream(stream) => load_archive(store, from_stream(store, stream)?, Path::new("/dev/stdin"), &options),
    }
}

fn load_folder(store: &Store, path: &Path, options: &Options<'_>) -> Result<Vec<Loaded>, Error> {
    let options = &for_this_machine(options);
    if let Some(index) = read_index(&Folder::new(path))? {
        let open = |pick: Option<&Pick>| {
            let location = Location::Oci { path: path.to_owned(), image: pick.cloned() };
            LayoutSource::open(Folder::new(path), location, pick)
        };
        return load_layout(store, &picks(&index), &path.display().to_string(), open, options);
    }
    let source = DirSource::open(path)?;
    Ok(vec![load_one(store, &source, Vec::new(), options)?])
}

fn for_this_machine<'a>(options: &Options<'a>) -> Options<'a> {
    Options { platform: Some(Platform::host()), ..options.again() }
}

/// What an archive is is told by what is in it.
fn load_archive(store: &Store, archive: Archive, path: &Path, options: &Options<'_>) -> Result<Vec<Loaded>, Error> {
    let archive = Arc::new(archive);
    if let Some(items) = docker_items(&archive)? {
        let mut loaded = Vec::new();
        for (at, item) in items.iter().enumerate() {
            let location = Location::DockerArchive { path: path.to_owned(), image: Some(Pick::Index(at)) };
            let source = DockerArchiveSource::of(Arc::clone(&archive), location, item)?;
            let names = source.names().iter().map(ToString::to_string).collect();
            loaded.push(load_one(store, &source, names, options)?);
        }
        return Ok(loaded);
    }
    let Some(index) = read_index(&*archive)? else {
        let why = "it is neither a docker-archive (with manifest.json) nor an oci-archive (with index.json)";
        return Err(Error::Archive { archive: archive.name().to_owned(), why: why.to_owned() });
    };
    let name = archive.name().to_owned();
    let open = |pick: Option<&Pick>| {
        let location = Location::OciArchive { path: path.to_owned(), image: pick.cloned() };
        open_archive(Arc::clone(&archive), location, pick)
    };
    load_layout(store, &picks(&index), &name, open, &for_this_machine(options))
}

fn load_layout<S: Source>(
    store: &Store,
    picks: &[(Option<Pick>, Option<String>)],
    what: &str,
    open: impl Fn(Option<&Pick>) -> Result<S, Error>,
    options: &Options<'_>,
) -> Result<Vec<Loaded>, Error> {
    if picks.is_empty() {
        return Err(Error::Archive { archive: what.to_owned(), why: "index.json lists no image".to_owned() });
    }
    let mut loaded = Vec::new();
    for (pick, name) in picks {
        let source = open(pick.as_ref())?;
        loaded.push(load_one(store, &source, layout_names(name.as_deref(), what, options), options)?);
    }
    Ok(loaded)
}

/// An annotation that is no name is a warning.
fn layout_names(annotation: Option<&str>, what: &str, options: &Options<'_>) -> Vec<String> {
    match annotation.map(full_name) {
        None => Vec::new(),
        Some(Ok(name)) => vec![name.to_string()],
        Some(Err(e)) => {
            options.progress.warning(&format!("{what}: the image gets no name: {e}"));
            Vec::new()
        }
    }
}

fn load_one(store: &Store, source: &dyn Source, names: Vec<String>, options: &Options<'_>) -> Result<Loaded, Error> {
    let naming = StoreNaming { names: names.clone(), repository: None };
    let copied = copy(source, &StoreSink::new(store, naming), options)?;
    let image = copied.image.ok_or_else(|| Error::NoIndexes { sink: "the store".to_owned() })?;
    Ok(Loaded { names, id: image.manifest.config.digest })
}

/// `pull` from anywhere but a registry.
pub(crate) fn pull(
    store: &Store,
    context: &Context,
    location: &Location,
    platform: Option<&Platform>,
    progress: &dyn Progress,
) -> Result<Resolved, Error> {
    let host = Platform::host();
    let guard = Guard { context };
    let options =
        Options { platform: Some(platform.unwrap_or(&host).clone()), memory: Some(store), ..guard.options(progress) };
    let (source, names): (Box<dyn Source + '_>, Vec<String>) = match location {
        Location::DockerArchive { path, image } => {
            let archive = Arc::new(from_path(store, path)?);
            let source = DockerArchiveSource::open(archive, location.clone(), image.as_ref())?;
            let names = source.names().iter().map(ToString::to_string).collect();
            (Box::new(source), names)
        }
        Location::Oci { path, image } => {
            let source = LayoutSource::open(Folder::new(path), location.clone(), image.as_ref())?;
            let names = layout_names(layout_name(&source).as_deref(), &source.name(), &options);
            (Box::new(source), names)
        }
        Location::OciArchive { path, image } => {
            let source = open_archive(from_path(store, path)?, location.clone(), image.as_ref())?;
            let names = layout_names(layout_name(&source).as_deref(), &source.name(), &options);
            (Box::new(source), names)
        }
        Location::Storage(name) => {
            let source = StoreSource::open(store, context, name)?;
            return Ok(source.into_image());
        }
        Location::Daemon(DaemonImage::Name(reference)) => {
            let names = reference.tag.is_some().then(|| reference.to_string()).into_iter().collect();
            (crate::transport::open_source(store, context, location)?, names)
        }
        other => (crate::transport::open_source(store, context, other)?, Vec::new()),
    };
    // Docker's archives don't say what they are for.
    let options = match location {
        Location::DockerArchive { .. } | Location::Daemon(_) => Options { platform: None, ..options },
        _ => options,
    };
    let loaded = load_one(store, source.as_ref(), names, &options)?;
    let name = loaded.names.first().cloned().unwrap_or_else(|| loaded.id.hex().to_owned());
    let resolved = crate::find::open(store, &loaded.id, name.clone())?;
    Ok(Resolved { name, ..resolved })
}
