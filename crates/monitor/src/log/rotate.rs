//! Rotation: `path` becomes `path.1`, that becomes `path.2`, and so on; a single file is replaced by an empty one.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

/// Makes room and returns the new, empty file. `keep` counts the new one.
pub(super) fn rotate(path: &Path, keep: u32) -> io::Result<File> {
    for number in (1..keep).rev() {
        let from = if number == 1 { path.to_owned() } else { numbered(path, number - 1) };
        match fs::rename(&from, numbered(path, number)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    // Written beside and renamed, so that a reader of the old file keeps what it has.
    let new = numbered(path, 0);
    let file = File::options().append(true).create(true).open(&new)?;
    fs::rename(&new, path)?;
    Ok(file)
}

/// `path.1`, ….
pub(super) fn numbered(path: &Path, number: u32) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{number}"));
    PathBuf::from(name)
}
