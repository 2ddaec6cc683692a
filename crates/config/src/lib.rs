//! The configuration files all these tools share: pure parsing plus a thin loader each.
//!
//! containers.conf(5), storage.conf(5), registries.conf(5), policy.json(5), registries.d(5), auth.json(5). Later files override earlier ones as the man
//! pages say.

pub mod auth;
pub mod containers;
pub mod environment;
pub mod policy;
pub mod registries;
pub mod registries_d;
pub mod storage;
pub mod yaml;

pub use environment::{Environment, NoRuntimeDir};

use std::{
    io,
    path::{Path, PathBuf},
};

/// The `*.conf` files of a folder by name; none when the folder is missing.
pub(crate) fn conf_files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    files_with_extension(folder, "conf")
}

pub(crate) fn files_with_extension(folder: &Path, wanted: &str) -> io::Result<Vec<PathBuf>> {
    let entries = match std::fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let mut files = Vec::new();
    for entry in entries {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == wanted) {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}
