//! `manifest rm` and `manifest remove`: lists, and entries of them, go.

use super::annotate::entry_of;
use super::find;
use crate::image::{RemoveOptions, Removed};
use crate::{Engine, Error};
use oci::Digest;

/// Removes lists; goes on after errors.
pub fn remove(engine: &Engine, names: &[String], ignore: bool) -> (Vec<Removed>, Vec<Error>) {
    let (mut removed, mut errors) = (Vec::new(), Vec::new());
    let options = RemoveOptions { ignore, ..RemoveOptions::default() };
    for name in names {
        match find(engine, name) {
            Err(Error::Image(::image::Error::NotKnown { .. })) if ignore => {}
            Err(error) => errors.push(error),
            Ok(_) => {
                let (done, failed) = crate::image::remove(engine, std::slice::from_ref(name), &options);
                removed.extend(done);
                errors.extend(failed);
            }
        }
    }
    (removed, errors)
}

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
