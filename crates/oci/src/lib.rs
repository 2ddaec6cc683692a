//! The standards' data types: digests, image references, image and runtime specification documents.
//!
//! No I/O. Image types follow the OCI image specification 1.1 and Docker's schema 2; runtime types follow the OCI
//! runtime specification 1.3 (Linux).

pub mod digest;
pub mod image;
pub mod json;
pub mod media_type;
pub mod platform;
pub mod reference;
pub mod runtime;

pub use digest::{Digest, Hasher};
pub use platform::Platform;
pub use reference::Reference;

/// Reads `null` as the empty value: Go writes it for empty lists and maps.
pub(crate) fn null_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: serde::Deserializer<'de>,
    T: Default + serde::Deserialize<'de>,
{
    Ok(<Option<T> as serde::Deserialize>::deserialize(deserializer)?.unwrap_or_default())
}
