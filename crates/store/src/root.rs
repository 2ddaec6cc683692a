//! Container roots: `containers/<id>/{upper,work,merged,root.json}`. On the way of every `run`, so few system calls.

use crate::error::{At, Error};
use crate::layer::mapped::IdMaps;
use crate::location::{Ownership, Store, check_folder_name, make_dir};
use crate::overlay;
use oci::Digest;
use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;
use serde::{Deserialize, Serialize};
use std::io;
use std::path::{Path, PathBuf};

/// The folders of a container's root, for an overlay mount.
#[derive(Debug, Clone, Serialize, Deserialize, PartialEq)]
pub struct RootDirs {
    /// Highest first, as overlay's `lowerdir`.
    pub lower: Vec<PathBuf>,
    /// Writable layer.
    pub upper: PathBuf,
    /// Overlay's work folder.
    pub work: PathBuf,
    /// An empty folder to mount on.
    pub merged: PathBuf,
    /// Mount with `userxattr`.
    pub userxattr: bool,
}

/// `root.json`: what keeps the layers from being removed.
#[derive(Serialize, Deserialize, PartialEq)]
struct Record {
    /// DiffIDs, lowest first.
    layers: Vec<Digest>,
    /// Which owner-shifted copies of them are used, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    map: Option<String>,
}

/// Mode and owner of the root folder.
#[derive(Clone, Copy)]
pub(crate) struct RootAttributes {
    mode: u32,
    uid: u32,
    gid: u32,
}

impl RootAttributes {
    pub(crate) fn of(folder: &Path) -> rustix::io::Result<RootAttributes> {
        let stat = rustix::fs::stat(folder)?;
        Ok(RootAttributes { mode: stat.st_mode & 0o7777, uid: stat.st_uid, gid: stat.st_gid })
    }

    fn mapped(self, ids: &IdMaps) -> RootAttributes {
        let (uid, gid) = (ids.uid(self.uid).or(ids.uid(0)), ids.gid(self.gid).or(ids.gid(0)));
        RootAttributes { uid: uid.unwrap_or(0), gid: gid.unwrap_or(0), ..self }
    }

    /// Not by its path: in a user's folder a link could have been put in its place.
    pub(crate) fn apply(self, folder: &Path) -> Result<(), Error> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let fd = rustix::fs::open(folder, flags, Mode::empty()).at("open folder (no link)", folder)?;
        if (self.uid, self.gid) != (0, 0) {
            let (uid, gid) = (rustix::fs::Uid::from_raw(self.uid), rustix::fs::Gid::from_raw(self.gid));
            match rustix::fs::fchown(&fd, Some(uid), Some(gid)) {
                // Without a range of ids the owner is the user, whatever the image says.
                Err(Errno::INVAL | Errno::PERM) => {}
                result => result.at("change owner of", folder)?,
            }
        }
        // Not left to mkdir: the umask may be tight.
        rustix::fs::fchmod(&fd, Mode::from_raw_mode(self.mode)).at("change mode of", folder)
    }
}

impl Store {
    /// Makes upper and work folders for a container over `layers` (lowest first).
    pub fn create_root(&self, container: &str, layers: &[Digest]) -> Result<RootDirs, Error> {
        check_folder_name(container)?;
        // Layers can't be removed between the check that they are there and the record that says they are needed.
        let lock = self.lock_shared()?;
        self.require_layers(layers)?;
        let dirs = self.make_root(container, layers, None)?;
        drop(lock);
        Ok(dirs)
    }

    /// As when it was created.
    pub fn root(&self, container: &str, layers: &[Digest]) -> Result<RootDirs, Error> {
        check_folder_name(container)?;
        let record = self.root_record(container)?.ok_or_else(|| Error::NoSuchRoot(container.to_owned()))?;
        self.require_layers(layers)?;
        Ok(self.root_dirs(container, layers, record.map.as_deref()))
    }

