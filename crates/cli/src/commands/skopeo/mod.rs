//! Skopeo's commands: the program called by that name, or with that word first.

pub mod access;
pub mod copy;
pub mod delete;
pub mod generate_sigstore_key;
pub mod global;
pub mod inspect;
pub mod layers;
pub mod list_tags;
pub mod login;
pub mod manifest_digest;
pub mod standalone;
pub mod sync;

use crate::error::Failure;
use image::Location;

/// By which the program is told that it is Skopeo.
pub const NAME: &str = "skopeo";

/// A transport and what it needs.
pub fn location(text: &str, what: &str) -> Result<Location, Failure> {
    text.parse().map_err(|error| Failure::new(format!("{what} {text}: {error}")))
}

/// Skopeo tells by exit code 2 that an image isn't there.
pub fn failed(error: engine::Error) -> Failure {
    let missing = matches!(&error, engine::Error::Image(error) if error.is_missing());
    Failure::new(crate::error::chain(&error)).code(if missing { 2 } else { 1 })
}
