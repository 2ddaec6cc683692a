//! How it ends and begins again (`--stop-signal`, `--stop-timeout`, `--restart`, `--rm`, `--timeout`).

use crate::{is_default, null_default};
use serde::{Deserialize, Serialize};

/// Wishes for the life.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Life {
    /// Number. `None`: the image's, else 15.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stop_signal: Option<i32>,
    /// Seconds. `None`: containers.conf.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stop_timeout: Option<u32>,
    /// Seconds the container may run; 0: no end.
    #[serde(skip_serializing_if = "is_default", deserialize_with = "null_default")]
    pub timeout: u32,
    /// `no`, `on-failure`, `always`, `unless-stopped`; empty: no.
    #[serde(skip_serializing_if = "is_default")]
    pub restart_policy: String,
    /// For `on-failure`; `None`: without end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub restart_tries: Option<u32>,
    /// `--rm`.
    #[serde(skip_serializing_if = "is_default", deserialize_with = "null_default")]
    pub remove: bool,
    /// `--rmi`.
    #[serde(rename = "removeImage", skip_serializing_if = "is_default", deserialize_with = "null_default")]
    pub remove_image: bool,
    /// `--pidfile`: gets the pid of the first process.
    #[serde(rename = "pidFile", skip_serializing_if = "is_default")]
    pub pid_file: String,
    /// `--conmon-pidfile`: gets the pid of the monitor.
    #[serde(rename = "conmon_pid_file", skip_serializing_if = "is_default")]
    pub monitor_pid_file: String,
}

/// When the monitor starts it again.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Restart {
    /// Never.
    #[default]
    No,
    /// After an exit code other than 0.
    OnFailure {
        /// `None`: without end.
        tries: Option<u32>,
    },
    /// Always, until stopped by command.
    Always,
    /// As always; also not after a boot when it was stopped.
    UnlessStopped,
}
