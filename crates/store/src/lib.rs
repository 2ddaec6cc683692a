//! Layers, blobs, images and container roots on disk: `<graphroot>/minke/`.
//!
//! Only this crate knows its folders. Layers are folders named by DiffID, immutable once renamed into place.
//! It never talks to a registry and never mounts anything: it says which folders an overlay consists of.

use oci::Digest;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};

/// How this process may own files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ownership {
    /// Real root: every owner, device nodes, `trusted.` xattrs.
    Root,
    /// Root of a user namespace with a range of ids: every mapped owner, `user.overlay.` xattrs, no device nodes.
    UserNamespace,
    /// Root of a user namespace that maps one id only: owners can't be kept (they are dropped, once said by the caller).
    SingleId,
}

/// Where the store is.
#[derive(Debug, Clone)]
pub struct Location {
    /// Persistent, e.g. `/var/lib/containers/storage/minke`.
    pub root: PathBuf,
    /// Gone after a reboot, e.g. `/run/containers/storage/minke`.
    pub run: PathBuf,
    /// See [`Ownership`].
    pub ownership: Ownership,
}

/// An open store. Cheap to open: creates folders only when missing, takes no lock.
#[derive(Debug)]
pub struct Store {
    #[allow(dead_code)]
    location: Location,
}

/// Every way a store operation fails; each names the thing and the path.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// `what` says what was tried.
    #[error("{what} `{path}`")]
    Io {
        /// e.g. "write layer file".
        what: &'static str,
        /// Where.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
}

/// One image as the store knows it: `images/<id>.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Image {
    /// Digest of the configuration blob.
    pub id: Digest,
    /// Digest of the manifest blob it was stored with.
    pub manifest: Digest,
    /// DiffIDs, lowest first.
    pub layers: Vec<Digest>,
    /// `registry/repository@digest` by which it was pulled, oldest first.
    pub repo_digests: Vec<String>,
    /// Fully qualified `registry/repository:tag`; not in the file but gathered from `names/`.
    #[serde(skip)]
    pub names: Vec<String>,
    /// From the configuration, RFC 3339 (for listings).
    pub created: Option<String>,
    /// Bytes of all layers unpacked.
    pub size: u64,
    /// `os/arch[/variant]`.
    pub platform: oci::Platform,
    /// Labels (for filters).
    #[serde(default)]
    pub labels: BTreeMap<String, String>,
}

/// What [`Store::commit_image`] needs. Layers and blobs must be in the store already.
#[derive(Debug, Clone)]
pub struct NewImage {
    /// See [`Image`].
    pub id: Digest,
    /// See [`Image`].
    pub manifest: Digest,
    /// See [`Image`].
    pub layers: Vec<Digest>,
    /// Added to the record.
    pub repo_digest: Option<String>,
    /// Names to give it, taken from whichever image had them.
    pub names: Vec<String>,
}

/// A layer being written by one thread; dropping it discards it.
pub struct LayerWriter<'a> {
    #[allow(dead_code)]
    store: &'a Store,
}

/// What a finished layer is.
#[derive(Debug, Clone, PartialEq)]
pub struct AppliedLayer {
    /// SHA-256 of the uncompressed tar stream.
    pub diff_id: Digest,
    /// Bytes of file content.
    pub size: u64,
}

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

impl Store {
    /// Opens, creating what is missing.
    pub fn open(_location: Location) -> Result<Store, Error> {
        todo!()
    }
    /// Where it is.
    pub fn location(&self) -> &Location {
        todo!()
    }

    // ---- blobs: manifests and configurations
    /// Stores small content under its digest, checked. Atomic.
    pub fn put_blob(&self, _digest: &Digest, _content: &[u8]) -> Result<(), Error> {
        todo!()
    }
    /// Reads it back.
    pub fn blob(&self, _digest: &Digest) -> Result<Vec<u8>, Error> {
        todo!()
    }

