//! Archives for `load`: docker-archive and oci-archive. Whatever is loaded can be removed, and then nothing is left.

use crate::documents::bounded;
use crate::layer::{all_waste_is_found, open};
use image::{Context, Input, Quiet, Trust};
use std::path::Path;
use std::sync::OnceLock;

fn folder() -> &'static Path {
    static FOLDER: OnceLock<tempfile::TempDir> = OnceLock::new();
    FOLDER.get_or_init(|| tempfile::tempdir().expect("a temporary folder")).path()
}

pub(crate) fn run(bytes: &[u8]) {
    let folder = folder();
    let store = open(folder);
    let mut context = Context::new(config::Environment::default());
    context.trust = Trust::anything();
    let mut stream = bytes;
    if let Err(error) = image::load(&store, &context, Input::Stream(&mut stream), &Quiet) {
        bounded(&error.to_string());
    }
    for image in store.images().expect("images can be listed") {
        store.remove_image(&image.id).expect("an image can be removed");
    }
    drop(store);
    all_waste_is_found(folder);
}
