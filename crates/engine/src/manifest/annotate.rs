//! `manifest annotate`: what an index says of an image, or of itself.

use super::{Changes, find};
use crate::image::{RegistryOptions, context};
use crate::{Engine, Error};
use oci::Digest;
use oci::image::{Descriptor, Index};
use std::collections::BTreeMap;

/// Changes an entry, by its digest or by the name of its image; the list's id in hex digits.
pub fn annotate(engine: &Engine, list: &str, entry: &str, changes: &Changes) -> Result<String, Error> {
    let (list, _) = find(engine, list)?;
    let digest = digest_of(engine, entry)?;
    let changed = engine.store().change_list(&list.id, |index, _| {
        changes.apply(entry_of(index, &digest)?);
        Ok::<_, Error>(())
    })?;
    Ok(changed.id.hex().to_owned())
}

/// Changes the index itself; the subject is an image by name.
pub fn annotate_index(
    engine: &Engine,
    list: &str,
    annotations: &BTreeMap<String, String>,
    subject: Option<&str>,
) -> Result<String, Error> {
    let (list, _) = find(engine, list)?;
    let subject = subject.map(|name| descriptor(engine, name, &RegistryOptions::default())).transpose()?;
    let changed = engine.store().change_list(&list.id, |index, _| {
        index.annotations.extend(annotations.clone());
        index.subject = subject.map(Box::new).or(index.subject.take());
        Ok::<_, Error>(())
    })?;
    Ok(changed.id.hex().to_owned())
}

/// What points at the manifest of a stored image or list, or of one in a registry.
pub fn descriptor(engine: &Engine, name: &str, registry: &RegistryOptions) -> Result<Descriptor, Error> {
    let found = super::add::look_up(engine, name, &super::Adding::default(), registry)?;
    match found.into_iter().next() {
        Some(addition) => Ok(Descriptor { platform: None, ..addition.entry }),
        None => Err(::image::Error::NotKnown { name: name.to_owned() }.into()),
    }
}

pub(super) fn entry_of<'i>(index: &'i mut Index, digest: &Digest) -> Result<&'i mut Descriptor, Error> {
    let wrong = || Error::Invalid(format!("no instance matching digest \"{digest}\" found in manifest list"));
    index.manifests.iter_mut().find(|entry| entry.digest == *digest).ok_or_else(wrong)
}

fn digest_of(engine: &Engine, text: &str) -> Result<Digest, Error> {
    if let Ok(digest) = text.parse() {
        return Ok(digest);
    }
    let registry = RegistryOptions::default();
    match ::image::find_record(engine.store(), &context(engine, &registry)?, text) {
        Ok((image, _)) => Ok(image.manifest),
        Err(_) => Ok(descriptor(engine, text, &registry)?.digest),
    }
}
