//! `create`: image, resolved spec, root folders and record.

use crate::image::RegistryOptions;
use crate::{Engine, Error};
use ::image::{Progress, PullPolicy};
use oci::Platform;
use spec::ContainerSpec;
use std::path::PathBuf;

/// How to create.
pub struct CreateOptions<'a> {
    /// `--pull`.
    pub pull: PullPolicy,
    /// `--platform`, `--arch`, `--os`.
    pub platform: Option<Platform>,
    /// Credentials and TLS of a pull.
    pub registry: RegistryOptions,
    /// Of a pull.
    pub progress: &'a dyn Progress,
    /// `--cidfile`: must not exist; gets the id.
    pub cidfile: Option<PathBuf>,
    /// `--replace`: removes a container of the same name first.
    pub replace: bool,
    /// Called with each warning as soon as it is known.
    pub warn: &'a dyn Fn(&str),
    /// argv, shown by `inspect`.
    pub create_command: Vec<String>,
}

/// A new container.
#[derive(Debug, Clone)]
pub struct Created {
    /// 64 hex digits.
    pub id: String,
    /// Given or random.
    pub name: String,
}

/// Makes a container without starting it.
pub fn create(_engine: &Engine, _spec: ContainerSpec, _options: &CreateOptions<'_>) -> Result<Created, Error> {
    todo!()
}
