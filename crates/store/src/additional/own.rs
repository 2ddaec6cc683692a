//! An additional store in our own format: `<root>/minke`.

use super::{Content, Layer, Stream};
use crate::error::{At, Error};
use crate::image::Image;
use crate::location::{Location, Ownership, Store};
use std::path::Path;

/// Nothing, if there is no such store at `root`.
pub(super) fn read(root: &Path) -> Result<Content, Error> {
    let folder = root.join("minke");
    if !folder.join("lock").exists() {
        return Ok(Content::default());
    }
    let location = Location {
        root: folder.clone(),
        run: folder,
        // Nothing is made there, so it doesn't matter who would own it.
        ownership: Ownership::Root,
    };
    let store = Store::at(location);
    let mut content = Content::default();
    for mut image in store.images()? {
        image.read_only = true;
        for blob in image.needed_blobs() {
            content.blobs.insert(blob.clone(), store.blob_path(blob));
        }
        add_layers(&store, &image, &mut content)?;
        content.images.push(image);
    }
    // An image without its layers can't be used.
    content.images.retain(|image| image.layers.iter().all(|layer| content.layers.contains_key(layer)));
    Ok(content)
}

fn add_layers(store: &Store, image: &Image, content: &mut Content) -> Result<(), Error> {
    for diff_id in &image.layers {
        let folder = store.layer_path(diff_id);
        let Some(size) = crate::layer::recorded_size(&folder) else { continue };
        let layer = Layer {
            diff: folder.join("diff"),
            size,
            opaque: folder.join(crate::layer::OPAQUE_ROOT).try_exists().at("look at layer", &folder)?,
            stream: Stream::Own(folder),
        };
        content.layers.insert(diff_id.clone(), layer);
    }
    Ok(())
}
