//! What a person sees: every command and flag, run for real, as root and as an ordinary user.
//!
//! `cargo xtask e2e` builds the engine and runs this; the file of a case is named for its command. All cases are one
//! binary, because linking many costs more than running them.

mod artifact;
mod buildah;
mod builder;
mod container;
mod counterpart;
mod image;
mod manifest;
mod network;
mod oci;
mod registry;
mod skopeo;
mod stress;
mod system;
