//! Commands on registries.

pub mod access;
pub mod login;
pub mod logout;
pub mod search;
