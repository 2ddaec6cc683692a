//! Commands on the engine itself, and `inspect`, which takes any object.

pub mod check;
pub mod complete;
pub mod completion;
pub mod df;
pub mod diff;
pub mod info;
pub mod inspect;
pub mod man;
pub mod prune;
pub mod version;
