//! Commands on artifacts.

pub mod add;
pub mod extract;
pub mod inspect;
pub mod list;
pub mod pull;
pub mod push;
pub mod rm;
