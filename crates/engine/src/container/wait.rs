//! `wait`: until a container is in a state.

use crate::{Engine, Error};
use std::time::Duration;

/// What to wait for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Condition {
    /// Made, never started.
    Created,
    /// Its first process runs.
    Running,
    /// Ended, cleaned up or not.
    Exited,
    /// Ended or never started.
    Stopped,
    /// Gone.
    Removing,
    /// Health check passed (waits for ever where there is none).
    Healthy,
    /// Health check failed.
    Unhealthy,
}

impl std::str::FromStr for Condition {
    type Err = Error;
    fn from_str(text: &str) -> Result<Condition, Error> {
        Ok(match text {
            "created" | "configured" => Condition::Created,
            "running" => Condition::Running,
            "exited" => Condition::Exited,
            "stopped" | "stopping" => Condition::Stopped,
            "removing" => Condition::Removing,
            "healthy" => Condition::Healthy,
            "unhealthy" => Condition::Unhealthy,
            _ => return Err(Error::Invalid(format!("unknown container state: {text}: invalid argument"))),
        })
    }
}

/// How to wait.
#[derive(Debug, Clone)]
pub struct WaitOptions {
    /// Any of these; empty: stopped or exited.
    pub conditions: Vec<Condition>,
    /// Where polling is needed.
    pub interval: Duration,
    /// A missing container gives -1.
    pub ignore: bool,
}

/// The exit code of the container's last run (-1 when it didn't end).
pub fn wait(_engine: &Engine, _name: &str, _options: &WaitOptions) -> Result<i32, Error> {
    todo!()
}