    // ---- layers
    /// Whether a whole layer is there (and believed after the last reboot).
    pub fn has_layer(&self, _diff_id: &Digest) -> bool {
        todo!()
    }
    /// Begins a layer.
    pub fn begin_layer(&self) -> Result<LayerWriter<'_>, Error> {
        todo!()
    }
    /// The tar stream of a layer, bit for bit as it was applied (from the kept tar metadata and the files).
    pub fn layer_tar(&self, _diff_id: &Digest, _sink: &mut dyn std::io::Write) -> Result<(), Error> {
        todo!()
    }

    // ---- images
    /// All images with their names, unordered.
    pub fn images(&self) -> Result<Vec<Image>, Error> {
        todo!()
    }
    /// By exact id.
    pub fn image(&self, _id: &Digest) -> Result<Option<Image>, Error> {
        todo!()
    }
    /// Ids that begin with these hex digits (at least 1).
    pub fn images_by_prefix(&self, _hex: &str) -> Result<Vec<Digest>, Error> {
        todo!()
    }
    /// By fully qualified name `registry/repository:tag`; one file is read.
    pub fn image_named(&self, _name: &str) -> Result<Option<Digest>, Error> {
        todo!()
    }
    /// Records an image; fails with `Error::MissingLayer` (add it) if a layer vanished meanwhile: the caller fetches again.
    pub fn commit_image(&self, _new: NewImage) -> Result<Image, Error> {
        todo!()
    }
    /// Gives a name, moving it if another image had it.
    pub fn tag(&self, _id: &Digest, _name: &str) -> Result<(), Error> {
        todo!()
    }
    /// Takes a name away; the image stays.
    pub fn untag(&self, _name: &str) -> Result<(), Error> {
        todo!()
    }
    /// Removes record, names, and whatever layers and blobs no other image needs (renamed to the trash, deleted later).
    pub fn remove_image(&self, _id: &Digest) -> Result<(), Error> {
        todo!()
    }

    // ---- container roots
    /// Makes upper and work folders for a container over `layers` (lowest first).
    pub fn create_root(&self, _container: &str, _layers: &[Digest]) -> Result<RootDirs, Error> {
        todo!()
    }
    /// As when it was created.
    pub fn root(&self, _container: &str, _layers: &[Digest]) -> Result<RootDirs, Error> {
        todo!()
    }
    /// Like `root`, with every layer copied once so that its owners are shifted by `map` (rootless keep-id and auto).
    /// Entries: (id inside the layer, id it becomes, count).
    pub fn mapped_root(
        &self,
        _container: &str,
        _layers: &[Digest],
        _uids: &[(u32, u32, u32)],
        _gids: &[(u32, u32, u32)],
    ) -> Result<RootDirs, Error> {
        todo!()
    }
    /// A folder of the container's own that outlives reboots (its log, its generated files).
    pub fn container_dir(&self, _container: &str) -> PathBuf {
        todo!()
    }
    /// Moves everything of a container into the trash: one rename.
    pub fn remove_root(&self, _container: &str) -> Result<(), Error> {
        todo!()
    }
    /// Containers that have a folder here (to find strays).
    pub fn roots(&self) -> Result<Vec<String>, Error> {
        todo!()
    }

    // ---- volumes' data (the definitions are in the database)
    /// `volumes/<name>/_data`, made when missing.
    pub fn create_volume_dir(&self, _name: &str) -> Result<PathBuf, Error> {
        todo!()
    }
    /// Moves it into the trash.
    pub fn remove_volume_dir(&self, _name: &str) -> Result<(), Error> {
        todo!()
    }

    // ---- upkeep
    /// Deletes the trash and whatever killed processes left in `tmp/`. Called behind the answer; safe to run concurrently.
    pub fn reclaim(&self) -> Result<(), Error> {
        todo!()
    }
    /// Is there anything for [`Store::reclaim`]? One or two readdirs.
    pub fn needs_reclaim(&self) -> bool {
        todo!()
    }
}

impl LayerWriter<'_> {
    /// Applies an uncompressed tar stream to its end, hashing it. Hostile input: see the crate's `apply` module.
    /// `limit` bounds the bytes of the stream.
    pub fn apply(&mut self, _tar: &mut dyn Read, _limit: u64) -> Result<AppliedLayer, Error> {
        todo!()
    }
    /// Renames into place under its DiffID, which must equal `expected`. Another process may have won: that is fine.
    pub fn finish(self, _expected: &Digest) -> Result<(), Error> {
        todo!()
    }
}

#[allow(unused)]
fn _unused(_: &Path) {}
