//! Layers, blobs, images and container roots on disk: `<graphroot>/minke/`.
//!
//! Only this crate knows its folders. Layers are folders named by DiffID, immutable once renamed into place.
//! It never talks to a registry and never mounts anything: it says which folders an overlay consists of.
//!
//! # Folders
//! ```text
//! lock                        flock: held while records change
//! layers/<hex>/diff/          the files, with whiteouts as overlay wants them
//! layers/<hex>/layer.json     DiffID, size, id of the boot in which it was written
//! layers/<hex>/synced         there: the layer is durable and needs no look at layer.json
//! layers/<hex>/tar-meta       what of the tar stream is not file content (zstd), see `layer::tar_meta`
//! layers/<hex>/extra/         content of files that a later entry of the same layer replaced; `extra.json` says which
//! layers/<hex>/opaque         there: the layer hides all layers below it
//! layers/<hex>/mapped/<key>/  copies with shifted owners
//! layers/<hex>/contents        digests of files, where they were known for nothing, see `layer::contents`
//! layers/<hex>/highest-id      the highest owner of its files, once somebody has asked
//! layers/<hex>/seen           which blobs the layer has been and in which repositories, one JSON object a line
//! blobs/sha256/<hex>          manifests, configurations and files of artifacts, verified when read
//! images/<hex>.json           image records, those of lists among them
//! names/<name>                image ID and name
//! artifacts/<name>             manifest and blobs of an artifact
//! containers/<id>/            upper, work, merged, root.json, overlays of its volumes, and what the engine keeps there
//! working/<id>/                upper, work, merged, stubs, root.json, record.json of a working container
//! volumes/<name>/_data
//! cache/<hex>.json            what a build step made from which inputs
//! cache-mounts/<hex>[-<n>]/   folders of `RUN --mount=type=cache`, flocked by whoever uses one alone
//! partial/<algorithm>-<hex>   beginnings of blobs whose transfer broke off; dropped when a week old
//! tmp/<pid>-<random>          work in progress, flocked by its process; what becomes a layer in place has a root.json, too
//! tmp/new-<hex>, tmp/new-blobs  notes for `reclaim`: may be waste, isn't durable yet
//! trash/<random>              to be deleted
//! ```
//!
//! # Crashes
//! Everything appears by a rename and disappears by a rename into the trash. A killed process leaves unlocked entries in
//! `tmp/` and notes, which [`Store::reclaim`] clears away. A power cut may take back what wasn't synced: a layer without
//! `synced` that names another boot is rebuilt from its own tar stream, whose digest must be its DiffID, or dropped.

mod additional;
mod artifact;
mod blob;
mod boot;
mod build_cache;
mod build_cache_prune;
mod cache_folder;
mod check;
mod diff;
mod draft;
mod error;
mod file_blob;
mod garbage;
mod ids;
mod image;
mod layer;
mod list;
mod location;
mod lock;
mod malformed;
mod merged;
mod name;
mod overlay;
mod partial;
mod remove_tree;
mod root;
mod seen;
mod step;
pub mod tar_split;
mod temporary;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
mod trash;
mod view;
mod volume;
mod walk;
mod working;

pub use artifact::{Artifact, Prior, check_artifact_name};
pub use build_cache::Cached;
pub use build_cache_prune::{CacheItem, CacheLimits};
pub use cache_folder::{CacheFolder, Use};
pub use check::{Aside, CheckOptions, Damage, Known, Stray};
pub use diff::{Change, ChangeKind};
pub use draft::{Draft, KeptLayers};
pub use error::Error;
pub use file_blob::BlobWriter;
pub use image::{Image, NewImage};
pub use layer::contents::{ContentHash, ContentReader, FilePart, Found};
pub use layer::{AppliedLayer, LayerWriter, Times};
pub use list::{List, Member, empty_index};
pub use location::{Location, Ownership, Store};
pub use malformed::malformed;
pub use merged::{FilesOf, Shown};
pub use overlay::UpperDirs;
pub use partial::Partial;
pub use root::RootDirs;
pub use seen::SeenBlob;
pub use temporary::TemporaryFolder;
pub use working::{WorkingHold, WorkingRecords};
