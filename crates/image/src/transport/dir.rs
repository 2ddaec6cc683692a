//! `dir:`: `manifest.json` (an index's images as `<hex>.manifest.json`), blobs by their hex digits, `signature-<n>`.

use super::tar_file::write_file;
use crate::archive::Members;
use crate::content::{Content, Sum};
use crate::copy::Copied;
use crate::folder::Folder;
use crate::signature::{MAX_SIGNATURES, Signature, gpg};
use crate::sink::{Blob, Format, Layers, Needs, Place, Sink};
use crate::source::{Fetched, Source};
use crate::{Error, Location};
use oci::Digest;
use oci::image::Descriptor;
use std::collections::HashSet;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};

/// What `version` says: skopeo's, as of its format with several images.
const VERSION: &str = "Directory Transport Version: 1.1\n";

/// A folder that is read.
pub struct DirSource {
    folder: Folder,
    path: PathBuf,
    top: Fetched,
}

impl DirSource {
    /// Reads its manifest, which may be an index.
    pub fn open(path: &Path) -> Result<DirSource, Error> {
        let folder = Folder::new(path);
        let limit = oci::image::manifest::MAX_BYTES as u64;
        let bytes = folder.read_small("manifest.json", limit)?.ok_or_else(|| Error::Archive {
            archive: folder.name().to_owned(),
            why: "there is no manifest.json in it".to_owned(),
        })?;
        Ok(DirSource { folder, path: path.to_owned(), top: Fetched::new(bytes, None) })
    }
}

impl Source for DirSource {
    fn name(&self) -> String {
        self.folder.name().to_owned()
    }

    fn location(&self) -> Location {
        Location::Dir(self.path.clone())
    }

    fn top(&self) -> Result<Fetched, Error> {
        Ok(self.top.clone())
    }

    fn blob(&self, descriptor: &Descriptor, from: u64) -> Result<Box<dyn Read + Send + '_>, Error> {
        let hex = descriptor.digest.hex();
        for path in [hex.to_owned(), format!("{hex}.manifest.json")] {
            if let Some(member) = self.folder.open(&path)? {
                return member.from(from);
            }
        }
        let why = format!("blob {} is missing", descriptor.digest);
        Err(Error::Archive { archive: self.name(), why })
    }

    fn signatures(&self, manifest: &Digest) -> Result<Vec<Signature>, Error> {
        let instance = Some(manifest).filter(|manifest| **manifest != self.top.digest);
        let mut found = Vec::new();
        for number in 1..=MAX_SIGNATURES {
            let name = signature_name(instance, number);
            let Some(bytes) = self.folder.read_small(&name, gpg::MAX_SIGNATURE as u64)? else { break };
            let what = format!("{name} in {}", self.name());
            found.push(Signature::from_bytes(&bytes).map_err(|why| Error::Signature { what, why })?);
        }
        Ok(found)
    }
}

/// A signature's file: those of an index's images begin with their digits.
fn signature_name(instance: Option<&Digest>, number: usize) -> String {
    match instance {
        Some(digest) => format!("{}.signature-{number}", digest.hex()),
        None => format!("signature-{number}"),
    }
}

/// Whether a folder is one of ours: any tool may have a file `version`.
fn is_image(path: &Path) -> bool {
    // A byte more than there may be.
    let mut text = Vec::new();
    let read = File::open(path.join("version")).map(|file| file.take(VERSION.len() as u64 + 1).read_to_end(&mut text));
    matches!(read, Ok(Ok(_))) && text == VERSION.as_bytes()
}

/// Whether a file is part of an image by its name.
fn is_part(name: &str) -> bool {
    let is_hex = |text: &str| text.len() >= 64 && text.bytes().all(|b| b.is_ascii_hexdigit());
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    match name.split_once("signature-") {
        Some(("", number)) => is_number(number),
        Some((hex, number)) => hex.strip_suffix('.').is_some_and(is_hex) && is_number(number),
        None => is_hex(name.strip_suffix(".manifest.json").unwrap_or(name)),
    }
}

/// The files of a folder that has an image and nothing else; `None`: it is something else.
pub(crate) fn image_files(path: &Path) -> Result<Option<Vec<PathBuf>>, Error> {
    if !is_image(path) {
        return Ok(None);
    }
    let what = || format!("list {}", path.display());
    let mut files = Vec::new();
    for entry in std::fs::read_dir(path).map_err(Error::io(what()))? {
        let entry = entry.map_err(Error::io(what()))?;
        let name = entry.file_name();
        let is_part = name.to_str().is_some_and(|name| is_part(name) || ["version", "manifest.json"].contains(&name));
        if !is_part || !entry.file_type().map_err(Error::io(what()))?.is_file() {
            return Ok(None);
        }
        files.push(entry.path());
    }
    Ok(Some(files))
}

/// A folder that is written.
pub struct DirSink {
    path: PathBuf,
    /// The digest of the manifest that the folder stands for, once it is written.
    top: OnceLock<Digest>,
    /// Files of this image: what an earlier one left goes when this one is whole.
    files: Mutex<HashSet<String>>,
    /// What was here before.
    before: Before,
    /// The image is whole.
    done: AtomicBool,
}

/// What a copy that failed finds and leaves.
#[derive(Clone, Copy, PartialEq)]
enum Before {
    /// No folder.
    Nothing,
    /// An empty one.
    Empty,
    /// Another image, or its beginning.
    Image,
}

