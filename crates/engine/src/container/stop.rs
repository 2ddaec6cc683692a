//! `stop`: the stop signal, then after the time limit SIGKILL.

use crate::{Engine, Error};

/// How to stop.
#[derive(Debug, Clone, Default)]
pub struct StopOptions {
    /// Seconds until SIGKILL; `None`: the container's own stop timeout. Negative (-1): for ever.
    pub timeout: Option<i64>,
    /// A missing container is no error.
    pub ignore: bool,
}

/// Stops one. A container that doesn't run is no error. Returns whether there was anything to stop.
pub fn stop(_engine: &Engine, _name: &str, _options: &StopOptions) -> Result<bool, Error> {
    todo!()
}

/// Stops several at once: as long as the slowest, not as long as all together. Results in the order of `names`.
pub fn stop_all(_engine: &Engine, _names: &[String], _options: &StopOptions) -> Vec<Result<bool, Error>> {
    todo!()
}
