//! From what a user typed (name, id, beginning of an id) to the container's id.

use crate::{Engine, Error};

/// An exact name wins, then an exact id, then a unique beginning of an id.
pub fn resolve_name(engine: &Engine, name: &str) -> Result<String, Error> {
    let database = engine.database()?;
    if let Some(id) = database.id_of_name(name)? {
        return Ok(id);
    }
    if name.is_empty() || name.len() > 64 || !name.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')) {
        return Err(Error::NoSuchContainer(name.to_owned()));
    }
    let mut ids = database.ids_by_prefix(name)?;
    match ids.len() {
        0 => Err(Error::NoSuchContainer(name.to_owned())),
        1 => Ok(ids.remove(0)),
        _ => Err(Error::Ambiguous(name.to_owned(), "container ID prefix".to_owned())),
    }
}
