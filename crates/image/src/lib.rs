//! Images: from registries and archives into the store, and what can be asked about them.
//!
//! Everything goes one way: a name is understood ([`find`], [`pull`]), a source opened (registry, archive, folder), a
//! manifest chosen for the platform, and its layers streamed side by side, verified, decompressed and applied in one
//! pass. Nothing becomes visible before both digests of a layer are verified. The crate decides nothing about containers
//! and prints nothing: [`Progress`] is told.

#![cfg_attr(not(test), deny(clippy::unwrap_used))]

mod archive;
mod choose;
mod context;
mod copy;
mod decompress;
mod embedded;
mod error;
mod find;
mod folder;
mod history;
pub mod inspect;
mod layer;
mod load;
pub mod login;
mod progress;
mod pull;
mod push;
mod remote;
mod resolve;
pub mod search;
mod short_name;
mod source;
mod transport;
mod verified;

pub use context::Context;
pub use error::Error;
pub use find::find;
pub use history::{HistoryEntry, history};
pub use inspect::{ImageInspect, inspect};
pub use load::{Input, Loaded, load};
pub use progress::{Progress, Quiet};
pub use pull::pull;
pub use push::push;
pub use registry::{Retry, Timeouts};
pub use resolve::{PullPolicy, Resolved, resolve};