impl DirSink {
    /// Made if it isn't there. An image that is in it is replaced; a folder of other things is left alone.
    pub fn create(path: &Path) -> Result<DirSink, Error> {
        let what = || format!("create {}", path.display());
        let is_new = !path.exists();
        std::fs::create_dir_all(path).map_err(Error::io(what()))?;
        let is_image = is_image(path);
        let is_empty = std::fs::read_dir(path).map_err(Error::io(what()))?.next().is_none();
        if !is_image && !is_empty {
            let why = "it is no folder of the transport dir: and it isn't empty".to_owned();
            return Err(Error::Archive { archive: path.display().to_string(), why });
        }
        write_file(&path.join("version"), VERSION.as_bytes())?;
        let before = match (is_new, is_empty) {
            (true, _) => Before::Nothing,
            (false, true) => Before::Empty,
            (false, false) => Before::Image,
        };
        let (top, files) = (OnceLock::new(), Mutex::default());
        Ok(DirSink { path: path.to_owned(), top, files, before, done: AtomicBool::new(false) })
    }

    /// Notes that a file belongs to this image; where it is.
    fn keep(&self, name: &str) -> PathBuf {
        self.files.lock().unwrap_or_else(PoisonError::into_inner).insert(name.to_owned());
        self.path.join(name)
    }
}

/// Removes what such a folder has of an earlier image; nothing else is touched.
fn clear(path: &Path, keep: &HashSet<String>) -> Result<(), Error> {
    let what = format!("clear {}", path.display());
    for entry in std::fs::read_dir(path).map_err(Error::io(what.clone()))? {
        let entry = entry.map_err(Error::io(what.clone()))?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if is_part(&name) && !keep.contains(&*name) {
            std::fs::remove_file(entry.path()).map_err(Error::io(what.clone()))?;
        }
    }
    Ok(())
}

impl Sink for DirSink {
    fn name(&self) -> String {
        self.path.display().to_string()
    }

    fn location(&self) -> Location {
        Location::Dir(self.path.clone())
    }

    fn needs(&self) -> Needs {
        Needs {
            formats: &[Format::Oci, Format::Docker],
            proves_diff_ids: false,
            layers: Layers::Keep,
            parallel: true,
            images_only: false,
            exact: false,
        }
    }

    fn has(&self, blob: &Blob<'_>) -> Result<bool, Error> {
        let path = self.path.join(blob.descriptor.digest.hex());
        let there = super::layout::is_whole(&path, blob.descriptor.size);
        if there {
            self.keep(blob.descriptor.digest.hex());
        }
        Ok(there)
    }

    fn put(&self, _blob: &Blob<'_>, content: Content<'_>) -> Result<Sum, Error> {
        super::layout::write_blob(&self.path, content, |sum| self.keep(sum.digest.hex()))
    }

    fn put_manifest(&self, manifest: &Fetched, place: Place) -> Result<(), Error> {
        let name = match place {
            Place::Top => {
                let _ = self.top.set(manifest.digest.clone());
                "manifest.json".to_owned()
            }
            Place::Instance => format!("{}.manifest.json", manifest.digest.hex()),
        };
        write_file(&self.keep(&name), &manifest.bytes)
    }

    fn put_signatures(&self, manifest: &Digest, signatures: &[Signature]) -> Result<(), Error> {
        let instance = Some(manifest).filter(|manifest| self.top.get() != Some(manifest));
        for (at, signature) in signatures.iter().enumerate() {
            write_file(&self.keep(&signature_name(instance, at + 1)), &signature.to_bytes())?;
        }
        Ok(())
    }

    fn commit(&self, _copied: &Copied) -> Result<(), Error> {
        clear(&self.path, &self.files.lock().unwrap_or_else(PoisonError::into_inner))?;
        self.done.store(true, Ordering::Relaxed);
        Ok(())
    }
}

impl Drop for DirSink {
    /// A copy that failed leaves nothing of its own; over another image's files it may have written, and they stay.
    fn drop(&mut self) {
        if self.done.load(Ordering::Relaxed) || self.before == Before::Image {
            return;
        }
        let files = self.files.get_mut().unwrap_or_else(PoisonError::into_inner);
        for file in files.iter().map(String::as_str).chain(["version"]) {
            let _ = std::fs::remove_file(self.path.join(file));
        }
        if self.before == Before::Nothing {
            let _ = std::fs::remove_dir(&self.path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_images_files_are_taken_for_such() {
        let hex = "a".repeat(64);
        for ours in [&hex, &format!("{hex}.manifest.json"), "signature-1", &format!("{hex}.signature-12")] {
            assert!(is_part(ours), "{ours}");
        }
        for other in
            ["version", "my-signature-notes", "signature-", "x.signature-1", &hex[1..], "deadbeef", "a.manifest.json"]
        {
            assert!(!is_part(other), "{other}");
        }
    }

    #[test]
    fn folders_of_other_tools_are_no_images() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path();
        for version in ["1.0\n", "", "Directory Transport Version: 1.1\nand more"] {
            std::fs::write(path.join("version"), version).unwrap();
            assert!(DirSink::create(path).is_err(), "{version}");
            assert_eq!(image_files(path).unwrap(), None);
            assert_eq!(std::fs::read_to_string(path.join("version")).unwrap(), version);
        }
        std::fs::write(path.join("version"), VERSION).unwrap();
        std::fs::write(path.join("manifest.json"), "{}").unwrap();
        assert_eq!(image_files(path).unwrap().unwrap().len(), 2);
        std::fs::write(path.join("notes"), "").unwrap();
        assert_eq!(image_files(path).unwrap(), None);
        assert!(DirSink::create(path).is_ok(), "another image may take its place beside them");
    }
}
