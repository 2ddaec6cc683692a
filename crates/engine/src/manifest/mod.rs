//! Lists of images: `manifest …`. The store keeps them, the image crate reads what goes into them.

mod add;
mod annotate;
mod create;
mod exists;
mod inspect;
mod push;
mod remove;
mod rm;

pub(crate) use add::insert;
pub use add::{Adding, add, add_artifact};
pub use annotate::{annotate, annotate_index, descriptor};
pub use create::{Creation, create};
pub use exists::exists;
pub use inspect::inspect;
pub use push::push;
pub use remove::remove_entry;
pub use rm::remove;

pub use ::image::lists::Artifact;

use crate::image::{RegistryOptions, context};
use crate::{Engine, Error};
use oci::Platform;
use oci::image::Descriptor;
use std::collections::BTreeMap;

/// What is to be said of an entry, on top of what its image says.
#[derive(Debug, Clone, Default)]
pub struct Changes {
    /// `--annotation`.
    pub annotations: BTreeMap<String, String>,
    /// `--arch`.
    pub architecture: Option<String>,
    /// `--os`.
    pub os: Option<String>,
    /// `--variant`.
    pub variant: Option<String>,
    /// `--os-version`.
    pub os_version: Option<String>,
    /// `--os-features`.
    pub os_features: Vec<String>,
    /// `--features`.
    pub features: Vec<String>,
}

impl Changes {
    fn apply(&self, entry: &mut Descriptor) {
        entry.annotations.extend(self.annotations.clone());
        let mut platform = entry.platform.clone().unwrap_or_default();
        let set = |field: &mut String, value: &Option<String>| {
            if let Some(value) = value {
                field.clone_from(value);
            }
        };
        set(&mut platform.architecture, &self.architecture);
        set(&mut platform.os, &self.os);
        platform.variant = self.variant.clone().or(platform.variant);
        platform.os_version = self.os_version.clone().or(platform.os_version);
        if !self.os_features.is_empty() {
            platform.os_features.clone_from(&self.os_features);
        }
        if !self.features.is_empty() {
            platform.features.clone_from(&self.features);
        }
        if platform != Platform::default() {
            entry.platform = Some(platform);
        }
    }
}

/// The list that a name means, and by which full name it was found.
fn find(engine: &Engine, name: &str) -> Result<(store::Image, String), Error> {
    let context = context(engine, &RegistryOptions::default())?;
    let (image, shown) = ::image::find_record(engine.store(), &context, name)?;
    match image.list {
        Some(_) => Ok((image, shown)),
        None => Err(::image::Error::NoList { name: shown }.into()),
    }
}
