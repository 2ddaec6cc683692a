//! Groups of flags that `run` and `create` share: each file has its table and puts what was given into its part of the spec.

pub mod change;
pub mod compression;
pub mod image;
pub mod life;
pub mod log;
pub mod mounts;
pub mod namespaces;
pub mod network;
pub mod platform;
pub mod process;
pub mod registry;
pub mod resources;
pub mod security;
pub mod signing;

use crate::error::Failure;
use crate::syntax::flag::Flag;
use crate::syntax::matches::Matches;
use spec::ContainerSpec;

/// All groups that end up in a [`ContainerSpec`].
pub static CONTAINER: &[&[Flag]] = &[
    process::FLAGS,
    life::FLAGS,
    resources::FLAGS,
    security::FLAGS,
    namespaces::FLAGS,
    mounts::FLAGS,
    network::FLAGS,
    log::FLAGS,
    image::FLAGS,
    platform::FLAGS,
    registry::FLAGS,
    registry::POLICY,
    registry::DECRYPTION,
];

/// The spec that flags and arguments describe. Files named by flags are read here.
pub fn container(matches: &Matches) -> Result<ContainerSpec, Failure> {
    let mut spec = ContainerSpec::default();
    if let Some((image, command)) = matches.arguments.split_first() {
        spec.rootfs.image = image.clone();
        spec.rootfs.raw_image_name = image.clone();
        spec.process.command = command.to_vec();
    }
    process::apply(matches, &mut spec)?;
    life::apply(matches, &mut spec)?;
    resources::apply(matches, &mut spec)?;
    security::apply(matches, &mut spec)?;
    namespaces::apply(matches, &mut spec)?;
    mounts::apply(matches, &mut spec)?;
    network::apply(matches, &mut spec)?;
    log::apply(matches, &mut spec)?;
    image::apply(matches, &mut spec);
    platform::apply(matches, &mut spec)?;
    Ok(spec)
}

#[cfg(test)]
mod tests;
