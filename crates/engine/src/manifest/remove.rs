//! `manifest remove`: an entry goes out of a list.

use super::annotate::entry_of;
use super::find;
use crate::{Engine, Error};
use oci::Digest;

/// Takes an entry out of a list; the list's id in hex digits.
pub fn remove_entry(engine: &Engine, list: &str, digest: &str) -> Result<String, Error> {
    let inside = |error: String| Error::Invalid(format!("removing from manifest list {list}: {error}"));
    let (image, _) = find(engine, list)?;
    let digest: Digest = digest.parse().map_err(|_| inside(format!("invalid image digest \"{digest}\"")))?;
    let changed = engine.store().change_list(&image.id, |index, _| {
        entry_of(index, &digest).map_err(|error| inside(error.to_string()))?;
        index.manifests.retain(|entry| entry.digest != digest);
        Ok::<_, Error>(())
    })?;
    engine.left_trash();
    Ok(changed.id.hex().to_owned())
}
