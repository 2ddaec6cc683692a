//! One file a command: arguments → spec → engine → print.

pub mod artifact;
pub mod buildah;
pub mod builder;
pub mod container;
pub mod image;
pub mod manifest;
pub mod oci;
pub mod registry;
pub mod skopeo;
pub mod system;
