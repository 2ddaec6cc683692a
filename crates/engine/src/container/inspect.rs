//! `inspect`: everything about a container, as Podman's JSON.

use crate::{Engine, Error};
use serde::Serialize;

/// Podman's `inspect` object.
#[derive(Debug, Clone, Serialize)]
#[serde(transparent)]
pub struct ContainerInspect(
    /// The whole object.
    pub serde_json::Value,
);

/// `size`: also count bytes.
pub fn inspect(_engine: &Engine, _name: &str, _size: bool) -> Result<ContainerInspect, Error> {
    todo!()
}
