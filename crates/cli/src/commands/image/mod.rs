//! Commands on images.

pub mod build;
pub mod diff;
pub mod exists;
pub mod history;
pub mod import;
pub mod inspect;
pub mod list;
pub mod load;
pub mod mount;
pub mod prune;
pub mod pull;
pub mod push;
pub mod rm;
pub mod save;
pub mod scp;
pub mod sign;
pub mod tag;
pub mod tree;
pub mod trust;
pub mod unmount;
pub mod untag;
