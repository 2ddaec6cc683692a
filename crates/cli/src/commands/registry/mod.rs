//! Commands on registries.

mod access;
pub mod login;
pub mod logout;
pub mod search;
