//! `manifest create`.

use super::add::{insert, look_up};
use super::{Adding, find};
use crate::image::{RegistryOptions, full_name};
use crate::{Engine, Error};
use std::collections::BTreeMap;

/// How a list is made.
#[derive(Debug, Clone, Default)]
pub struct Creation {
    /// `--all`: all images of lists among the images.
    pub all: bool,
    /// `--amend`: a list of that name is added to.
    pub amend: bool,
    /// `--annotation`, of the index.
    pub annotations: BTreeMap<String, String>,
}

/// Makes a list of images; its id in hex digits. Nothing is made if an image can't be found.
pub fn create(
    engine: &Engine,
    name: &str,
    images: &[String],
    creation: &Creation,
    registry: &RegistryOptions,
) -> Result<String, Error> {
    let name = full_name(name)?;
    let old = engine.store().image_named(&name)?;
    let old = match (old, creation.amend) {
        (None, _) => None,
        (Some(_), true) => Some(find(engine, &name)?.0),
        (Some(id), false) => {
            let is_list = engine.store().image_record(&id)?.is_some_and(|image| image.list.is_some());
            let id = id.hex();
            let why = match is_list {
                true => "that name is already in use: use --amend to add to the list",
                false => "that name is already in use: give another one, or take it from the image with untag",
            };
            return Err(Error::Invalid(format!(
                "image name \"{name}\" is already associated with image \"{id}\": {why}"
            )));
        }
    };
    let adding = Adding { all: creation.all, ..Adding::default() };
    let mut additions = Vec::new();
    for image in images {
        additions.extend(look_up(engine, image, &adding, registry)?);
    }
    let image = match old {
        Some(list) => engine.store().change_list(&list.id, |index, members| {
            insert(index, members, additions);
            index.annotations.extend(creation.annotations.clone());
            Ok::<_, Error>(())
        })?,
        None => {
            let (mut index, mut members) = (store::empty_index(), Vec::new());
            insert(&mut index, &mut members, additions);
            index.annotations = creation.annotations.clone();
            engine.store().create_list(&[name], jiff::Timestamp::now().to_string(), &index, members)?
        }
    };
    Ok(image.id.hex().to_owned())
}
