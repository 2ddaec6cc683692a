//! A registry on loopback with images that weigh something, for both sides: filled once, served to each.

use std::path::{Path, PathBuf};

use anyhow::Result;
use testkit::{Compression, Entry, Image, Layer, TestEnv, Who};

use super::shared_folder;
use crate::side::Side;

/// What an image consists of.
#[derive(Debug, Clone, Copy)]
pub struct Shape {
    /// Its tag in the repository `big`.
    pub tag: &'static str,
    /// Numbers of its layers: the same number is the same content.
    pub layers: (usize, usize),
    /// Of each.
    pub bytes: usize,
    /// In each.
    pub files: usize,
    /// Of each.
    pub compression: Compression,
    /// Another number is another content of the first file of each layer.
    pub edition: u8,
}

impl Shape {
    fn image(&self) -> Image {
        let layers = (self.layers.0..self.layers.1).map(|n| Layer::new(&self.entries(n)).compressed(self.compression));
        Image::new(layers.collect())
    }

    /// Half noise, half text: compresses about as programs do.
    fn entries(&self, layer: usize) -> Vec<Entry> {
        let size = self.bytes / self.files;
        let file = |n| {
            let edition = if n == 0 { self.edition } else { 0 };
            let seed = (layer as u64 + 1) << 32 | (n as u64) << 8 | u64::from(edition);
            Entry::file(&format!("usr/lib/layer{layer}/file{n}"), content(size, seed))
        };
        let folders = ["usr".to_owned(), "usr/lib".to_owned(), format!("usr/lib/layer{layer}")];
        folders.iter().map(|path| Entry::dir(path)).chain((0..self.files).map(file)).collect()
    }
}

fn content(size: usize, seed: u64) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    let mut content = Vec::with_capacity(size + 16);
    while content.len() < size {
        content.extend(next().to_le_bytes());
        content.extend(b"the same ");
    }
    content
}

/// Both sides with a registry that has these images.
pub struct Stage {
    pub ours: Side,
    pub theirs: Option<Side>,
    storage: PathBuf,
}

impl Stage {
    pub fn new(shapes: &[Shape]) -> Result<Stage> {
        let storage = shared_folder()?.join("registry");
        fill(&storage, shapes)?;
        copy_registry()?;
        let mut stage = Stage { ours: Side::ours(Who::Root)?, theirs: Side::theirs(Who::Root)?, storage };
        for side in [Some(&mut stage.ours), stage.theirs.as_mut()].into_iter().flatten() {
            serve(side, &stage.storage)?;
        }
        Ok(stage)
    }
}

/// The same program serves both: that of another tree may be built by a compiler that knows the processor's instructions
/// for hashing, or by one that doesn't, and then registries would be compared.
fn copy_registry() -> Result<()> {
    let target = shared_folder()?.join(REGISTRY);
    let mut copy = std::process::Command::new("sh");
    let status =
        copy.args(["-ec", "rm -f \"$0\"; cp \"$(command -v docker-registry)\" \"$0\""]).arg(target).status()?;
    anyhow::ensure!(status.success(), "can't copy docker-registry");
    Ok(())
}

/// Where [`copy_registry`] puts it.
const REGISTRY: &str = "docker-registry";

/// A second registry of this side on port 5001, without anything in it.
pub fn serve_empty(side: &mut Side) -> Result<()> {
    let folder = shared_folder()?.join("empty").with_extension(if side.env().is_some() { "ours" } else { "theirs" });
    side.script(&format!("rm -rf {0}; mkdir -p {0}", folder.display()))?;
    begin(side, &folder, 5001)
}

/// Takes away all that was pushed there.
pub fn empty_again(side: &mut Side) -> Result<()> {
    let folder = shared_folder()?.join("empty").with_extension(if side.env().is_some() { "ours" } else { "theirs" });
    side.script(&format!("rm -rf {}/docker", folder.display())).map(drop)
}

impl Drop for Stage {
    fn drop(&mut self) {
        // What is left of it is replaced by the next.
        let _ = std::fs::remove_dir_all(&self.storage);
    }
}

/// Pushes the images once, into a folder that is copied for both sides' registries.
fn fill(storage: &Path, shapes: &[Shape]) -> Result<()> {
    let env = TestEnv::new(Who::Root);
    let registry = env.registry();
    for shape in shapes {
        registry.push("big", shape.tag, &shape.image());
    }
    if storage.exists() {
        std::fs::remove_dir_all(storage)?;
    }
    let status = std::process::Command::new("cp").arg("-a").arg(env.dir().join("registry")).arg(storage).status()?;
    anyhow::ensure!(status.success(), "can't copy the registry's storage");
    Ok(())
}

fn serve(side: &mut Side, storage: &Path) -> Result<()> {
    // What a side pushes is its own: each has a copy.
    let own = storage.with_extension(if side.env().is_some() { "ours" } else { "theirs" });
    side.script(&format!("rm -rf {1}; cp -a {0} {1}", storage.display(), own.display()))?;
    begin(side, &own, 5000)
}

fn begin(side: &mut Side, folder: &Path, port: u16) -> Result<()> {
    let settings = "version: 0.1\nlog:\n  level: error\nstorage:\n  filesystem:\n    rootdirectory: ROOT\nhttp:\n  addr: 127.0.0.1:PORT\n"
        .replace("ROOT", &folder.display().to_string())
        .replace("PORT", &port.to_string());
    let file = format!("/run/registry{port}.yml");
    side.script(&format!("printf '{}' >{file}", settings.replace('\n', "\\n")))?;
    let program = shared_folder()?.join(REGISTRY).display().to_string();
    side.start(&[&program, "serve", &file])?;
    let url = format!("http://127.0.0.1:{port}/v2/");
    side.script(&format!("until busybox wget -q -O /dev/null {url} 2>/dev/null; do sleep 0.05; done")).map(drop)
}
