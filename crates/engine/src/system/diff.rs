//! `diff`: what a container or an image changes in what it stands on, or how two of them differ.

use crate::container::resolve_name;
use crate::image::find;
use crate::{Engine, Error};
use std::path::{Path, PathBuf};
use store::Change;

/// What a name may mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Thing {
    /// A container, or else an image.
    Any,
    /// A container.
    Container,
    /// An image.
    Image,
}

/// What the engine itself puts into containers: nobody's change.
const OWN: &[&str] = &[
    "/dev",
    "/etc/hostname",
    "/etc/hosts",
    "/etc/mtab",
    "/etc/resolv.conf",
    "/proc",
    "/run",
    "/run/.containerenv",
    "/run/notify",
    "/run/secrets",
    "/sys",
];

/// What makes `against` (another object; without: what it is built on) the object `name`, sorted by path.
///
/// # Errors
/// A name that nothing has.
pub fn diff(engine: &Engine, thing: Thing, name: &str, against: Option<&str>) -> Result<Vec<Change>, Error> {
    let new = folders(engine, thing, name)?;
    let old = against.map(|against| folders(engine, thing, against)).transpose()?;
    let mut changes = match (old, new.split_first()) {
        // What it stands on is the same for all but the top, which says itself what it changes.
        (Some(old), Some((top, below))) if old == below => engine.store().changes(top, below)?,
        (Some(old), _) => engine.store().difference(&old, &new)?,
        (None, Some((top, below))) => engine.store().changes(top, below)?,
        (None, None) => Vec::new(),
    };
    changes.retain(|change| !OWN.iter().any(|own| change.path == Path::new(own)));
    Ok(changes)
}

/// The folders it consists of, uppermost first.
fn folders(engine: &Engine, thing: Thing, name: &str) -> Result<Vec<PathBuf>, Error> {
    if thing != Thing::Image {
        match resolve_name(engine, name) {
            Err(Error::NoSuchContainer(_)) if thing == Thing::Any => {}
            id => return of_container(engine, &id?),
        }
    }
    Ok(engine.store().image_dirs(&find(engine, name)?.image.layers)?)
}

fn of_container(engine: &Engine, id: &str) -> Result<Vec<PathBuf>, Error> {
    let full = engine.database()?.full(id)?.ok_or_else(|| Error::NoSuchContainer(id.to_owned()))?;
    let dirs = engine.store().root(id, &full.layers)?;
    Ok([dirs.upper].into_iter().chain(dirs.lower).collect())
}
