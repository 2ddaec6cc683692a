//! Pulling, loading, finding and pushing through the crate's public functions, against registries in this process.

mod archive;
mod bad_archive;
mod bad_registry;
mod copy;
mod kit;
mod pull;
mod push;
