//! Every file and folder below the store's root has a reason.

use super::{Damage, Known, Stray};
use crate::blob::NEW_BLOBS;
use crate::error::{At, Error};
use crate::garbage::References;
use crate::layer::NOTE_PREFIX;
use crate::location::{FOLDERS, Store};
use crate::lock::{claim, open_dir, try_lock};
use crate::remove_tree::remove_tree;
use oci::Digest;
use rustix::fd::OwnedFd;
use rustix::fs::FlockOperation;
use std::path::Path;

impl Store {
    /// The caller holds the store's lock, so that no record changes.
    pub(super) fn check_files(&self, known: &Known, referenced: &References, damage: &mut Damage) -> Result<(), Error> {
        for name in self.names_in("")? {
            if !FOLDERS.contains(&name.as_str()) && name != "lock" && !known.files.contains(&name) {
                damage.stray(self.folder(&name), "not accounted for", true);
            }
        }
        for name in self.names_in("layers")?.iter().filter(|name| Digest::from_sha256_hex(name).is_err()) {
            damage.layers.insert(name.clone(), vec![UNACCOUNTED.to_owned()]);
        }
        self.check_blobs(referenced, damage)?;
        self.check_names(damage)?;
        for name in self.names_in("containers")?.iter().filter(|name| !known.containers.contains(*name)) {
            damage.stray(self.path2("containers", name), "no container has this ID", true);
        }
        for name in self.names_in("volumes")?.iter().filter(|name| !known.volumes.contains(*name)) {
            damage.stray(self.path2("volumes", name), "no volume has this name", true);
        }
        if self.folder("partial").exists() {
            for name in self.names_in("partial")?.iter().filter(|name| !crate::partial::is_name(name)) {
                damage.stray(self.path2("partial", name), "no blob is called so", false);
            }
        }
        self.check_build_cache(damage)
    }

    fn check_build_cache(&self, damage: &mut Damage) -> Result<(), Error> {
        let is_hex = |hex: &str| Digest::from_sha256_hex(hex).is_ok();
        let is_record = |name: &str| name == "tended" || name.strip_suffix(".json").is_some_and(is_hex);
        let is_mount = |name: &str| {
            name.split_once('-').map_or(is_hex(name), |(hex, number)| is_hex(hex) && number.parse::<u32>().is_ok())
        };
        self.check_called("cache", &is_record, damage)?;
        self.check_called("cache-mounts", &is_mount, damage)
    }

    /// Stores of older versions have no such folder.
    fn check_called(&self, folder: &str, fits: &dyn Fn(&str) -> bool, damage: &mut Damage) -> Result<(), Error> {
        if self.folder(folder).exists() {
            for name in self.names_in(folder)?.iter().filter(|name| !fits(name)) {
                damage.stray(self.path2(folder, name), "nothing of a build is called so", false);
            }
        }
        Ok(())
    }

    /// DiffIDs of all layers that are there.
    pub(super) fn layers(&self) -> Result<Vec<Digest>, Error> {
        let names = self.names_in("layers")?;
        Ok(names.iter().filter_map(|name| Digest::from_sha256_hex(name).ok()).collect())
    }

    fn check_blobs(&self, referenced: &References, damage: &mut Damage) -> Result<(), Error> {
        let mut unneeded = Vec::new();
        for algorithm in ["sha256", "sha512"] {
            for name in self.names_in(&format!("blobs/{algorithm}"))? {
                let path = self.path2("blobs", algorithm).join(&name);
                match format!("{algorithm}:{name}").parse::<Digest>() {
                    Err(_) => damage.stray(path, "no blob is called so", false),
                    Ok(blob) if !referenced.blobs.contains(&blob) => unneeded.push(path),
                    Ok(_) => {}
                }
            }
        }
        // Looked at after the list, since it is written before the blob: with it, a blob may be one that is being pulled.
        // Who pulls one that lies here already writes none.
        if !self.path2("tmp", NEW_BLOBS).exists() && self.nobody_writes()?.is_some() {
            unneeded
                .iter()
                .for_each(|path| damage.stray(path, "blob not referenced by any images or artifacts", false));
        }
        Ok(())
    }

    /// As long as it is held, nobody stores content that no record refers to yet; `None` if somebody is at it.
    pub(super) fn nobody_writes(&self) -> Result<Option<OwnedFd>, Error> {
        match self.writers_lock(FlockOperation::NonBlockingLockExclusive) {
            Err(Error::Io { source, .. }) if source.kind() == std::io::ErrorKind::WouldBlock => Ok(None),
            lock => lock.map(Some),
        }
    }

    /// Names that can't be read, or that lead to no image.
    fn check_names(&self, damage: &mut Damage) -> Result<(), Error> {
        for file in self.names_in("names")? {
            let path = self.path2("names", &file);
            match self.read_name(&path)? {
                None => damage.stray(path, "the image name in it can't be read", false),
                Some((id, name)) if self.name_path(&name) != path => {
                    damage.stray(path, &format!("the name of image {} in it is another", id.hex()), false);
                }
                Some((id, _)) if !self.image_path(&id).exists() => {
                    damage.stray(path, &format!("names image {}, which isn't there", id.hex()), false);
                }
                Some(_) => {}
            }
        }
        Ok(())
    }

    /// What belongs to nobody in `tmp/` and `trash/` and can't be deleted. Both fill while one looks, so it is tried.
    pub(super) fn check_waste(&self, damage: &mut Damage) -> Result<(), Error> {
        for name in self.names_in("tmp")?.iter().filter(|name| *name != NEW_BLOBS && !name.starts_with(NOTE_PREFIX)) {
            let path = self.path2("tmp", name);
            // Held until it is gone, else whoever is just making it could take the lock in between.
            let claimed = claim(&path).at("look at", &path)?;
            if claimed.is_some() && self.discard(&path).is_err() {
                damage.stray(path, "left by a process that is gone, and can't be deleted", false);
            }
        }
        let trash = self.folder("trash");
        let folder = open_dir(&trash).at("open folder", &trash)?;
        if !try_lock(&folder) {
            return Ok(());
        }
        for name in self.names_in("trash")? {
            if remove_tree(&folder, &trash, name.as_ref()).is_err() {
                damage.stray(trash.join(name), "thrown away, and can't be deleted", false);
            }
        }
        Ok(())
    }

    fn names_in(&self, folder: &str) -> Result<Vec<String>, Error> {
        let folder = self.folder(folder);
        let mut names = Vec::new();
        for entry in std::fs::read_dir(&folder).at("list", &folder)? {
            names.push(entry.at("list", &folder)?.file_name().to_string_lossy().into_owned());
        }
        names.sort_unstable();
        Ok(names)
    }
}

const UNACCOUNTED: &str = "layer in lower level storage driver not accounted for";

impl Damage {
    fn stray(&mut self, path: impl AsRef<Path>, why: &str, precious: bool) {
        self.strays.push(Stray { path: path.as_ref().to_owned(), why: why.to_owned(), precious });
    }
}
