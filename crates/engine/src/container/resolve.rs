//! From what a user typed (name, id, beginning of an id) to the container's id.

use crate::{Engine, Error};

/// An exact name wins, then an exact id, then a unique beginning of an id.
pub fn resolve_name(_engine: &Engine, _name: &str) -> Result<String, Error> {
    todo!()
}