    /// Like [`Store::root`], with every layer copied once so that its owners are shifted by the maps (rootless keep-id
    /// and auto). Makes the root if it isn't there. Entries: (id inside the layer, id it becomes, count).
    pub fn mapped_root(
        &self,
        container: &str,
        layers: &[Digest],
        uids: &[(u32, u32, u32)],
        gids: &[(u32, u32, u32)],
    ) -> Result<RootDirs, Error> {
        check_folder_name(container)?;
        let ids = IdMaps::new(uids, gids);
        // The record comes first, so that nobody removes the layers during the long copies.
        let lock = self.lock_shared()?;
        self.require_layers(layers)?;
        match self.root_record(container)? {
            None => drop(self.make_root(container, layers, Some(&ids))?),
            Some(record) if record.map.as_ref() != Some(&ids.key()) => self.remap_root(container, layers, &ids)?,
            Some(_) => {}
        }
        drop(lock);
        for layer in layers {
            self.map_layer(layer, &ids)?;
        }
        Ok(self.root_dirs(container, layers, Some(&ids.key())))
    }

    /// A folder of the container's own that outlives reboots (its log, its generated files).
    pub fn container_dir(&self, container: &str) -> PathBuf {
        self.root_path(container)
    }

    /// Moves everything of a container into the trash: one rename.
    pub fn remove_root(&self, container: &str) -> Result<(), Error> {
        check_folder_name(container)?;
        self.discard(&self.root_path(container))
    }

    /// Containers that have a folder here (to find strays).
    pub fn roots(&self) -> Result<Vec<String>, Error> {
        let folder = self.folder("containers");
        let mut ids = Vec::new();
        for entry in std::fs::read_dir(&folder).at("list", &folder)? {
            ids.extend(entry.at("list", &folder)?.file_name().into_string().ok());
        }
        Ok(ids)
    }

    /// The layers that a container needs: its root's, if it has a (readable) record, and those of images mounted in it.
    pub(crate) fn root_layers(&self, container: &str) -> Result<Vec<Digest>, Error> {
        let mut layers = self.root_record(container)?.map(|record| record.layers).unwrap_or_default();
        layers.extend(overlay::needs(&self.root_path(container).join(overlay::FOLDER))?);
        Ok(layers)
    }

    fn root_record(&self, container: &str) -> Result<Option<Record>, Error> {
        read_record(&self.root_path(container))
    }

    pub(crate) fn require_layers(&self, layers: &[Digest]) -> Result<(), Error> {
        match layers.iter().find(|layer| !self.has_layer(layer)) {
            Some(missing) => Err(Error::MissingLayer(missing.clone())),
            None => Ok(()),
        }
    }

    /// The folders and, last, the record; on failure nothing is left. What a killed process left is completed, and one that is
    /// there as it is wanted will do.
    fn make_root(&self, container: &str, layers: &[Digest], ids: Option<&IdMaps>) -> Result<RootDirs, Error> {
        let mut attributes = self.root_attributes(layers);
        if let Some(ids) = ids {
            attributes = attributes.mapped(ids);
        }
        let record = Record { layers: layers.to_vec(), map: ids.map(IdMaps::key) };
        let dirs = self.root_dirs(container, layers, record.map.as_deref());
        let folder = self.root_path(container);
        let new = match rustix::fs::mkdir(&folder, Mode::from_raw_mode(0o755)) {
            Err(Errno::EXIST) => match self.root_record(container)? {
                Some(found) if found == record => return Ok(dirs),
                Some(_) => return Err(Errno::EXIST).at("create container folder", &folder),
                None => false,
            },
            result => result.at("create container folder", &folder).map(|()| true)?,
        };
        crate::step::point();
        // A half-written record reads as none, and whoever needs it makes it again.
        let path = folder.join("root.json");
        let write = |json: Vec<u8>| std::fs::write(&path, json).at("write", &path);
        let made = fill_root(&dirs, attributes).and_then(|()| encode(&record, &path)).and_then(write);
        if made.is_err() && new {
            let _ = self.discard(&folder);
        }
        made.map(|()| dirs)
    }

