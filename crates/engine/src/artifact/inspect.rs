//! `artifact inspect`.

use super::{Artifact, find, open};
use crate::{Engine, Error};

/// One artifact, by name or by the beginning of its digest.
pub fn inspect(engine: &Engine, name: &str) -> Result<Artifact, Error> {
    open(engine, find(engine, name)?)
}
