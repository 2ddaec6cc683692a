//! auth.json and its older forms: credentials of a registry, or an error that doesn't tell them.

use config::auth::AuthFile;
use std::path::Path;

pub(crate) fn run(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    for legacy in [false, true] {
        let path = Path::new("auth.json");
        let Ok(file) = AuthFile::parse(text, legacy, path) else { continue };
        for repository in ["quay.io/a/b", "docker.io/library/x", "localhost:5000/x", "x", ""] {
            let _ = file.look_up(repository, path);
        }
    }
}
