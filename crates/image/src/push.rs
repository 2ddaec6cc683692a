//! `push`: a stored image to wherever a destination says.

use crate::copy::{Copied, Options, copy};
use crate::transport::{StoreSource, open_sink};
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
}

impl Destination<'_> {
    /// Where that is, for an image of this name.
    pub fn location(self, own_name: &str) -> Result<Location, Error> {
        match self {
            Destination::OwnName => location(own_name),
            Destination::Typed(text) => location(text),
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
    let sink = open_sink(store, context, &destination.location(&found.name)?)?;
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
