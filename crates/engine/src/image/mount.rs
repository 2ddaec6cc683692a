//! `image mount`, `image unmount`: an image's files, to be looked at by other programs of the host.

use super::find_record;
use crate::state::mounts::Mounts;
use crate::{Engine, Error, Privilege};
use oci::Digest;
use std::path::{Path, PathBuf};

/// An image that is mounted.
#[derive(Debug, Clone)]
pub struct Mounted {
    /// Hex digits.
    pub id: String,
    /// Its names, newest first.
    pub names: Vec<String>,
    /// Digests of its manifest.
    pub digests: Vec<String>,
    /// Where its files are, read-only.
    pub place: PathBuf,
}

/// Mounts images, by name or all that are here. Each call counts: so many calls of [`unmount`] end it.
///
/// # Errors
/// An unknown name; an ordinary user, whose mounts nobody else would see.
pub fn mount(engine: &Engine, names: &[String], all: bool) -> Result<Vec<Mounted>, Error> {
    let images = match all {
        true => engine.store().images()?.into_iter().filter(|image| image.list.is_none()).collect(),
        false => records(engine, names)?,
    };
    if !images.is_empty() && engine.privilege() != Privilege::Root {
        return Err(Error::Invalid(
            "cannot mount images as an ordinary user: the mount would be seen in the engine's own namespace only (look \
             into the image with `run`, or write it into a folder with `save --format oci-dir`)"
                .to_owned(),
        ));
    }
    images.into_iter().map(|image| mount_one(engine, image)).collect()
}

fn mount_one(engine: &Engine, image: store::Image) -> Result<Mounted, Error> {
    let folders = engine.store().image_dirs(&image.layers)?;
    if folders.is_empty() {
        return Err(Error::Invalid(format!("image {} has no layers: there is nothing to mount", image.id.hex())));
    }
    let still_there = || match engine.store().image(&image.id)? {
        Some(_) => Ok(()),
        None => Err(Error::from(::image::Error::NotKnown { name: image.id.hex().to_owned() })),
    };
    // Its layers may have gone meanwhile.
    let mount = |place: &Path| {
        runtime::mount_view(&folders, place).map_err(Error::from).or_else(|error| still_there().and(Err(error)))
    };
    // Or it alone: it is unmounted when it goes, but that may have been before.
    let place = mounts(engine).add(image.id.hex(), mount, still_there)?;
    Ok(mounted(image, place))
}

/// What is mounted.
pub fn mounted_images(engine: &Engine) -> Result<Vec<Mounted>, Error> {
    let mut all = Vec::new();
    for (id, place) in mounts(engine).all() {
        let Ok(digest) = Digest::from_sha256_hex(&id) else { continue };
        if let Some(image) = engine.store().image(&digest)? {
            all.push(mounted(image, place));
        }
    }
    Ok(all)
}

/// Takes back one mount of each image (`all`: of those that are mounted), or with `force` all of them; the ids. What isn't mounted is no error, and not told.
///
/// # Errors
/// An unknown name.
pub fn unmount(engine: &Engine, names: &[String], all: bool, force: bool) -> Result<Vec<String>, Error> {
    let ids: Vec<String> = match all {
        true => mounts(engine).all().into_iter().map(|(id, _)| id).collect(),
        false => records(engine, names)?.into_iter().map(|image| image.id.hex().to_owned()).collect(),
    };
    let mut taken = Vec::new();
    for id in ids {
        if mounts(engine).take(&id, force)? {
            taken.push(id);
        }
    }
    Ok(taken)
}

/// When an image goes.
pub(super) fn forget(engine: &Engine, image: &store::Image) -> Result<(), Error> {
    mounts(engine).take(image.id.hex(), true).map(|_| ())
}

fn mounts(engine: &Engine) -> Mounts {
    Mounts::new(engine.run_folder())
}

fn records(engine: &Engine, names: &[String]) -> Result<Vec<store::Image>, Error> {
    names.iter().map(|name| Ok(find_record(engine, name)?.0)).collect()
}

fn mounted(image: store::Image, place: PathBuf) -> Mounted {
    Mounted { id: image.id.hex().to_owned(), digests: vec![image.manifest.to_string()], names: image.names, place }
}
