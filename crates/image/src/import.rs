//! `import`: a tar of files becomes an image of one layer.

use crate::assemble::{Parts, assemble};
use crate::decompress::Decompressed;
use crate::{Error, Progress};
use oci::image::ImageConfig;
use oci::image::config::{ContainerConfig, History, RootFs};
use oci::{Digest, Platform};
use std::fs::File;
use std::io::{Read, Seek};
use store::Store;

/// The longest tar, in bytes: far above any image, far below what never ends.
const MAX_UNCOMPRESSED: u64 = 1 << 40;

/// What the image says beside its files.
#[derive(Debug, Clone)]
pub struct Import {
    /// What a container takes from it.
    pub config: ContainerConfig,
    /// What it is for.
    pub platform: Platform,
    /// Comment of its only step.
    pub message: String,
    /// RFC 3339.
    pub created: String,
    /// `registry/repository:tag`.
    pub name: Option<String>,
}

/// Reads a tar, plain or compressed, to its end; the image's id. `what` names it in messages.
pub fn import(
    store: &Store,
    tar: &mut (dyn Read + Send),
    what: &str,
    import: &Import,
    progress: &dyn Progress,
) -> Result<Digest, Error> {
    let failed = |source| Error::Import { what: what.to_owned(), source };
    let mut layer = store.begin_layer()?;
    let applied = layer.apply(&mut Decompressed::new(tar, what)?, MAX_UNCOMPRESSED).map_err(failed)?;
    let diff_id = applied.diff_id.clone();
    progress.line(&format!("Copying blob {diff_id}"));
    layer.finish(&diff_id).map_err(failed)?;
    let layers = vec![(diff_id.clone(), applied.size)];
    let parts = Parts { layers, names: import.name.iter().cloned().collect(), ..Parts::default() };
    let (id, _) = assemble(store, &config(import, &diff_id), &parts)?;
    progress.line(&format!("Copying config {id}"));
    progress.line("Writing manifest to image destination");
    Ok(id)
}

/// The plain tar in a file, compressed or not; `None` if it is something else.
///
/// # Errors
/// It can't be read.
pub fn archive(mut file: File, what: &str) -> Result<Option<Box<dyn Read + Send>>, Error> {
    let failed = |error| Error::io(format!("read {what}"))(error);
    let mut block = Vec::with_capacity(512);
    let mut start = Decompressed::new(file.try_clone().map_err(failed)?, what)?.take(512);
    // What can't be decompressed is no archive, whatever it looked like.
    if start.read_to_end(&mut block).is_err() || !is_header(&block) {
        return Ok(None);
    }
    file.rewind().map_err(failed)?;
    Ok(Some(Box::new(Decompressed::new(file, what)?)))
}

/// What a stream of unknown content turned out to be.
pub enum Streamed {
    /// A plain tar, decompressed as it is read.
    Archive(Box<dyn Read + Send>),
    /// Something else, as it came.
    Other(Box<dyn Read + Send>),
}

/// Looks at the first bytes of a stream.
///
/// # Errors
/// It can't be read; it is compressed, and no tar.
pub fn streamed(stream: Box<dyn Read + Send>, what: &str) -> Result<Streamed, Error> {
    let failed = |error| Error::io(format!("read {what}"))(error);
    let mut plain = Decompressed::new(stream, what)?;
    let is_compressed = !matches!(plain, Decompressed::Plain(_));
    let mut block = Vec::with_capacity(512);
    plain.by_ref().take(512).read_to_end(&mut block).map_err(failed)?;
    let is_archive = is_header(&block);
    let whole: Box<dyn Read + Send> = Box::new(std::io::Cursor::new(block).chain(plain));
    match (is_archive, is_compressed) {
        (true, _) => Ok(Streamed::Archive(whole)),
        (false, false) => Ok(Streamed::Other(whole)),
        (false, true) => {
            Err(failed(std::io::Error::new(std::io::ErrorKind::InvalidData, "it is compressed, but holds no tar")))
        }
    }
}

/// Whether a tar may begin so: its checksum is right.
fn is_header(block: &[u8]) -> bool {
    let Some(sum) = block.get(148..156).filter(|_| block.len() == 512) else { return false };
    let text: String = sum.iter().map(|byte| char::from(*byte)).filter(|c| ('0'..='7').contains(c)).collect();
    let counted =
        block.iter().enumerate().map(|(at, byte)| if (148..156).contains(&at) { 32 } else { u32::from(*byte) });
    u32::from_str_radix(&text, 8).is_ok_and(|expected| expected == counted.sum::<u32>())
}

/// What an http address has, as it arrives.
pub fn download(url: &str) -> Result<Box<dyn Read + Send>, Error> {
    let found = registry::open(url, registry::Timeouts::default())?;
    found.ok_or_else(|| Error::Name { name: crate::error::printable(url), why: "the server has no such file (404)" })
}

fn config(import: &Import, diff_id: &Digest) -> ImageConfig {
    ImageConfig {
        created: Some(import.created.clone()),
        architecture: import.platform.architecture.clone(),
        variant: import.platform.variant.clone(),
        os: import.platform.os.clone(),
        config: Some(import.config.clone()),
        rootfs: RootFs { kind: "layers".to_owned(), diff_ids: vec![diff_id.clone()] },
        history: vec![History {
            created: Some(import.created.clone()),
            created_by: Some(format!("/bin/sh -c #(nop) ADD file:{} in /", diff_id.hex())),
            comment: Some(import.message.clone()),
            ..History::default()
        }],
        ..ImageConfig::default()
    }
}
