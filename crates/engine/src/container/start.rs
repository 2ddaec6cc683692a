//! `start`: a created or exited container runs again.

use super::{AttachOptions, Outcome};
use crate::{Engine, Error};

/// How to start.
pub struct StartOptions<'a> {
    /// `--attach`, `--interactive`.
    pub attach: Option<AttachOptions>,
    /// Called with each warning.
    pub warn: &'a dyn Fn(&str),
}

/// Starting a running container is no error when detached.
pub fn start(_engine: &Engine, _name: &str, _options: &StartOptions<'_>) -> Result<Outcome, Error> {
    todo!()
}
