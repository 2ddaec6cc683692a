//! How many bytes a container takes on disk.

use super::list::SizeSummary;
use crate::{Engine, Error};
use oci::Digest;
use std::path::Path;

/// Its own layer, and that with the image.
pub(super) fn of(engine: &Engine, id: &str, image_id: &str) -> Result<SizeSummary, Error> {
    let rw_size = folder(&engine.store().container_dir(id).join("upper"));
    let image = Digest::from_sha256_hex(image_id).ok();
    let image = image.and_then(|image| engine.store().image(&image).ok().flatten());
    Ok(SizeSummary { root_fs_size: rw_size + image.map_or(0, |image| image.size), rw_size })
}

/// Sum of the sizes of all files; what can't be read counts as nothing.
pub(crate) fn folder(path: &Path) -> u64 {
    let Ok(entries) = std::fs::read_dir(path) else { return 0 };
    entries
        .flatten()
        .map(|entry| match entry.metadata() {
            Ok(meta) if meta.is_dir() => folder(&entry.path()),
            Ok(meta) if meta.is_file() => meta.len(),
            _ => 0,
        })
        .sum()
}
