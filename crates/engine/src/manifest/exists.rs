//! `manifest exists`.

use super::find;
use crate::{Engine, Error};

/// Whether there is a list of that name here.
pub fn exists(engine: &Engine, name: &str) -> Result<bool, Error> {
    match find(engine, name) {
        Ok(_) => Ok(true),
        Err(Error::Image(::image::Error::NotKnown { .. })) => Ok(false),
        Err(error) => Err(error),
    }
}
