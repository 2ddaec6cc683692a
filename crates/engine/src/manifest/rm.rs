//! `manifest rm`: lists go, their images stay.

use super::find;
use crate::image::{RemoveOptions, Removed};
use crate::{Engine, Error};

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
