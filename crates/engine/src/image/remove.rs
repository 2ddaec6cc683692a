//! `rmi`.

use super::{RemoveOptions, Removed, find_record};
use crate::{Engine, Error, container};

/// Removes; goes on after errors.
pub fn remove(engine: &Engine, names: &[String], options: &RemoveOptions) -> (Vec<Removed>, Vec<Error>) {
    let (mut removed, mut errors) = (Vec::new(), Vec::new());
    let all = match options.all.then(|| engine.store().images()).transpose() {
        Ok(images) => images.unwrap_or_default(),
        Err(error) => return (removed, vec![error.into()]),
    };
    // Those of additional stores stay.
    for image in all.into_iter().filter(|image| !image.read_only) {
        let force = RemoveOptions { force: options.force, ..RemoveOptions::default() };
        match remove_image(engine, &image, &force) {
            // Somebody else has removed it since it was listed.
            Err(Error::Store(store::Error::NoSuchImage(_))) => {}
            result => note(result, &mut removed, &mut errors),
        }
    }
    let meant: Vec<_> = names.iter().map(|name| find_record(engine, name).ok()).collect();
    for (name, meant) in names.iter().zip(meant) {
        let result = remove_one(engine, name, options);
        let is_missing = matches!(result, Err(Error::Image(::image::Error::NotKnown { .. })));
        let gone = |id: &str| removed.iter().flat_map(|one: &Removed| &one.deleted).any(|deleted| deleted == id);
        // The same image by another of these names.
        if !(is_missing && meant.is_some_and(|(image, _)| gone(image.id.hex()))) {
            note(result, &mut removed, &mut errors);
        }
    }
    if !removed.is_empty() {
        engine.left_trash();
    }
    (removed, errors)
}

fn note(result: Result<Removed, Error>, removed: &mut Vec<Removed>, errors: &mut Vec<Error>) {
    match result {
        Ok(one) => removed.push(one),
        Err(error) => errors.push(error),
    }
}

/// By name an image loses that name, with its last name it goes; by id it goes with all its names.
fn remove_one(engine: &Engine, name: &str, options: &RemoveOptions) -> Result<Removed, Error> {
    let (image, found) = match find_record(engine, name) {
        Err(Error::Image(::image::Error::NotKnown { .. })) if options.ignore => return Ok(Removed::default()),
        found => found?,
    };
    let by_name = image.names.contains(&found);
    if by_name && image.names.len() + image.pinned.len() > 1 {
        engine.store().untag(&found)?;
        return Ok(Removed { untagged: vec![found], deleted: Vec::new() });
    }
    // A digest by which it was asked for is a name like others; one that it merely has is no reason to take it away from them.
    let by_digest = image.repo_digests.contains(&found);
    if by_digest && image.names.len() + image.pinned.iter().filter(|pinned| **pinned != found).count() > 0 {
        engine.store().unpin(&image.id, Some(&found))?;
        return Ok(Removed { untagged: vec![found], deleted: Vec::new() });
    }
    if !by_name && image.names.len() > 1 && !options.force {
        return Err(Error::SeveralNames { id: image.id.hex().to_owned(), names: image.names.join(" ") });
    }
    match remove_image(engine, &image, options) {
        // Somebody else was first: it is as if it hadn't been found.
        Err(Error::Store(store::Error::NoSuchImage(_))) if options.ignore => Ok(Removed::default()),
        Err(Error::Store(store::Error::NoSuchImage(_))) => {
            Err(::image::Error::NotKnown { name: name.to_owned() }.into())
        }
        result => result,
    }
}

pub(crate) fn remove_image(engine: &Engine, image: &store::Image, options: &RemoveOptions) -> Result<Removed, Error> {
    let users = engine.database()?.users_of_image(image.id.hex())?;
    let working = crate::working::users_of_image(engine, image.id.hex())?;
    if let (Some(user), false) = (users.first().or(working.first()), options.force) {
        return Err(Error::ImageInUse(format!(
            "image used by {user}: image is in use by a container: consider listing external containers and \
             force-removing image"
        )));
    }
    let remove = container::RemoveOptions { force: true, volumes: true, depend: true, ..Default::default() };
    for user in users {
        container::remove(engine, &user, &remove)?;
    }
    for user in working {
        crate::working::remove(engine, &crate::working::find(engine, &user)?)?;
    }
    super::mount::forget(engine, image)?;
    engine.store().remove_image(&image.id)?;
    // Mounted in between; whoever mounts it from now on sees that it has gone.
    super::mount::forget(engine, image)?;
    let untagged = image.names.iter().chain(&image.pinned).cloned().collect();
    Ok(Removed { untagged, deleted: vec![image.id.hex().to_owned()] })
}
