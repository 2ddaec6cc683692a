//! Named and anonymous volumes: as much as `run -v` and `rm -v` need.

use crate::{Engine, Error};

/// A volume's record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Volume {
    /// Given, or 64 hex digits for an anonymous one.
    pub name: String,
    /// Made for one container's mount without a name.
    pub anonymous: bool,
    /// RFC 3339.
    pub created: String,
    /// Where its data is.
    pub mountpoint: std::path::PathBuf,
}

/// All volumes by name.
pub fn list(_engine: &Engine) -> Result<Vec<Volume>, Error> {
    todo!()
}
/// Removes a volume that no container uses.
pub fn remove(_engine: &Engine, _name: &str) -> Result<(), Error> {
    todo!()
}
