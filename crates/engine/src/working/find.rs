//! Which working containers there are, and which one is meant.

use super::record::{self, Working};
use crate::state::names;
use crate::{Engine, Error};
use std::collections::BTreeMap;

/// All of them, the oldest first.
pub fn all(engine: &Engine) -> Result<Vec<Working>, Error> {
    let mut found = Vec::new();
    for id in engine.store().workings()? {
        // Removed meanwhile.
        found.extend(record::read(engine, &id)?);
    }
    found.sort_by(|a, b| a.created.cmp(&b.created).then_with(|| a.id.cmp(&b.id)));
    Ok(found)
}

/// By name, by id, or by the beginning of an id.
///
/// # Errors
/// [`Error::NotWorking`]; an ambiguous beginning.
pub fn find(engine: &Engine, name: &str) -> Result<Working, Error> {
    let all = all(engine)?;
    if let Some(exact) = all.iter().find(|working| working.name == name || working.id == name) {
        return Ok(exact.clone());
    }
    let begin: Vec<&Working> = all.iter().filter(|working| !name.is_empty() && working.id.starts_with(name)).collect();
    match begin[..] {
        [] => Err(Error::NotWorking(name.to_owned())),
        [one] => Ok(one.clone()),
        _ => {
            let ids: Vec<&str> = begin.iter().map(|working| working.id.as_str()).collect();
            Err(Error::Ambiguous(name.to_owned(), ids.join(", ")))
        }
    }
}

/// The id of the working container that has a name.
pub(crate) fn id_of_name(engine: &Engine, name: &str) -> Result<Option<String>, Error> {
    Ok(all(engine)?.into_iter().find(|working| working.name == name).map(|working| working.id))
}

/// The id of whoever has a name, be it a working container or another.
pub(crate) fn owner_of_name(engine: &Engine, name: &str) -> Result<Option<String>, Error> {
    if let Some(id) = id_of_name(engine, name)? {
        return Ok(Some(id));
    }
    let containers = engine.database()?.containers()?;
    Ok(containers.into_iter().find(|container| container.name == name).map(|container| container.id))
}

/// Working containers that stand on an image (hex digits).
pub(crate) fn users_of_image(engine: &Engine, image: &str) -> Result<Vec<String>, Error> {
    let stands = |working: &Working| working.base.as_ref().is_some_and(|base| base.id == image);
    Ok(all(engine)?.into_iter().filter(stands).map(|working| working.id).collect())
}

/// How many containers of both kinds each image has.
pub(crate) fn image_counts(engine: &Engine) -> Result<BTreeMap<String, usize>, Error> {
    let mut counts = engine.database()?.image_counts()?;
    for base in all(engine)?.into_iter().filter_map(|working| working.base) {
        *counts.entry(base.id).or_default() += 1;
    }
    Ok(counts)
}

pub(super) fn check_name(name: &str) -> Result<(), Error> {
    match names::is_valid(name) {
        true => Ok(()),
        false => Err(Error::Invalid(format!(
            "invalid container name \"{name}\": names must match [a-zA-Z0-9][a-zA-Z0-9_.-]*: invalid argument"
        ))),
    }
}
