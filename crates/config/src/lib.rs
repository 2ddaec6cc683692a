//! The configuration files all these tools share: pure parsing plus a thin loader each.
//!
//! containers.conf(5), storage.conf(5), registries.conf(5), auth.json(5). Later files override earlier ones as the man
//! pages say.

pub mod auth;
pub mod containers;
pub mod registries;
pub mod storage;
