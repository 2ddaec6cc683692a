//! `push`: a stored image to wherever a destination says.

use crate::copy::{Copied, Options, copy};
use crate::location::Pick;
use crate::sink::Sink;
use crate::transport::{DockerArchiveSink, LayoutArchiveSink, Output, StoreSource, open_sink};
use crate::{Context, Error, Location, find};
use oci::reference::Name;
use store::Store;

/// Where a push goes.
#[derive(Debug, Clone, Copy)]
pub enum Destination<'a> {
    /// To the image's own name.
    OwnName,
    /// A name or a location, as typed.
    Typed(&'a str),
    /// A location.
    At(&'a Location),
    /// An archive.
    Archive {
        /// Docker's, not OCI's.
        docker: bool,
        /// Where it is written.
        output: Output<'a>,
        /// What the image is called in it.
        names: &'a [String],
    },
}

impl Destination<'_> {
    /// Where that is, for an image of this name.
    pub fn location(self, own_name: &str) -> Result<Location, Error> {
        match self {
            Destination::OwnName => location(own_name),
            Destination::Typed(text) => location(text),
            Destination::At(location) => Ok(location.clone()),
            Destination::Archive { docker, output, names } => {
                let (path, image) = (output.path().to_owned(), names.first().cloned().map(Pick::Name));
                Ok(if docker { Location::DockerArchive { path, image } } else { Location::OciArchive { path, image } })
            }
        }
    }

    /// Opens it for an image of this name.
    pub fn open<'s>(self, store: &'s Store, context: &Context, own_name: &str) -> Result<Box<dyn Sink + 's>, Error> {
        match self {
            Destination::Archive { docker: false, output, names } => {
                let name = names.first().cloned().map(Pick::Name);
                Ok(Box::new(LayoutArchiveSink::create(store, output, name.as_ref())?))
            }
            Destination::Archive { docker: true, output, names } => {
                let name = names.first().cloned().map(Pick::Name);
                let sink = DockerArchiveSink::create(store, output, name.as_ref())?;
                sink.call(names.get(1..).unwrap_or_default());
                Ok(Box::new(sink))
            }
            _ => open_sink(store, context, &self.location(own_name)?),
        }
    }
}

/// Pushes a stored image; what was written there.
pub fn push(
    store: &Store,
    context: &Context,
    image: &str,
    destination: Destination<'_>,
    options: &Options<'_>,
) -> Result<Copied, Error> {
    let found = find(store, context, image)?;
    let sink = destination.open(store, context, &found.name)?;
    copy(&StoreSource::of(store, found), sink.as_ref(), options)
}

fn location(destination: &str) -> Result<Location, Error> {
    if let Some(location) = Location::unless_name(destination) {
        return Ok(location?);
    }
    let name: Name = destination.parse()?;
    if name.digest.is_some() {
        return Err(Error::Name { name: destination.to_owned(), why: "a push needs a tag, not a digest" });
    }
    Ok(Location::Docker(crate::short_name::complete(name.in_registry("docker.io"))))
}
