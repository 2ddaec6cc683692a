//! OCI image specification documents and their Docker schema 2 twins.

pub mod config;
pub mod manifest;

pub use config::{ContainerConfig, Empty, Healthcheck, History, ImageConfig};
pub use manifest::{Descriptor, Document, Index, Manifest};
