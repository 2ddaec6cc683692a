//! Finding a stored image by whatever the user typed: names first, then IDs, then ends of names.

use crate::short_name::local_candidates;
use crate::{Context, Error, Resolved};
use oci::image::ImageConfig;
use oci::reference::Name;
use oci::{Digest, Platform, Reference};
use store::{Image, Store};

/// Finds an image in the store by name (short names as Podman does: alias, `localhost/`, the search registries, Docker
/// Hub, the end of a longer name), ID, beginning of an ID, or `name@digest`. A list means its image for this machine.
pub fn find(store: &Store, context: &Context, name: &str) -> Result<Resolved, Error> {
    let (record, shown) = find_record(store, context, name)?;
    match &record.list {
        None => with_config(store, record, shown),
        Some(_) => match instance(store, &record, &Platform::host())? {
            Some(id) => open(store, &id, shown),
            None => Err(Error::NoInstance { list: shown, wanted: Box::new(Platform::host()) }),
        },
    }
}

/// The record that a name means, be it an image's or a list's, and by which full name it was found (or the ID).
pub fn find_record(store: &Store, context: &Context, name: &str) -> Result<(Image, String), Error> {
    let unknown = || Error::NotKnown { name: crate::error::printable(name) };
    let (id, shown) = look_up(store, context, name)?.ok_or_else(unknown)?;
    let record = store.image(&id)?.ok_or_else(unknown)?;
    Ok((record, shown))
}

/// The stored image that a list has for a platform.
pub(crate) fn instance(store: &Store, list: &Image, wanted: &Platform) -> Result<Option<Digest>, Error> {
    let index = store.index(list)?;
    let Some(entry) = index.choose(wanted) else { return Ok(None) };
    let images = store.images()?;
    Ok(images.into_iter().find(|image| image.list.is_none() && image.manifest == entry.digest).map(|image| image.id))
}

/// The record and the configuration of a stored image.
pub(crate) fn open(store: &Store, id: &Digest, name: String) -> Result<Resolved, Error> {
    let image = store.image(id)?.ok_or_else(|| Error::NotKnown { name: name.clone() })?;
    with_config(store, image, name)
}

/// Like [`open`], but the record's `names` stay empty: for a container one name is enough, and reading all takes a file each.
pub(crate) fn open_unnamed(store: &Store, id: &Digest, name: String) -> Result<Resolved, Error> {
    let image = store.image_record(id)?.ok_or_else(|| Error::NotKnown { name: name.clone() })?;
    with_config(store, image, name)
}

fn with_config(store: &Store, image: Image, name: String) -> Result<Resolved, Error> {
    let id = &image.id;
    let config = ImageConfig::parse(&store.blob(id)?, None)
        .map_err(|source| Error::Config { what: format!("configuration of image {id}"), source })?;
    Ok(Resolved { image, config, name })
}

/// The image's ID, and by which full name it was found (or the ID).
pub(crate) fn look_up(store: &Store, context: &Context, name: &str) -> Result<Option<(Digest, String)>, Error> {
    if let Some(hex) = name.strip_prefix("sha256:") {
        return match by_id(store, hex, name)? {
            None => by_manifest(store, name),
            found => Ok(found),
        };
    }
    let parsed = match name.parse::<Name>() {
        Ok(parsed) => parsed,
        Err(_) if is_hex(name) => return by_id(store, name, name),
        Err(e) => return Err(e.into()),
    };
    for candidate in local_candidates(context, &parsed)? {
        if let Some(found) = by_reference(store, &candidate)? {
            return Ok(Some(found));
        }
    }
    if parsed.registry.is_some() {
        return Ok(None);
    }
    if parsed.tag.is_none()
        && parsed.digest.is_none()
        && is_hex(name)
        && let Some(found) = by_id(store, name, name)?
    {
        return Ok(Some(found));
    }
    by_end_of_name(store, &parsed)
}

fn is_hex(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

fn by_id(store: &Store, hex: &str, typed: &str) -> Result<Option<(Digest, String)>, Error> {
    if !is_hex(hex) || hex.len() > 64 {
        return Ok(None);
    }
    let mut found = store.images_by_prefix(hex)?;
    match found.len() {
        0 | 1 => Ok(found.pop().map(|id| (id.clone(), id.hex().to_owned()))),
        count => Err(Error::Ambiguous { name: typed.to_owned(), count }),
    }
}

fn by_manifest(store: &Store, digest: &str) -> Result<Option<(Digest, String)>, Error> {
    let found = store.images()?.into_iter().find(|image| image.manifest.as_str() == digest);
    Ok(found.map(|image| (image.id.clone(), image.id.hex().to_owned())))
}

fn by_reference(store: &Store, reference: &Reference) -> Result<Option<(Digest, String)>, Error> {
    let shown = reference.to_string();
    let Some(digest) = &reference.digest else { return Ok(store.image_named(&shown)?.map(|id| (id, shown))) };
    let repository = reference.name();
    let has = |image: &Image| {
        image.repo_digests.contains(&shown) || image.manifest == *digest && belongs_to(image, &repository)
    };
    Ok(store.images()?.into_iter().find(has).map(|image| (image.id, shown)))
}

/// Whether an image has been in a repository, by tag or by digest.
fn belongs_to(image: &Image, repository: &str) -> bool {
    let of = |name: &str, mark: char| name.rsplit_once(mark).is_some_and(|(name, _)| name == repository);
    image.names.iter().any(|name| of(name, ':')) || image.repo_digests.iter().any(|name| of(name, '@'))
}

/// `org/zed` is also `quay.io/org/zed:latest`.
fn by_end_of_name(store: &Store, name: &Name) -> Result<Option<(Digest, String)>, Error> {
    let tag = name.tag.as_deref().unwrap_or("latest");
    let end = format!("/{}:{tag}", name.repository);
    let mut images = store.images()?;
    // Not in the order of the folder's entries, which nobody knows.
    images.sort_by(|a, b| a.names.cmp(&b.names));
    for image in images {
        let found = match &name.digest {
            None => image.names.iter().find(|candidate| candidate.ends_with(&end)),
            Some(digest) => {
                let end = format!("/{}@{digest}", name.repository);
                image.repo_digests.iter().find(|candidate| candidate.ends_with(&end))
            }
        };
        if let Some(found) = found {
            return Ok(Some((image.id.clone(), found.clone())));
        }
    }
    Ok(None)
}
