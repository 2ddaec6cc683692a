//! From a location to the place itself: one [`Source`] and one [`Sink`] for each transport that has both.

mod daemon;
mod dir;
mod docker_archive;
mod layout;
mod layout_archive;
pub(crate) mod layout_delete;
mod layout_folder;
mod registry;
mod storage;
mod tar_file;

pub(crate) use dir::image_files;
pub use dir::{DirSink, DirSource};
pub(crate) use docker_archive::docker_items;
pub use docker_archive::{DockerArchiveSink, DockerArchiveSource, archive_names};
pub use layout::{LayoutSink, LayoutSource};
pub(crate) use layout::{full_name, layout_name, picks, read_index};
pub use layout_archive::{LayoutArchiveSink, open_archive};
pub(crate) use layout_folder::Layout;
pub(crate) use registry::wanted;
pub use registry::{RegistrySink, RegistrySource};
pub(crate) use storage::put_layer;
pub use storage::{StoreNaming, StoreSink, StoreSource};
pub use tar_file::Output;

use crate::archive::from_path;
use crate::sink::Sink;
use crate::source::Source;
use crate::{Context, Error, Location};
use std::sync::Arc;
use store::Store;

/// Opens a source. The registry's mirrors are not tried here: `pull` does that.
pub fn open_source<'a>(
    store: &'a Store,
    context: &Context,
    location: &Location,
) -> Result<Box<dyn Source + 'a>, Error> {
    Ok(match location {
        Location::Docker(reference) => Box::new(RegistrySource::open(context, reference)?.resuming(store)),
        Location::Oci { path, image } => {
            let members = Layout::new(path, context.shared_blobs.as_deref());
            Box::new(LayoutSource::open(members, location.clone(), image.as_ref())?)
        }
        Location::OciArchive { path, image } => {
            Box::new(open_archive(from_path(store, path)?, location.clone(), image.as_ref())?)
        }
        Location::DockerArchive { path, image } => {
            let archive = Arc::new(from_path(store, path)?);
            Box::new(DockerArchiveSource::open(archive, location.clone(), image.as_ref())?)
        }
        Location::Dir(path) => Box::new(DirSource::open(path)?),
        Location::Storage(name) => Box::new(StoreSource::open(store, context, name)?),
        Location::Daemon(image) => Box::new(daemon::open(store, context, image)?),
    })
}

/// Opens a sink for one image.
pub fn open_sink<'a>(store: &'a Store, context: &Context, location: &Location) -> Result<Box<dyn Sink + 'a>, Error> {
    Ok(match location {
        Location::Docker(reference) => Box::new(RegistrySink::open(store, context, reference)?),
        Location::Oci { path, image } => {
            Box::new(LayoutSink::create(path, image.as_ref(), context.shared_blobs.as_deref())?)
        }
        Location::OciArchive { path, image } => {
            Box::new(LayoutArchiveSink::create(store, Output::Path(path), image.as_ref())?)
        }
        Location::DockerArchive { path, image } => {
            let sink = DockerArchiveSink::create(store, Output::Path(path), image.as_ref())?;
            sink.call(&context.additional_names);
            Box::new(sink)
        }
        Location::Dir(path) => Box::new(DirSink::create(path)?),
        Location::Storage(name) => Box::new(StoreSink::new(store, StoreNaming::of(name)?).with_parts(context)),
        Location::Daemon(image) => Box::new(daemon::DaemonSink::open(store, context, image)?),
    })
}
