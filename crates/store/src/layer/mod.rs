//! Layers: begun, applied, renamed into place, believed, rebuilt after a power cut, given back as a tar stream.

mod apply;
pub(crate) mod compose;
pub(crate) mod contents;
mod entry;
mod extra;
pub(crate) mod mapped;
mod place;
mod stream;
mod tar_meta;
mod tar_reader;
pub(crate) mod tar_stream;
#[cfg(test)]
mod tests;
mod verify;
mod write;

pub use tar_stream::Times;

use crate::error::{At, Error};
use crate::location::{Ownership, Store, make_dir};
use oci::Digest;
use rustix::fd::OwnedFd;
use rustix::fs::{Access, AtFlags, CWD, Mode};
use rustix::io::Errno;
use serde::{Deserialize, Serialize};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// In `tmp/`, before a layer's hex: the layer isn't durable yet and may belong to no image.
pub(crate) const NOTE_PREFIX: &str = "new-";

/// Beside `diff/`: the layer hides everything below it.
pub(crate) const OPAQUE_ROOT: &str = "opaque";

/// The name of a layer's note.
pub(crate) fn note(layer: &Digest) -> String {
    format!("{NOTE_PREFIX}{}", layer.hex())
}

/// `layer.json`. Readers ignore fields they don't know.
#[derive(Serialize, Deserialize)]
struct Record {
    diff_id: Digest,
    /// Bytes of the uncompressed tar stream.
    size: u64,
    /// In which boot it was written.
    boot: String,
}

/// A layer being written by one thread; dropping it discards it.
pub struct LayerWriter<'a> {
    store: &'a Store,
    /// In `tmp/`; renamed away by `finish`.
    folder: PathBuf,
    /// Its lock: alive as long as this is.
    lock: Option<OwnedFd>,
    /// Permission bits that creating a file leaves out.
    umask: u32,
    applied: Option<AppliedLayer>,
}

/// What a finished layer is.
#[derive(Debug, Clone, PartialEq)]
pub struct AppliedLayer {
    /// SHA-256 of the uncompressed tar stream.
    pub diff_id: Digest,
    /// Bytes of that stream.
    pub size: u64,
}

impl Store {
    /// Whether a whole layer is there. One written before an unclean reboot is rebuilt from its own content first, or dropped.
    pub fn has_layer(&self, diff_id: &Digest) -> bool {
        diff_id.algorithm() == "sha256" && (self.has_own_layer(diff_id) || self.additional_layer(diff_id).is_some())
    }

    /// The same without additional stores.
    fn has_own_layer(&self, diff_id: &Digest) -> bool {
        let path = self.layer_path(diff_id);
        if rustix::fs::accessat(CWD, path.join("synced"), Access::EXISTS, AtFlags::empty()).is_ok() {
            return true;
        }
        if !path.exists() {
            return false;
        }
        of_this_boot(&path) || self.rebuild(diff_id, &path)
    }

