//! What a user wants: the one description of a container (and later of pods, volumes, networks, secrets).
//!
//! One file per concern: its fields, how flag text is parsed into them, their defaults, and how they are lowered to the
//! OCI runtime configuration. No I/O. The serialised form of [`ContainerSpec`] is the body of libpod's container create call.
//!
//! The way of the data: flag text → [`ContainerSpec`] → [`ContainerSpec::resolve`] (with the image, the configured
//! [`Defaults`] and [`HostFacts`]) → [`ResolvedSpec`] → [`ResolvedSpec::to_oci`] (with [`RunFacts`]) → config.json.

pub mod container;
pub mod defaults;
pub mod facts;
mod lower;
mod resolve;
pub mod resolved;

pub mod devices;
pub mod env;
pub mod identity;
pub mod life;
pub mod log;
pub mod mounts;
pub mod namespaces;
pub mod network;
pub mod process;
pub mod resources;
pub mod rootfs;
pub mod security;
pub mod users;

pub mod detach_keys;
pub mod duration;
pub mod signal;
pub mod size;

pub use container::{ContainerSpec, Invalid};
pub use defaults::Defaults;
pub use facts::{HostFacts, RunFacts};
pub use resolved::ResolvedSpec;

/// Reads `null` as the empty value: Go clients write it for empty lists and maps.
pub(crate) fn null_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: serde::Deserializer<'de>,
    T: Default + serde::Deserialize<'de>,
{
    Ok(<Option<T> as serde::Deserialize>::deserialize(deserializer)?.unwrap_or_default())
}

/// For `skip_serializing_if`: Go's `omitempty`.
pub(crate) fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}
