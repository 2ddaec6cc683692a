//! `kill`: one signal to the container's first process.

use crate::{Engine, Error};

/// Sends signal number `signal`; the container must run.
pub fn kill(_engine: &Engine, _name: &str, _signal: i32) -> Result<(), Error> {
    todo!()
}