    /// Begins a layer.
    pub fn begin_layer(&self) -> Result<LayerWriter<'_>, Error> {
        self.writing()?;
        let (folder, lock) = self.temporary_folder()?;
        let mode = rustix::fs::fstat(&lock).at("look at", &folder)?.st_mode;
        let umask = 0o777 & !mode;
        let layer = LayerWriter { store: self, folder, lock: Some(lock), umask, applied: None };
        let diff = layer.folder.join("diff");
        make_dir(&diff)?;
        rustix::fs::chmod(&diff, Mode::from_raw_mode(0o755)).at("change mode of", &diff)?;
        Ok(layer)
    }

    /// The tar stream of a layer, bit for bit as it was applied (from the kept tar metadata and the files).
    pub fn layer_tar(&self, diff_id: &Digest, sink: &mut dyn io::Write) -> Result<(), Error> {
        let mut reader = self.layer_reader(diff_id)?;
        io::copy(&mut reader, sink).at("read back layer", &self.layer_path(diff_id)).map(drop)
    }

    /// The same to be read.
    pub fn layer_reader(&self, diff_id: &Digest) -> Result<Box<dyn Read + Send>, Error> {
        if self.has_own_layer(diff_id) {
            return Ok(Box::new(open_tar(&self.layer_path(diff_id))?));
        }
        self.additional_layer(diff_id).ok_or_else(|| Error::MissingLayer(diff_id.clone()))?.tar()
    }

    /// Where a layer's files are.
    pub fn diff_path(&self, diff_id: &Digest) -> PathBuf {
        let own = self.layer_path(diff_id).join("diff");
        match self.additional_layer(diff_id) {
            Some(layer) if !own.exists() => layer.diff.clone(),
            _ => own,
        }
    }

    /// Whether a layer hides everything below it.
    pub(crate) fn is_opaque(&self, diff_id: &Digest) -> bool {
        let mark = self.layer_path(diff_id).join(OPAQUE_ROOT);
        rustix::fs::accessat(CWD, mark, Access::EXISTS, AtFlags::empty()).is_ok()
            || self.additional_layer(diff_id).is_some_and(|layer| layer.opaque)
    }

    /// Makes a layer of an additional store one of this store.
    pub(crate) fn adopt_layer(&self, diff_id: &Digest) -> Result<(), Error> {
        if self.has_own_layer(diff_id) {
            return Ok(());
        }
        let mut layer = self.begin_layer()?;
        layer.apply(&mut self.layer_reader(diff_id)?, u64::MAX)?;
        layer.finish(diff_id)
    }

    /// Bytes of a stored layer's tar stream.
    pub fn layer_size(&self, diff_id: &Digest) -> Result<u64, Error> {
        let own = self.has_own_layer(diff_id).then(|| recorded_size(&self.layer_path(diff_id))).flatten();
        let size = own.or_else(|| self.additional_layer(diff_id).map(|layer| layer.size));
        size.ok_or_else(|| Error::MissingLayer(diff_id.clone()))
    }

    /// Applies a doubtful layer's own tar stream afresh; whether the result is the layer.
    fn rebuild(&self, diff_id: &Digest, path: &Path) -> bool {
        // One process does it; the others wait and take what has become of it.
        let _lock = match crate::lock::claim_folder(path) {
            Ok(Some(lock)) => lock,
            Ok(None) => return of_this_boot(path),
            Err(e) => {
                log::warn!("lock {}: {e}", path.display());
                return false;
            }
        };
        log::info!("checking layer {diff_id}, which was written before an unclean restart");
        let fresh = tar_reader::LayerReader::open(path).and_then(|mut reader| {
            let mut layer = self.begin_layer()?;
            layer.apply(&mut reader, u64::MAX)?;
            layer.check(diff_id)?;
            Ok(layer)
        });
        if let Err(e) = self.discard(path) {
            log::warn!("{e}");
            return false;
        }
        match fresh.and_then(|layer| layer.finish(diff_id)) {
            Ok(()) => true,
            Err(e) => {
                log::warn!("layer {diff_id} did not survive an unclean restart: {e}");
                false
            }
        }
    }

    /// Makes noted layers durable: one sync for all, then a mark in each.
    pub(crate) fn settle_layers(&self, layers: &[Digest]) -> Result<(), Error> {
        let there: Vec<_> = layers.iter().map(|l| (l, self.layer_path(l))).collect();
        let (there, gone): (Vec<_>, Vec<_>) = there.into_iter().partition(|(_, path)| path.exists());
        for (layer, _) in gone {
            self.remove_note(&note(layer))?;
        }
        // Only what is believed may be marked: another boot's layers are first looked at.
        let there: Vec<_> = there.into_iter().filter(|(layer, _)| self.has_own_layer(layer)).collect();
        if there.is_empty() {
            return Ok(());
        }
        let marked = |path: &Path| path.join("synced").exists();
        if !there.iter().all(|(_, path)| marked(path)) {
            let root = self.folder("layers");
            let fd = crate::lock::open_dir(&root).at("open folder", &root)?;
            rustix::fs::syncfs(&fd).at("sync file system of", &root)?;
        }
        for (layer, path) in there {
            crate::step::point();
            let mark = path.join("synced");
            match std::fs::OpenOptions::new().create(true).append(true).open(&mark) {
                Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(e).at("create", &mark),
                _ => self.remove_note(&note(layer))?,
            }
        }
        Ok(())
    }
}

