//! A client of registries (and of Docker's daemon): OCI distribution specification 1.1, which is Docker's API version 2 with other media types.
//!
//! Synchronous, one HTTP/1.1 connection a request; blobs are fetched by as many threads as the caller has. Everything a
//! registry says is checked: digests over the bytes, sizes, numbers of redirects and of refusals. The crate knows no
//! configuration files and no store: who one is and what is insecure is told to it ([`Settings`]).

#![cfg_attr(not(test), deny(clippy::unwrap_used))]

mod authorization;
mod blob;
mod challenge;
mod client;
mod daemon;
mod delete;
mod error;
mod host;
mod list;
mod login;
mod manifest;
mod plain;
mod proxy;
mod retry;
mod scheme;
mod search;
mod send;
mod tls;
mod tls_stream;
mod token;
mod transport;
mod upload;
mod url;
mod verifier;

pub use blob::BlobReader;
pub use client::{Client, Credentials, Security, Settings, Timeouts};
pub use daemon::Daemon;
pub use error::Error;
pub use manifest::{Claim, Manifest};
pub use plain::{get, open};
pub use retry::Retry;
pub use search::Hit;
pub use transport::Transport;
