//! `image tree`: layers, and which images end with them.

use crate::context::Context;
use crate::error::Failure;
use crate::output::{size, stream};
use crate::syntax::command::{Arguments, Command, Needs};
use crate::syntax::flag::Flag;
use crate::syntax::matches::Matches;
use engine::image::{Tree, TreeLayer, tree};

/// `image tree`
pub static COMMAND: Command = Command {
    usage: "[options] IMAGE",
    summary: "Show an image's layers as a tree",
    details: "Shows the layers of an image, lowest first, and which images end with each.",
    examples: &["image tree alpine", "image tree --whatrequires alpine"],
    flags: &[FLAGS],
    stops: false,
    arguments: Arguments::Exactly(1),
    needs: Needs::Store,
    run,
};

static FLAGS: &[Flag] = &[Flag::bool("whatrequires", "Show what other images have put upon it instead")];

fn run(context: &Context, matches: &Matches) -> Result<i32, Failure> {
    let tree = tree(context.engine()?, &matches.arguments[0], matches.bool("whatrequires"))?;
    stream::line(&text(&tree))?;
    Ok(0)
}

fn text(tree: &Tree) -> String {
    let mut text = format!("Image ID: {}\n", &tree.id[..12]);
    text += &format!("Tags:     [{}]\n", tree.names.join(" "));
    text += &format!("Size:     {}\n", size::precise(tree.size));
    text += if tree.layers.is_empty() { "No Image Layers\n" } else { "Image Layers\n" };
    for (at, layer) in tree.layers.iter().enumerate() {
        let branch = if at + 1 == tree.layers.len() { "└──" } else { "├──" };
        text += &format!("{branch} {}\n", line(layer));
    }
    text
}

fn line(layer: &TreeLayer) -> String {
    let id: String = layer.id.hex().chars().take(12).collect();
    let line = format!("ID: {id} Size: {:>7}", size::precise(layer.size));
    if layer.names.is_empty() { line } else { format!("{line} Top Layer of: [{}]", layer.names.join(" ")) }
}