impl LayerWriter<'_> {
    /// Applies an uncompressed tar stream to its end, hashing it. Hostile input: see the crate's `apply` module.
    /// `limit` bounds the bytes of the stream.
    pub fn apply(&mut self, tar: &mut dyn Read, limit: u64) -> Result<AppliedLayer, Error> {
        let target =
            apply::Target { folder: &self.folder, ownership: self.store.location.ownership, umask: self.umask };
        let applied = apply::apply(&target, tar, limit)?;
        self.applied = Some(applied.clone());
        Ok(applied)
    }

    /// Where its files are until then.
    pub fn files(&self) -> PathBuf {
        self.folder.join("diff")
    }

    /// Where it is until then.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    pub(crate) fn ownership(&self) -> Ownership {
        self.store.location.ownership
    }

    /// Deletes something beside the layer's files.
    pub(crate) fn remove(&self, name: &str) -> Result<(), Error> {
        let fd = crate::lock::open_dir(&self.folder).at("open folder", &self.folder)?;
        crate::remove_tree::remove_tree(&fd, &self.folder, name.as_ref())
    }

    /// Its files were put there by others.
    pub(crate) fn adopt(&mut self, applied: AppliedLayer) {
        self.applied = Some(applied);
    }

    /// Renames into place under its DiffID, which must equal `expected`. Another process may have won: that is fine.
    pub fn finish(mut self, expected: &Digest) -> Result<(), Error> {
        let applied = self.check(expected)?;
        let record = Record { diff_id: applied.diff_id, size: applied.size, boot: crate::boot::id().to_owned() };
        let path = self.folder.join("layer.json");
        let json = serde_json::to_vec(&record).map_err(io::Error::from).at("encode", &path)?;
        std::fs::write(&path, json).at("write", &path)?;
        crate::step::point();
        self.store.touch(&note(expected))?;
        crate::step::point();
        self.publish(expected)
    }

    fn check(&self, expected: &Digest) -> Result<AppliedLayer, Error> {
        if expected.algorithm() != "sha256" {
            return Err(Error::DigestAlgorithm(expected.clone()));
        }
        match &self.applied {
            Some(applied) if applied.diff_id == *expected => Ok(applied.clone()),
            other => Err(Error::WrongDigest {
                what: "uncompressed layer",
                expected: expected.clone(),
                found: other.as_ref().map_or_else(|| Digest::sha256(b""), |applied| applied.diff_id.clone()),
            }),
        }
    }

    fn publish(&mut self, diff_id: &Digest) -> Result<(), Error> {
        let target = self.store.layer_path(diff_id);
        loop {
            match rustix::fs::rename(&self.folder, &target) {
                Ok(()) => {
                    // Nothing left to discard.
                    self.lock = None;
                    return Ok(());
                }
                // Somebody else's is there. If it isn't to be believed, `has_own_layer` puts it out of the way.
                Err(Errno::EXIST | Errno::NOTEMPTY) if self.store.has_own_layer(diff_id) => return Ok(()),
                Err(Errno::EXIST | Errno::NOTEMPTY) if !target.exists() => {}
                Err(e) => return Err(e).at("rename layer to", &target),
            }
        }
    }
}

impl Drop for LayerWriter<'_> {
    /// Deleted at once, not by way of the trash: a full disk may be the reason.
    fn drop(&mut self) {
        if self.lock.is_none() {
            return;
        }
        let (Some(parent), Some(name)) = (self.folder.parent(), self.folder.file_name()) else { return };
        let removed = crate::lock::open_dir(parent)
            .at("open folder", parent)
            .and_then(|fd| crate::remove_tree::remove_tree(&fd, parent, name));
        if let Err(e) = removed {
            log::warn!("{e}");
        }
    }
}

/// Written since the machine started: whole, as it was renamed into place.
fn of_this_boot(layer: &Path) -> bool {
    read_record(layer).is_some_and(|record| record.boot == crate::boot::id())
}

/// Bytes of the tar stream, as the layer's record says.
pub(crate) fn recorded_size(layer: &Path) -> Option<u64> {
    read_record(layer).map(|record| record.size)
}

/// The tar stream of the layer in this folder.
pub(crate) fn open_tar(layer: &Path) -> Result<impl Read + Send + use<>, Error> {
    tar_reader::LayerReader::open(layer)
}

fn read_record(layer: &Path) -> Option<Record> {
    serde_json::from_slice(&std::fs::read(layer.join("layer.json")).ok()?).ok()
}

/// The attribute by which overlay knows an opaque folder.
pub(crate) fn opaque_attribute(ownership: Ownership) -> &'static str {
    match ownership {
        Ownership::Root => "trusted.overlay.opaque",
        Ownership::UserNamespace | Ownership::SingleId => "user.overlay.opaque",
    }
}
