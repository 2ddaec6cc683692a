//! Artifacts: files under a manifest, in the store and in registries. Nobody looks into them.
//!
//! What a manifest says of files is decided in `manifest`; the store keeps it and the files as they are.

mod manifest;
mod media_type;
mod place;
mod pull;

pub use manifest::{CREATED, File, TITLE, append_files, check_titles, encode, new_manifest, parse, size, title};
pub use media_type::{SNIFFED, detect};
pub use pull::{pull, push};
