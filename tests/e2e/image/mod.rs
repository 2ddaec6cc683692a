//! Images, verb by verb.

mod additional_stores;
mod authentication;
mod chunked;
mod exists;
mod full_disk;
mod history;
mod hostile_layers;
mod hostile_registries;
mod import;
mod inspect;
mod interop;
mod list;
mod load;
mod prune;
mod pull;
mod push;
mod remove;
mod resume;
mod save;
mod scp;
mod sealed;
mod short_names;
mod tag;
mod tree;
mod trust;
mod untag;
