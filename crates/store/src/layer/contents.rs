//! `contents`: which content a layer's files have, where that was known for nothing when it was stored (zstd:chunked's
//! table of contents). Other layers take it from there instead of the network.
//!
//! It is in the layer's folder before the layer has its name, and goes with it. It is a hint: whoever uses it verifies
//! the DiffID of what comes out.
//!
//! ```text
//! u32 length, path in diff/, u32 n, n × (SHA-256, u64 offset, u64 size)     for each file; numbers are little-endian
//! ```

use super::LayerWriter;
use super::tar_reader::open_beneath;
use crate::error::{At, Error};
use crate::location::Store;
use oci::Digest;
use rustix::fs::{Access, AtFlags, CWD, OFlags};
use sha2::Digest as _;
use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::Arc;

/// The file's name.
const CONTENTS: &str = "contents";
/// The longest path that is believed, in bytes.
const LONGEST_PATH: u32 = 128 << 10;

/// SHA-256 of some content.
pub type ContentHash = [u8; 32];

/// A part of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FilePart {
    /// Of its bytes.
    pub hash: ContentHash,
    /// Where it begins in the file.
    pub offset: u64,
    /// Bytes.
    pub size: u64,
}

/// Content that a stored layer has.
#[derive(Debug, Clone)]
pub struct Found {
    layer: Digest,
    path: Arc<[u8]>,
    part: FilePart,
}

impl LayerWriter<'_> {
    /// Notes what the layer's files will contain: for each its path in the layer and its parts.
    pub fn note_contents<'p>(&self, files: impl Iterator<Item = (&'p [u8], Vec<FilePart>)>) -> Result<(), Error> {
        let path = self.folder.join(CONTENTS);
        let mut out = BufWriter::new(File::create_new(&path).at("create", &path)?);
        let mut all = files.filter(|(name, parts)| !parts.is_empty() && name.len() <= LONGEST_PATH as usize);
        all.try_for_each(|(name, parts)| write(&mut out, name, &parts)).at("write", &path)?;
        out.flush().at("write", &path)
    }
}

fn write(out: &mut impl Write, path: &[u8], parts: &[FilePart]) -> io::Result<()> {
    out.write_all(&(path.len() as u32).to_le_bytes())?;
    out.write_all(path)?;
    out.write_all(&(parts.len() as u32).to_le_bytes())?;
    for part in parts {
        out.write_all(&part.hash)?;
        out.write_all(&part.offset.to_le_bytes())?;
        out.write_all(&part.size.to_le_bytes())?;
    }
    Ok(())
}

impl Store {
    /// Which of the wanted contents the store's layers have; those of layers that may be damaged are left out.
    pub fn find_contents(&self, wanted: &HashSet<ContentHash>) -> HashMap<ContentHash, Found> {
        let mut found = HashMap::new();
        let Ok(layers) = std::fs::read_dir(self.folder("layers")) else { return found };
        for entry in layers.flatten() {
            if found.len() == wanted.len() {
                break;
            }
            let layer = entry.file_name().to_str().and_then(|hex| Digest::from_sha256_hex(hex).ok());
            if let Some(layer) = layer.filter(|_| is_trusted(&entry.path())) {
                search(&layer, &entry.path(), wanted, &mut found);
            }
        }
        found
    }

    /// Reads found contents one after the other.
    pub fn read_contents(&self) -> ContentReader<'_> {
        ContentReader { store: self, file: None, left: 0 }
    }
}

impl Store {
    /// Looks whether layers have what they were said to have; the notes of those that haven't are forgotten.
    pub fn forget_wrong_contents(&self, found: &HashMap<ContentHash, Found>) {
        let mut wrong: HashSet<&Digest> = HashSet::new();
        for (hash, found) in found {
            if !wrong.contains(&found.layer) && self.hash_content(found).ok().as_ref() != Some(hash) {
                wrong.insert(&found.layer);
            }
        }
        for layer in wrong {
            log::info!("layer {layer} hasn't the contents that were noted of it");
            // If the file stays, layers that need it are fetched whole.
            let _ = std::fs::remove_file(self.layer_path(layer).join(CONTENTS));
        }
    }

