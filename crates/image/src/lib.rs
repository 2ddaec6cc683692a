//! Images: from registries and archives into the store, out again, and what can be asked about them.
//!
//! A [`Location`] says where an image is. What is there is a [`Source`], an immutable view; where it shall go is a
//! [`Sink`]; [`copy`] goes from any to any. Names are understood by [`find`] and [`pull`]. Nothing becomes visible before
//! all digests are verified. The crate decides nothing about containers and prints nothing: [`Progress`] is told.

#![cfg_attr(not(test), deny(clippy::unwrap_used))]

mod archive;
pub mod artifact;
pub mod assemble;
mod cache;
mod choose;
mod chunked;
mod compress;
mod content;
mod context;
mod copy;
mod decompress;
mod embedded;
pub mod encryption;
mod error;
mod find;
mod folder;
mod import;
pub mod lists;
mod load;
mod location;
pub mod login;
pub mod look;
pub mod policy;
mod progress;
mod pull;
mod push;
mod repo_digests;
mod resolve;
mod resume;
mod save;
pub mod search;
mod short_name;
pub mod sign;
pub mod signature;
mod sink;
mod source;
pub mod source_image;
mod transport;
pub mod trust;
mod verified;

pub use archive::{Archive, Member, Members};
pub use cache::{CacheIndex, CacheRecord, CacheSource};
pub use compress::Algorithm;
pub use content::{Content, Sum};
pub use context::{Clients, Context, Trust};
pub use copy::{
    Copied, CopiedImage, Gate, Hooks, Instances, LayerCipher, Options, Reader, Sealed, Sign, check_place, copy, foresee,
};
pub use error::Error;
pub use find::{find, find_record};
pub use import::{Import, Streamed, archive, download, import, streamed};
pub use load::{Input, Loaded, load};
pub use location::{DaemonImage, InvalidLocation, Location, Pick};
pub use progress::{Progress, Quiet};
pub use pull::{pull, pull_all_tags};
pub use push::{Destination, push};
pub use registry::{Retry, Timeouts};
pub use repo_digests::repo_digests;
pub use resolve::{PullPolicy, Resolved, resolve};
pub use save::{SaveFormat, Saving, save};
pub use short_name::candidates;
pub use sink::{Blob, Format, Layers, Needs, Place, Role, Sink, Wanted};
pub use source::{Fetched, Source};
pub use transport::{
    DirSink, DirSource, DockerArchiveSink, DockerArchiveSource, LayoutArchiveSink, LayoutSink, LayoutSource, Output,
    RegistrySink, RegistrySource, StoreNaming, StoreSink, StoreSource, archive_names, open_sink, open_source,
};
