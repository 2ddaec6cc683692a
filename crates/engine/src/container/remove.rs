//! `rm`.

use crate::{Engine, Error};

/// How to remove.
#[derive(Debug, Clone, Default)]
pub struct RemoveOptions {
    /// Also a running one: it is stopped first.
    pub force: bool,
    /// Also its anonymous volumes.
    pub volumes: bool,
    /// Also containers that depend on it.
    pub depend: bool,
    /// Seconds until SIGKILL when forced.
    pub timeout: Option<i64>,
    /// A missing container is no error.
    pub ignore: bool,
}

/// Removes one; returns the ids that went (several with `depend`; none when ignored).
pub fn remove(_engine: &Engine, _name: &str, _options: &RemoveOptions) -> Result<Vec<String>, Error> {
    todo!()
}
