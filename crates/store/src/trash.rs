//! The trash: removing is one rename into `trash/`, deleting happens later, behind somebody's answer.

use crate::error::{At, Error};
use crate::layer::NOTE_PREFIX;
use crate::location::Store;
use crate::lock::{claim, claim_folder, open_dir, random_name, try_lock};
use crate::{blob::NEW_BLOBS, remove_tree::remove_tree};
use oci::Digest;
use rustix::fd::OwnedFd;
use rustix::fs::FlockOperation;
use rustix::io::Errno;
use std::path::Path;

impl Store {
    /// Moves a file or folder into the trash; what isn't there is fine.
    pub(crate) fn discard(&self, path: &Path) -> Result<(), Error> {
        let target = self.path2("trash", &random_name());
        match rustix::fs::rename(path, &target) {
            Ok(()) | Err(Errno::NOENT) => Ok(()),
            Err(e) => Err(e).at("move to the trash", path),
        }
    }

    /// Deletes the trash and whatever killed processes left in `tmp/`, and makes new layers durable. Called behind the
    /// answer; safe to run concurrently (the second returns at once). Goes on after errors and reports the first.
    pub fn reclaim(&self) -> Result<(), Error> {
        let trash = self.folder("trash");
        let fd = open_dir(&trash).at("open folder", &trash)?;
        if !try_lock(&fd) {
            return Ok(());
        }
        self.clear(&fd)
    }

    /// The same after whoever is at it, who may have begun before the last process died.
    pub(crate) fn reclaim_after_others(&self) -> Result<(), Error> {
        let trash = self.folder("trash");
        match claim_folder(&trash).at("lock folder", &trash)? {
            Some(fd) => self.clear(&fd),
            None => Ok(()),
        }
    }

    /// The caller holds the lock of the trash, whose folder `fd` is.
    fn clear(&self, fd: &OwnedFd) -> Result<(), Error> {
        let trash = self.folder("trash");
        let mut first = None;
        let mut note = |result: Result<(), Error>| first = first.take().or(result.err());
        let (layers, new_blobs) = match self.sweep_temporary() {
            Ok(found) => found,
            Err(e) => {
                note(Err(e));
                Default::default()
            }
        };
        note(self.drop_old_partials());
        let trashed = names_in(&trash)?;
        // A removed container may have been the last that needed its layers.
        let roots = trashed.iter().flat_map(|name| crate::root::recorded_layers(&trash.join(name)));
        let mut candidates: Vec<_> = layers.iter().cloned().chain(roots).collect();
        candidates.sort_unstable();
        candidates.dedup();
        match self.drop_strays(&candidates, new_blobs) {
            Ok(true) => note(self.settle_layers(&layers)),
            // Whether a layer is waste can't be told now: a note keeps it in mind.
            Ok(false) => candidates.iter().for_each(|layer| note(self.touch(&crate::layer::note(layer)))),
            Err(e) => note(Err(e)),
        }
        for name in names_in(&trash)? {
            note(remove_tree(fd, &trash, &name));
        }
        first.map_or(Ok(()), Err)
    }

    /// Is there anything for [`Store::reclaim`]? Two readdirs.
    pub fn needs_reclaim(&self) -> bool {
        let any =
            |folder: &str| std::fs::read_dir(self.folder(folder)).is_ok_and(|mut entries| entries.next().is_some());
        any("trash") || any("tmp")
    }

    /// Moves what dead processes left in `tmp/` into the trash; returns the notes found there: layers, and whether blobs are new.
    fn sweep_temporary(&self) -> Result<(Vec<Digest>, bool), Error> {
        let (mut layers, mut new_blobs) = (Vec::new(), false);
        for name in names_in(&self.folder("tmp"))? {
            let text = name.to_string_lossy();
            if text == NEW_BLOBS {
                new_blobs = true;
            } else if let Some(hex) = text.strip_prefix(NOTE_PREFIX) {
                match Digest::from_sha256_hex(hex) {
                    Ok(layer) => layers.push(layer),
                    Err(_) => self.remove_note(&text)?,
                }
            } else {
                let path = self.path2("tmp", &text);
                let owner_is_dead = claim(&path).at("look at stray", &path)?;
                if owner_is_dead.is_some() {
                    self.discard(&path)?;
                }
            }
        }
        Ok((layers, new_blobs))
    }

    /// Drops layers, and new blobs, that nothing needs. False if somebody is just storing some, so that it can't be known.
    pub(crate) fn drop_strays(&self, layers: &[Digest], new_blobs: bool) -> Result<bool, Error> {
        if layers.is_empty() && !new_blobs {
            return Ok(true);
        }
        let folder = self.folder("layers");
        let fd = open_dir(&folder).at("open folder", &folder)?;
        if rustix::fs::flock(&fd, FlockOperation::NonBlockingLockExclusive).is_err() {
            return Ok(false);
        }
        // Not waiting: whoever holds the store's lock may be waiting for the lock just taken.
        let Some(_lock) = self.try_lock()? else { return Ok(false) };
        if new_blobs || self.any_without_image(layers)? {
            self.drop_unreferenced(layers, &[])?;
        }
        if new_blobs {
            self.drop_stray_blobs()?;
            self.remove_note(NEW_BLOBS)?;
        }
        Ok(true)
    }
}

fn names_in(folder: &Path) -> Result<Vec<std::ffi::OsString>, Error> {
    let entries = std::fs::read_dir(folder).at("list", folder)?;
    entries.map(|entry| entry.map(|entry| entry.file_name())).collect::<Result<_, _>>().at("list", folder)
}
