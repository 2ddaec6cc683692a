//! `image tree`: an image's layers, and which images end with each.

use super::find;
use crate::{Engine, Error};
use oci::Digest;

/// An image and layers.
#[derive(Debug, Clone)]
pub struct Tree {
    /// Hex digits.
    pub id: String,
    /// Its names.
    pub names: Vec<String>,
    /// Bytes.
    pub size: u64,
    /// Lowest first.
    pub layers: Vec<TreeLayer>,
}

/// One layer.
#[derive(Debug, Clone)]
pub struct TreeLayer {
    /// DiffID.
    pub id: Digest,
    /// Bytes as a tar.
    pub size: u64,
    /// Names of the images that end with it.
    pub names: Vec<String>,
}

/// The image's own layers, or with `whatrequires` its top layer and all that images have put upon it.
pub fn tree(engine: &Engine, name: &str, whatrequires: bool) -> Result<Tree, Error> {
    let image = find(engine, name)?.image;
    let mut images = engine.store().images()?;
    images.sort_by(|a, b| a.names.cmp(&b.names).then_with(|| a.id.cmp(&b.id)));
    let stacks: Vec<&[Digest]> = match whatrequires {
        false => (1..=image.layers.len()).map(|height| &image.layers[..height]).collect(),
        true => above(&image, &images),
    };
    let layers = stacks.into_iter().map(|stack| layer(engine, &images, stack)).collect::<Result<Vec<_>, _>>()?;
    Ok(Tree { id: image.id.hex().to_owned(), names: image.names, size: image.size, layers })
}

/// Every stack of layers that begins with the image's, each once.
fn above<'i>(image: &store::Image, images: &'i [store::Image]) -> Vec<&'i [Digest]> {
    let base = image.layers.len();
    let mut stacks: Vec<&[Digest]> = Vec::new();
    for other in images.iter().filter(|other| base > 0 && other.layers.starts_with(&image.layers)) {
        for height in base..=other.layers.len() {
            if !stacks.contains(&&other.layers[..height]) {
                stacks.push(&other.layers[..height]);
            }
        }
    }
    stacks
}

fn layer(engine: &Engine, images: &[store::Image], stack: &[Digest]) -> Result<TreeLayer, Error> {
    let id = stack.last().cloned().unwrap_or_else(|| Digest::sha256(b""));
    let ending = images.iter().filter(|image| image.layers == stack);
    Ok(TreeLayer {
        size: engine.store().layer_size(&id)?,
        names: ending.flat_map(|image| image.names.iter().cloned()).collect(),
        id,
    })
}