    /// A root that was made with other owners (or without a map) gets these; what is in its upper folder keeps its own.
    fn remap_root(&self, container: &str, layers: &[Digest], ids: &IdMaps) -> Result<(), Error> {
        let dirs = self.root_dirs(container, layers, Some(&ids.key()));
        self.root_attributes(layers).mapped(ids).apply(&dirs.upper)?;
        let path = self.root_path(container).join("root.json");
        // Without a record, if only for a moment, the layers would be nobody's.
        self.write_atomically(&path, &encode(&Record { layers: layers.to_vec(), map: Some(ids.key()) }, &path)?)
    }

    fn root_dirs(&self, container: &str, layers: &[Digest], map: Option<&str>) -> RootDirs {
        let folder = self.root_path(container);
        let lower = |layer: &Digest| match map {
            None => self.diff_path(layer),
            Some(key) => crate::layer::mapped::path(&self.layer_path(layer), key),
        };
        RootDirs {
            lower: self.shown(layers).map(lower).collect(),
            upper: folder.join("upper"),
            work: folder.join("work"),
            merged: folder.join("merged"),
            userxattr: self.location.ownership != Ownership::Root,
        }
    }

    /// Where the files of an image's layers are, uppermost first, without layers that others hide as a whole.
    pub fn image_dirs(&self, layers: &[Digest]) -> Result<Vec<PathBuf>, Error> {
        self.require_layers(layers)?;
        Ok(self.shown(layers).map(|layer| self.diff_path(layer)).collect())
    }

    /// From the uppermost down to one that hides all below it. Of one that is there twice the upper is enough: it says all that
    /// the lower says, and overlay refuses a folder that it has already.
    fn shown<'l>(&self, layers: &'l [Digest]) -> impl Iterator<Item = &'l Digest> {
        // The lowest layer hides nothing, so it needn't be asked.
        let used = layers.iter().skip(1).rev().position(|layer| self.is_opaque(layer)).map_or(layers.len(), |n| n + 1);
        let shown = layers.iter().rev().take(used).enumerate();
        shown.filter(|(at, layer)| !layers.iter().rev().take(*at).any(|upper| upper == *layer)).map(|(_, layer)| layer)
    }

    /// What `/` of the container looks like: the upper folder hides those below.
    pub(crate) fn root_attributes(&self, layers: &[Digest]) -> RootAttributes {
        let top = layers.last().and_then(|top| RootAttributes::of(&self.diff_path(top)).ok());
        top.unwrap_or(RootAttributes { mode: 0o755, uid: 0, gid: 0 })
    }
}

/// The layers that a container's folder, or that of its overlays, says it needs, wherever it is.
pub(crate) fn recorded_layers(folder: &Path) -> Vec<Digest> {
    let mut layers = read_record(folder).ok().flatten().map(|record| record.layers).unwrap_or_default();
    for overlays in [folder.join(overlay::FOLDER), folder.to_owned()] {
        layers.extend(overlay::needs(&overlays).unwrap_or_default());
    }
    layers
}

fn encode(record: &Record, path: &Path) -> Result<Vec<u8>, Error> {
    serde_json::to_vec(record).map_err(io::Error::from).at("encode", path)
}

/// Says in a folder which layers it needs.
pub(crate) fn write_layers(folder: &Path, layers: &[Digest]) -> Result<(), Error> {
    let path = folder.join("root.json");
    let record = Record { layers: layers.to_vec(), map: None };
    std::fs::write(&path, encode(&record, &path)?).at("write", &path)
}

fn read_record(folder: &Path) -> Result<Option<Record>, Error> {
    let path = folder.join("root.json");
    match std::fs::read(&path) {
        Ok(text) => Ok(serde_json::from_slice(&text).ok()),
        Err(e) if matches!(e.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => Ok(None),
        Err(e) => Err(e).at("read", &path),
    }
}

fn fill_root(dirs: &RootDirs, root: RootAttributes) -> Result<(), Error> {
    for dir in [&dirs.upper, &dirs.work, &dirs.merged] {
        crate::step::point();
        make_dir(dir)?;
    }
    crate::step::point();
    root.apply(&dirs.upper)
}
