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

/// Pushes a stored image; what was written there.
pub fn push(
    store: &Store,
    context: &Context,
    image: &str,
    destination: Destination<'_>,
    options: &Options<'_>,
) -> Result<Copied, Error> {
    let found = find(store, context, image)?;
    let location = match destination {
        Destination::OwnName => location(&found.name)?,
        Destination::Typed(text) => location(text)?,
    };
    let sink = open_sink(store, context, &location)?;
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