    fn hash_content(&self, found: &Found) -> io::Result<ContentHash> {
        let (mut content, mut hasher) = (self.read_contents(), sha2::Sha256::new());
        content.begin(found)?;
        let mut buffer = vec![0; 64 << 10];
        loop {
            match content.read(&mut buffer)? {
                0 => return Ok(hasher.finalize().into()),
                count => hasher.update(&buffer[..count]),
            }
        }
    }
}

/// A file that is read from.
struct Open {
    layer: Digest,
    path: Arc<[u8]>,
    file: File,
    at: u64,
}

/// Parts of a file mostly follow each other, so the last file stays open.
pub struct ContentReader<'s> {
    store: &'s Store,
    file: Option<Open>,
    /// Bytes of the content that are still to come.
    left: u64,
}

impl ContentReader<'_> {
    /// Goes on with this content.
    pub fn begin(&mut self, found: &Found) -> io::Result<()> {
        let Found { layer, path, part } = found;
        if !self.file.as_ref().is_some_and(|open| open.layer == *layer && open.path == *path) {
            let file = open(&self.store.layer_path(layer), path)?;
            self.file = Some(Open { layer: layer.clone(), path: Arc::clone(path), file, at: 0 });
        }
        if let Some(open) = self.file.as_mut().filter(|open| open.at != part.offset) {
            open.at = open.file.seek(SeekFrom::Start(part.offset))?;
        }
        self.left = part.size;
        Ok(())
    }
}

impl Read for ContentReader<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let Some(open) = &mut self.file else { return Ok(0) };
        let most = usize::try_from(self.left).unwrap_or(usize::MAX).min(buffer.len());
        let count = open.file.read(&mut buffer[..most])?;
        open.at += count as u64;
        self.left -= count as u64;
        Ok(count)
    }
}

/// Without looking at its content.
fn is_trusted(layer: &Path) -> bool {
    rustix::fs::accessat(CWD, layer.join("synced"), Access::EXISTS, AtFlags::empty()).is_ok()
        || super::of_this_boot(layer)
}

/// A file that ends early or makes no sense ends the search in this layer only.
fn search(layer: &Digest, folder: &Path, wanted: &HashSet<ContentHash>, found: &mut HashMap<ContentHash, Found>) {
    let Ok(file) = File::open(folder.join(CONTENTS)) else { return };
    let mut text = BufReader::new(file);
    while let Ok(Some((path, parts))) = read(&mut text) {
        let parts: Vec<FilePart> =
            parts.into_iter().filter(|part| wanted.contains(&part.hash) && !found.contains_key(&part.hash)).collect();
        let Some(end) = parts.iter().map(|part| part.offset.saturating_add(part.size)).max() else { continue };
        let length = open(folder, &path).and_then(|file| file.metadata()).map_or(0, |file| file.len());
        if length >= end {
            let path: Arc<[u8]> = path.into();
            let new = |part: FilePart| (part.hash, Found { layer: layer.clone(), path: Arc::clone(&path), part });
            found.extend(parts.into_iter().map(new));
        }
    }
}

/// The path is what an archive said: it leads to a file of the layer, or nowhere. Opening a device can do things to the
/// machine, so what it is comes first.
fn open(layer: &Path, path: &[u8]) -> io::Result<File> {
    let root = crate::lock::open_dir(&layer.join("diff"))?;
    match open_beneath(&root, path, OFlags::PATH)?.metadata()?.is_file() {
        true => open_beneath(&root, path, OFlags::RDONLY | OFlags::NONBLOCK),
        false => Err(io::ErrorKind::InvalidData.into()),
    }
}

fn read(text: &mut impl Read) -> io::Result<Option<(Vec<u8>, Vec<FilePart>)>> {
    let mut length = [0; 4];
    if text.read(&mut length[..1])? == 0 {
        return Ok(None);
    }
    text.read_exact(&mut length[1..])?;
    let length = u32::from_le_bytes(length);
    if length > LONGEST_PATH {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let mut path = vec![0; length as usize];
    text.read_exact(&mut path)?;
    let count = u32::from_le_bytes(array(text)?);
    let part = |_| {
        let hash = array(text)?;
        Ok(FilePart { hash, offset: u64::from_le_bytes(array(text)?), size: u64::from_le_bytes(array(text)?) })
    };
    Ok(Some((path, (0..count).map(part).collect::<io::Result<_>>()?)))
}

fn array<const N: usize>(text: &mut impl Read) -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    text.read_exact(&mut bytes)?;
    Ok(bytes)
}
